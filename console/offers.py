"""What the kernel needs of a platform, as protocols: journal, leases, audit, rights, join tokens.

The kernel knows no system. The Kubernetes plugin implements them on ConfigMaps, Leases, Events and Secrets; tests do in
memory. Every write of journals and leases is a compare-and-swap on an opaque `version`; a lost race raises
errors.Conflict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from msgspec import Struct

from console.model import Ref
from console.plugin import Right


class Stored(Struct, frozen=True):
    """One stored journal: its text, and the version that the next write must name."""

    run: str
    text: str
    version: str
    changed_at: float = 0.0


class JournalStore(Protocol):
    """Journals of runs, one shared object each; bounded in size by the kernel."""

    async def create(self, run: str, text: str) -> Stored:
        """Raises Conflict where it exists."""
        ...

    async def read(self, run: str) -> Stored:
        """Raises NotFound."""
        ...

    async def write(self, stored: Stored, text: str) -> Stored:
        """Replace the text of exactly this version, else Conflict."""
        ...

    async def list(self) -> Sequence[Stored]: ...

    async def delete(self, run: str) -> None: ...


class LeaseRecord(Struct, frozen=True):
    """Who may act. `fencing` grows by one at each change of holder; `duration` in seconds; version "" = not there."""

    name: str
    holder: str
    fencing: int
    duration: float
    version: str = ""
    note: str = ""
    renewed_at: float = 0.0
    """By the holder's clock; shown to people, never used to judge expiry."""


class LeaseStore(Protocol):
    """Named leases, changed by compare-and-swap."""

    async def read(self, name: str) -> LeaseRecord | None: ...

    async def write(self, record: LeaseRecord) -> LeaseRecord:
        """Create (version "") or replace exactly `record.version`, else Conflict; returns it with the new version."""
        ...

    async def delete(self, record: LeaseRecord) -> None: ...

    async def list(self) -> Sequence[LeaseRecord]: ...


class Subjects(Struct, frozen=True):
    """Who gets a role; where nobody is named, the platform takes a group of its own for each."""

    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


class AuditEntry(Struct, frozen=True):
    """One change: when (epoch s), who (API identity and person), from where, what, on what, how it ended."""

    at: float
    identity: str
    person: str
    origin: str
    action: str
    subject: Ref
    outcome: str
    reason: str = ""
    run: str = ""


class AuditSink(Protocol):
    """The shared record of changes: bounded, readable by colleagues."""

    async def record(self, entry: AuditEntry) -> None: ...

    async def read(self) -> Sequence[AuditEntry]:
        """Newest first."""
        ...


class JoinToken(Struct, frozen=True):
    """With what a new node joins; `expires` in epoch seconds, None: never. Its secret is not in here."""

    id: str
    expires: float | None
    usages: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    description: str = ""


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that was just made: the only value that carries the secret, and it is not in its `repr`."""

    id: str
    expires: float
    text: str = field(repr=False)


class Tokens(Protocol):
    """Credentials with which new nodes join the platform. Who makes one passes the gate with the rights named here."""

    to_create: Sequence[Right]
    to_delete: Sequence[Right]

    async def list(self) -> Sequence[JoinToken]: ...

    async def create(self, expires: float, description: str) -> NewToken: ...

    async def join_command(self, token: str) -> str:
        """What to type on the node, once the platform would accept it there; it contains the secret."""
        ...

    async def delete(self, token: str) -> None:
        """Raises NotFound."""
        ...


class Rights(Protocol):
    """What the person may do."""

    async def missing(self, rights: Sequence[Right]) -> Sequence[Right]:
        """Those of `rights` that are not granted."""
        ...

    async def own(self) -> Sequence[Right]:
        """What every run needs, whatever it does: its journal, its leases, and the record of changes."""
        ...

    def role(self, rights: Sequence[Right]) -> str:
        """A ready Role or ClusterRole manifest that grants `rights`."""
        ...
