"""Where the API has an object, and the rights to it, in Kubernetes' own words."""

from __future__ import annotations

from msgspec import Struct

from console.plugin import Right


class Address(Struct, frozen=True):
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
