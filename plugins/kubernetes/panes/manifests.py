"""YAML of rows: which object of the server a row stands for, and the rights that reading and editing it need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from console.plugin import Manifest, Right
from plugins.kubernetes.panes.later import ask

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Address:
    """Where an object is: API base (`/api/v1`, `/apis/apps/v1`), plural, name, namespace (or none), uid if known."""

    base: str
    plural: str
    name: str
    namespace: str = ""
    uid: str = ""

    @property
    def path(self) -> str:
        place = f"/namespaces/{self.namespace}" if self.namespace else ""
        return f"{self.base}{place}/{self.plural}/{self.name}"

    @property
    def group(self) -> str:
        """The API group, empty for the core."""
        return self.base.split("/")[2] if self.base.startswith("/apis/") else ""

    def right(self, verb: str, subresource: str = "") -> Right:
        """The permission to do `verb` with it."""
        plural = f"{self.plural}/{subresource}" if subresource else self.plural
        return Right(verb, plural, self.group, self.namespace)


CORE, APPS, BATCH = "/api/v1", "/apis/apps/v1", "/apis/batch/v1"
POLICY, STORAGE = "/apis/policy/v1", "/apis/storage.k8s.io/v1"
_KINDS = {
    "Deployment": (APPS, "deployments"),
    "ReplicaSet": (APPS, "replicasets"),
    "DaemonSet": (APPS, "daemonsets"),
    "StatefulSet": (APPS, "statefulsets"),
    "Job": (BATCH, "jobs"),
    "CronJob": (BATCH, "cronjobs"),
    "StrimziPodSet": ("/apis/core.strimzi.io/v1beta2", "strimzipodsets"),
}


def of_kind(kind: str, namespace: str, name: str, uid: str = "") -> Address:
    """The address of a workload or set."""
    base, plural = _KINDS[kind]
    return Address(base, plural, name, namespace, uid)


def manifest(address: Callable[[R], Address]) -> Manifest[R]:
    """The YAML ability of a pane whose rows stand for one object each."""
    read, write = ask("manifests:read"), ask("manifests:write")

    async def reading(client: Any, row: R, reveal: bool) -> str:  # noqa: FBT001 - the plugin API's signature
        return await read(client, address(row).path, reveal)

    async def writing(client: Any, row: R, text: str, dry_run: bool) -> str:  # noqa: FBT001
        return await write(client, address(row).path, text, dry_run)

    def rights(row: R) -> Sequence[Right]:
        return (address(row).right("update"),)

    return Manifest(read=reading, write=writing, rights=rights)
