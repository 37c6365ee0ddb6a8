"""What a platform tells the systems that stand on it: their sets of servers, secrets, and how their tools are run.

A system never imports the platform: it gets a `Platform` in `search` and in `Reach`. Every call goes to the platform's
API now; who wants to remember does it. All raise console.errors, Forbidden with the right that is missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct

from console.model import NodeName, Ref
from console.plugin.panes import Stream


class Container(Struct, frozen=True):
    """One container of a server: `ports` by number, `env` with literal values only."""

    name: str
    image: str = ""
    ports: tuple[int, ...] = ()
    env: Mapping[str, str] = {}


class ServerSet(Struct, frozen=True):
    """Servers of one kind with stable names: a StatefulSet, a StrimziPodSet, or a Deployment's pods without them.

    `kind` is the platform's word; `service` gives its servers their in-cluster names (`NAME.SERVICE.NAMESPACE.svc`),
    empty where they have none. `replicas` are wanted, not counted.
    """

    namespace: str
    name: str
    kind: str
    labels: Mapping[str, str] = {}
    annotations: Mapping[str, str] = {}
    selector: str = ""
    service: str = ""
    replicas: int = 0
    containers: tuple[Container, ...] = ()

    @property
    def ports(self) -> frozenset[int]:
        """All ports of all containers."""
        return frozenset(port for container in self.containers for port in container.ports)


class Server(Struct, frozen=True):
    """One server of a set as the platform sees it; `host` is its name for `dial`, `address` empty until it has one."""

    pod: Ref
    node: NodeName
    host: str
    address: str = ""
    ready: bool = False
    labels: Mapping[str, str] = {}
    containers: tuple[Container, ...] = ()
    started_at: float = 0.0


class Ran(Struct, frozen=True):
    """How a command in a server ended: its exit code and what it printed (raw, not cleaned)."""

    code: int
    out: bytes
    err: bytes


class Resource(Struct, frozen=True):
    """A kind of custom resource: `Resource("kafka.strimzi.io", "v1beta2", "kafkatopics")`."""

    group: str
    version: str
    plural: str


class Platform(Protocol):
    """See the module. Built on the platform's own client; reading a secret or running a command needs its right."""

    async def sets(self) -> Sequence[ServerSet]:
        """Every set that may be seen, in all namespaces, or in those that are allowed."""
        ...

    async def servers(self, of: ServerSet) -> Sequence[Server]:
        """The servers of a set that exist now, by name."""
        ...

    async def secret(self, namespace: str, name: str) -> Mapping[str, bytes]:
        """The decoded values of a Secret. Raises NotFound, Forbidden."""
        ...

    async def settings(self, namespace: str, name: str) -> Mapping[str, str]:
        """The texts of a ConfigMap. Raises NotFound, Forbidden."""
        ...

    async def resources(self, kind: Resource, namespace: str = "") -> Sequence[Mapping[str, Any]]:
        """Custom resources as the API gives them; raises NotFound where the kind is not installed."""
        ...

    async def amend(self, kind: Resource, namespace: str, name: str, change: Mapping[str, Any]) -> None:
        """A merge patch of a custom resource, or of a pod or set with kind (`""`, `v1`, `pods`)."""
        ...

    async def run(
        self, pod: Ref, command: Sequence[str], *, container: str = "", stdin: bytes = b"", within: float = 30.0
    ) -> Ran:
        """A command in a container (the first, where none is named), to its end. `within`: seconds."""
        ...

    async def dial(self, host: str, port: int) -> Stream:
        """One connection to an in-cluster name (`Server.host`, a service's name) or an address; no DNS is asked."""
        ...
