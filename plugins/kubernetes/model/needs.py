"""What the console does on a cluster, as rights: the one table behind the preflight of runs, `doctor` and `setup`.

Owns which role needs which right. Tests hold it to what is really asked of a server. Asks nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from console.plugin import Right

APPS, BATCH, POLICY = "apps", "batch", "policy"
COORDINATION, METRICS = "coordination.k8s.io", "metrics.k8s.io"
NODE_LEASES, SYSTEM = "kube-node-lease", "kube-system"
MEDIK8S_LEASES = "medik8s-leases"

WATCHED = (
    ("nodes", ""),
    ("pods", ""),
    ("services", ""),
    ("events", ""),
    ("namespaces", ""),
    ("persistentvolumes", ""),
    ("persistentvolumeclaims", ""),
    ("statefulsets", APPS),
    ("deployments", APPS),
    ("daemonsets", APPS),
    ("jobs", BATCH),
    ("cronjobs", BATCH),
    ("poddisruptionbudgets", POLICY),
    ("storageclasses", "storage.k8s.io"),
    ("endpointslices", "discovery.k8s.io"),
    ("validatingwebhookconfigurations", "admissionregistration.k8s.io"),
    ("mutatingwebhookconfigurations", "admissionregistration.k8s.io"),
    ("strimzipodsets", "core.strimzi.io"),
    ("nodemaintenances", "nodemaintenance.medik8s.io"),
)
"""Kinds behind the panes (plural, group): listed, watched, and read one by one for their YAML."""
POLLED = (("nodes", METRICS), ("pods", METRICS))
SUMMARY = Right("get", "nodes/proxy")
"""Fill of disks, from the kubelets. It is in no role: it opens all that a kubelet serves, exec included."""


def _verbs(verbs: str, resource: str, group: str = "", namespace: str = "") -> Iterator[Right]:
    return (Right(verb, resource, group, namespace) for verb in verbs.split())


def _viewer(shared: str) -> Iterator[Right]:
    for resource, group in WATCHED:
        yield from _verbs("get list watch", resource, group)
    for resource, group in POLLED:
        yield from _verbs("list", resource, group)
    yield from _verbs("get list watch", "leases", COORDINATION, NODE_LEASES)
    yield from _verbs("list watch", "leases", COORDINATION, MEDIK8S_LEASES)
    yield from _verbs("get", "pods/log")
    yield from _verbs("get list", "configmaps", namespace=shared)
    yield from _verbs("get list", "leases", COORDINATION, shared)


def records(shared: str) -> tuple[Right, ...]:
    """What a run needs whatever it does: its journal and the record of changes, its leases, and Events on nodes."""
    verbs = "get list create update delete"
    return (
        *_verbs(verbs, "configmaps", namespace=shared),
        *_verbs(verbs, "leases", COORDINATION, shared),
        Right("create", "events", namespace="default"),
    )


def _operator(shared: str) -> Iterator[Right]:
    yield from records(shared)
    yield from _verbs("get patch", "nodes")
    yield from _verbs("get delete", "pods")
    yield from _verbs("create", "pods/eviction")
    yield from _verbs("create", "events")
    for resource in ("deployments", "statefulsets"):
        yield from _verbs("patch", resource, APPS)
        yield from _verbs("patch", f"{resource}/scale", APPS)
    yield from _verbs("patch", "daemonsets", APPS)


def _editor(_shared: str) -> Iterator[Right]:
    yield from _verbs("update", "nodes")
    yield from _verbs("update", "pods")
    yield from _verbs("update", "namespaces")
    yield from _verbs("update", "persistentvolumes")
    yield from _verbs("update", "statefulsets", APPS)
    for resource, group in (
        ("services", ""),
        ("persistentvolumeclaims", ""),
        ("deployments", APPS),
        ("daemonsets", APPS),
        ("jobs", BATCH),
        ("cronjobs", BATCH),
        ("poddisruptionbudgets", POLICY),
    ):
        yield from _verbs("update delete", resource, group)


def _shell(_shared: str) -> Iterator[Right]:
    yield from _verbs("get create", "pods/exec")  # servers ask for one or the other, by their age
    yield from _verbs("get create", "pods/portforward")


def _joiner(_shared: str) -> Iterator[Right]:
    yield from _verbs("get list watch create delete", "secrets", namespace=SYSTEM)
    yield from _verbs("get", "configmaps", namespace="kube-public")
    yield from _verbs("list", "certificatesigningrequests", "certificates.k8s.io")
    yield from _verbs("delete", "nodes")
    yield from _verbs("patch", "persistentvolumes")


_ROLES = {"viewer": _viewer, "operator": _operator, "editor": _editor, "shell": _shell, "joiner": _joiner}


def of_role(role: str, shared: str) -> tuple[Right, ...]:
    """The rights of a role (console.roles.ROLES), each once; `shared`: our own namespace.

    Raises KeyError for a role that is none.
    """
    return tuple(dict.fromkeys(_ROLES[role](shared)))


def covers(granted: Iterable[Right], wanted: Right) -> bool:
    """Whether one of `granted` allows `wanted`: a right without a namespace is one everywhere."""
    same = (wanted.verb, wanted.resource, wanted.group)
    return any(
        (one.verb, one.resource, one.group) == same and one.namespace in {"", wanted.namespace} for one in granted
    )
