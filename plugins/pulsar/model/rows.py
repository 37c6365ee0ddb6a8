"""Rows of everything that is not a topic: tenants, namespaces, brokers, bundles, bookies, ledgers, manager.

`fault` says why a row is not known: unknown is None, never zero. Names of pods and nodes are the platform's.
"""

from __future__ import annotations

import msgspec

from plugins.pulsar.model.wire import BundleLoad, Isolation, LoadReport, Policies


class TenantRow(msgspec.Struct, frozen=True):
    """One tenant. `namespaces` None: they could not be listed."""

    name: str
    roles: tuple[str, ...] | None = None
    clusters: tuple[str, ...] | None = None
    namespaces: int | None = None
    fault: str = ""


class NamespaceRow(msgspec.Struct, frozen=True):
    """One namespace with its policies (None: not read yet) and what its loaded topics sum up to."""

    name: str
    policies: Policies | None = None
    topics: int | None = None
    backlog: int | None = None
    storage: int | None = None
    rate_in: float | None = None
    rate_out: float | None = None
    isolation: tuple[tuple[str, Isolation], ...] | None = None
    """The cluster's isolation policies that name it, by their names; None: they could not be asked."""
    fault: str = ""

    @property
    def tenant(self) -> str:
        return self.name.partition("/")[0]


class BrokerRow(msgspec.Struct, frozen=True):
    """One broker. `id` is its address in the cluster's list; `listed`, `ready`, `leader` None: could not be asked."""

    name: str
    id: str = ""
    url: str = ""
    pod: str = ""
    namespace: str = ""
    node: str = ""
    listed: bool | None = None
    ready: bool | None = None
    leader: bool | None = None
    load: LoadReport | None = None
    fault: str = ""


class BundleRow(msgspec.Struct, frozen=True):
    """One bundle: a slice of a namespace's topics that one broker owns. `load` None: not reported yet."""

    name: str
    broker: str
    load: BundleLoad | None = None

    @property
    def namespace(self) -> str:
        return self.name.rpartition("/")[0]

    @property
    def range(self) -> str:
        return self.name.rpartition("/")[2]


class BookieRow(msgspec.Struct, frozen=True):
    """One bookie. `mode`: `rw`, `ro`, `away` (known to the cluster, not registered) or empty (could not be asked)."""

    name: str
    id: str = ""
    url: str = ""
    pod: str = ""
    namespace: str = ""
    node: str = ""
    mode: str = ""
    running: bool | None = None
    free: int | None = None
    total: int | None = None
    ledgers: int | None = None
    rack: str = ""
    auditor: bool | None = None
    recovery: bool | None = None
    """Whether autorecovery is on, in the whole cluster."""
    delay: int | None = None
    """Seconds before a lost bookie's ledgers are copied, in the whole cluster."""
    fault: str = ""


class LedgerRow(msgspec.Struct, frozen=True):
    """A ledger that has too few copies, and the bookies that are missing."""

    id: int
    missing: tuple[str, ...] = ()


class ManagerRow(msgspec.Struct, frozen=True):
    """Pulsar Manager: whether it answers."""

    name: str
    url: str
    pod: str = ""
    namespace: str = ""
    node: str = ""
    up: bool | None = None
    fault: str = ""
