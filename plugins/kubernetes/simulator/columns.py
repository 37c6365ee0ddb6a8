"""The cells of the server's tables, kind by kind. Pure functions of an entry and the time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from plugins.kubernetes.simulator.clock import seconds_of
from plugins.kubernetes.simulator.fields import child, rows, texts
from plugins.kubernetes.simulator.store import Entry

Object = dict[str, Any]
Cell = str | int | bool
_NONE = "<none>"
YEAR = 365 * 86_400
COARSE_YEARS = 8
SHOWN_ENDPOINTS = 3


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its title, the cell of an entry at a time, and whether only wide output shows it."""

    title: str
    cell: Callable[[Entry, float], Cell]
    priority: int = 0
    type: str = "string"


def human(seconds: float) -> str:
    """An age as the server prints it: `5m12s`, `3h4m`, `2d`."""
    whole = int(seconds)
    for limit, coarse, fine in (
        (120, 1, 0),
        (600, 60, 1),
        (10_800, 60, 0),
        (28_800, 3600, 60),
        (172_800, 3600, 0),
        (691_200, 86_400, 3600),
    ):
        if whole < limit:
            unit = {1: "s", 60: "m", 3600: "h", 86_400: "d"}
            first, rest = divmod(max(whole, 0), coarse)
            tail = f"{rest // fine}{unit[fine]}" if fine and rest // fine else ""
            return f"{first}{unit[coarse]}{tail}"
    if whole < 2 * YEAR:
        return f"{whole // 86_400}d"
    years, rest = divmod(whole, YEAR)
    return f"{years}y{rest // 86_400}d" if rest // 86_400 and years < COARSE_YEARS else f"{years}y"


def since(text: str, now: float) -> str:
    """The age of a time that an object carries."""
    return human(now - seconds_of(text)) if text else "<unknown>"


def _name(entry: Entry, _: float) -> Cell:
    return entry.name


def _age(entry: Entry, now: float) -> Cell:
    return since(entry.meta.get("creationTimestamp", ""), now)


def _at(*path: str, default: Cell = _NONE) -> Callable[[Entry, float], Cell]:
    def cell(entry: Entry, _: float) -> Cell:
        at: Any = entry.body
        for part in path:
            at = at.get(part) if isinstance(at, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        return default if at is None or at == "" else at  # pyright: ignore[reportUnknownVariableType]

    return cell


NAME, AGE = Column("Name", _name), Column("Age", _age)


def _containers(entry: Entry, _: float, field: str) -> str:
    spec = child(child(entry.spec, "template"), "spec")
    return ",".join(container[field] for container in rows(spec, "containers"))


def _selector(entry: Entry, _: float) -> Cell:
    chosen = child(entry.spec, "selector")
    pairs = texts(chosen, "matchLabels") or {key: str(value) for key, value in chosen.items()}
    return ",".join(f"{key}={value}" for key, value in sorted(pairs.items())) or _NONE


_CONTAINERS = Column("Containers", lambda entry, now: _containers(entry, now, "name"), 1)
_IMAGES = Column("Images", lambda entry, now: _containers(entry, now, "image"), 1)
_SELECTOR = Column("Selector", _selector, 1)


def _out_of(entry: Entry, have: str, want: str = "replicas") -> str:
    return f"{entry.status.get(have, 0)}/{entry.spec.get(want, 0)}"


def _pod_status(entry: Entry) -> str:
    if entry.deleting:
        return "Unknown" if entry.status.get("reason") == "NodeLost" else "Terminating"
    status = entry.status.get("reason") or entry.status.get("phase", "Unknown")
    for item in rows(entry.status, "containerStatuses"):
        for state in ("waiting", "terminated"):
            reason = child(child(item, "state"), state).get("reason")
            if reason:
                return reason
    return status


def _pod_ready(entry: Entry, _: float) -> Cell:
    ready = sum(bool(item.get("ready")) for item in rows(entry.status, "containerStatuses"))
    return f"{ready}/{len(entry.spec.get('containers') or ())}"


def _restarts(entry: Entry, now: float) -> Cell:
    statuses = rows(entry.status, "containerStatuses")
    total = sum(item.get("restartCount", 0) for item in statuses)
    ends: list[str] = [child(child(item, "lastState"), "terminated").get("finishedAt", "") for item in statuses]
    last = max(ends, default="")
    return f"{total} ({since(last, now)} ago)" if total and last else str(total)


def _unset(_entry: Entry, _: float) -> Cell:
    return "<unset>"


def _gates(_entry: Entry, _: float) -> Cell:
    return _NONE


def _node_status(entry: Entry, _: float) -> Cell:
    ready = next((c for c in rows(entry.status, "conditions") if c["type"] == "Ready"), None)
    words = ["Unknown" if ready is None else "Ready" if ready["status"] == "True" else "NotReady"]
    return ",".join([*words, *(["SchedulingDisabled"] if entry.spec.get("unschedulable") else [])])


def _roles(entry: Entry, _: float) -> Cell:
    prefix = "node-role.kubernetes.io/"
    return ",".join(sorted(key[len(prefix) :] for key in entry.labels if key.startswith(prefix))) or _NONE


def _address(kind: str) -> Callable[[Entry, float], Cell]:
    def cell(entry: Entry, _: float) -> Cell:
        return next((a["address"] for a in rows(entry.status, "addresses") if a["type"] == kind), _NONE)

    return cell


def _ports(entry: Entry, _: float) -> Cell:
    texts = [
        f"{port['port']}{':' + str(port['nodePort']) if port.get('nodePort') else ''}/{port.get('protocol', 'TCP')}"
        for port in rows(entry.spec, "ports")
    ]
    return ",".join(texts) or _NONE


def _external(entry: Entry, _: float) -> Cell:
    found = rows(child(entry.status, "loadBalancer"), "ingress")
    if found:
        return ",".join(item.get("ip") or item.get("hostname", "") for item in found)
    return "<pending>" if entry.spec.get("type") == "LoadBalancer" else _NONE


def _modes(entry: Entry, _: float) -> Cell:
    short = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}
    held = entry.status.get("accessModes") or (
        entry.spec.get("accessModes") if entry.kind.kind == "PersistentVolume" else ()
    )
    return ",".join(short[mode] for mode in held or ())


def _claim(entry: Entry, _: float) -> Cell:
    claim = entry.spec.get("claimRef")
    return f"{claim['namespace']}/{claim['name']}" if claim else ""


def _pdb(field: str) -> Callable[[Entry, float], Cell]:
    return lambda entry, _: str(entry.spec[field]) if field in entry.spec else "N/A"


def _job_status(entry: Entry, _: float) -> Cell:
    true = {c["type"] for c in rows(entry.status, "conditions") if c["status"] == "True"}
    return next((kind for kind in ("Complete", "Failed", "Suspended") if kind in true), "Running")


def _duration(entry: Entry, now: float) -> Cell:
    start, end = entry.status.get("startTime", ""), entry.status.get("completionTime", "")
    return human((seconds_of(end) if end else now) - seconds_of(start)) if start else ""


def _phase(entry: Entry, _: float) -> Cell:
    return "Terminating" if entry.deleting else entry.status.get("phase", "")


def _about(entry: Entry, _: float) -> Cell:
    subject = child(entry.body, "involvedObject")
    return f"{subject.get('kind', '').lower()}/{subject.get('name', '')}"


def _seen(entry: Entry, now: float) -> Cell:
    return since(entry.body.get("lastTimestamp") or entry.meta.get("creationTimestamp", ""), now)


def _endpoints(entry: Entry, _: float) -> Cell:
    pairs = [
        f"{address['ip']}:{port['port']}"
        for subset in rows(entry.body, "subsets")
        for port in rows(subset, "ports")
        for address in rows(subset, "addresses")
    ]
    more = f" + {len(pairs) - SHOWN_ENDPOINTS} more..." if len(pairs) > SHOWN_ENDPOINTS else ""
    return ",".join(pairs[:SHOWN_ENDPOINTS]) + more if pairs else _NONE


def _count(field: str) -> Callable[[Entry, float], Cell]:
    return lambda entry, _: len(entry.body.get(field) or ())


def _info(field: str) -> Callable[[Entry, float], Cell]:
    return _at("status", "nodeInfo", field, default="<unknown>")


COLUMNS: dict[str, tuple[Column, ...]] = {
    "": (NAME, AGE),
    "pods": (
        NAME,
        Column("Ready", _pod_ready),
        Column("Status", lambda entry, _: _pod_status(entry)),
        Column("Restarts", _restarts),
        AGE,
        Column("IP", _at("status", "podIP"), 1),
        Column("Node", _at("spec", "nodeName"), 1),
        Column("Nominated Node", _at("status", "nominatedNodeName"), 1),
        Column("Readiness Gates", _gates, 1),
    ),
    "nodes": (
        NAME,
        Column("Status", _node_status),
        Column("Roles", _roles),
        AGE,
        Column("Version", _info("kubeletVersion")),
        Column("Internal-IP", _address("InternalIP"), 1),
        Column("External-IP", _address("ExternalIP"), 1),
        Column("OS-Image", _info("osImage"), 1),
        Column("Kernel-Version", _info("kernelVersion"), 1),
        Column("Container-Runtime", _info("containerRuntimeVersion"), 1),
    ),
    "namespaces": (NAME, Column("Status", _phase), AGE),
    "services": (
        NAME,
        Column("Type", _at("spec", "type")),
        Column("Cluster-IP", _at("spec", "clusterIP")),
        Column("External-IP", _external),
        Column("Port(s)", _ports),
        AGE,
        _SELECTOR,
    ),
    "endpoints": (NAME, Column("Endpoints", _endpoints), AGE),
    "deployments": (
        NAME,
        Column("Ready", lambda e, _: _out_of(e, "readyReplicas")),
        Column("Up-to-date", _at("status", "updatedReplicas", default=0), type="integer"),
        Column("Available", _at("status", "availableReplicas", default=0), type="integer"),
        AGE,
        _CONTAINERS,
        _IMAGES,
        _SELECTOR,
    ),
    "replicasets": (
        NAME,
        Column("Desired", _at("spec", "replicas", default=0), type="integer"),
        Column("Current", _at("status", "replicas", default=0), type="integer"),
        Column("Ready", _at("status", "readyReplicas", default=0), type="integer"),
        AGE,
        _CONTAINERS,
        _IMAGES,
        _SELECTOR,
    ),
    "statefulsets": (NAME, Column("Ready", lambda e, _: _out_of(e, "readyReplicas")), AGE, _CONTAINERS, _IMAGES),
    "daemonsets": (
        NAME,
        *(
            Column(title, _at("status", field, default=0), type="integer")
            for title, field in (
                ("Desired", "desiredNumberScheduled"),
                ("Current", "currentNumberScheduled"),
                ("Ready", "numberReady"),
                ("Up-to-date", "updatedNumberScheduled"),
                ("Available", "numberAvailable"),
            )
        ),
        Column("Node Selector", _gates),
        AGE,
        _CONTAINERS,
        _IMAGES,
        _SELECTOR,
    ),
    "jobs": (
        NAME,
        Column("Status", _job_status),
        Column("Completions", lambda e, _: _out_of(e, "succeeded", "completions")),
        Column("Duration", _duration),
        AGE,
        _CONTAINERS,
        _IMAGES,
        _SELECTOR,
    ),
    "poddisruptionbudgets": (
        NAME,
        Column("Min Available", _pdb("minAvailable")),
        Column("Max Unavailable", _pdb("maxUnavailable")),
        Column("Allowed Disruptions", _at("status", "disruptionsAllowed", default=0), type="integer"),
        AGE,
    ),
    "persistentvolumes": (
        NAME,
        Column("Capacity", _at("spec", "capacity", "storage")),
        Column("Access Modes", _modes),
        Column("Reclaim Policy", _at("spec", "persistentVolumeReclaimPolicy")),
        Column("Status", _phase),
        Column("Claim", _claim),
        Column("StorageClass", _at("spec", "storageClassName", default="")),
        Column("VolumeAttributesClass", _unset),
        Column("Reason", _at("status", "reason", default="")),
        AGE,
        Column("VolumeMode", _at("spec", "volumeMode"), 1),
    ),
    "persistentvolumeclaims": (
        NAME,
        Column("Status", _phase),
        Column("Volume", _at("spec", "volumeName", default="")),
        Column("Capacity", _at("status", "capacity", "storage", default="")),
        Column("Access Modes", _modes),
        Column("StorageClass", _at("spec", "storageClassName", default="")),
        Column("VolumeAttributesClass", _unset),
        AGE,
        Column("VolumeMode", _at("spec", "volumeMode"), 1),
    ),
    "storageclasses": (
        NAME,
        Column("Provisioner", _at("provisioner")),
        Column("ReclaimPolicy", _at("reclaimPolicy")),
        Column("VolumeBindingMode", _at("volumeBindingMode")),
        Column("AllowVolumeExpansion", _at("allowVolumeExpansion", default=False)),
        AGE,
    ),
    "configmaps": (NAME, Column("Data", _count("data"), type="integer"), AGE),
    "secrets": (NAME, Column("Type", _at("type")), Column("Data", _count("data"), type="integer"), AGE),
    "serviceaccounts": (NAME, Column("Secrets", _count("secrets"), type="integer"), AGE),
    "events": (
        Column("Last Seen", _seen),
        Column("Type", _at("type")),
        Column("Reason", _at("reason")),
        Column("Object", _about),
        Column("Subobject", _at("involvedObject", "fieldPath", default=""), 1),
        Column("Source", _at("source", "component", default=""), 1),
        Column("Message", _at("message")),
        Column("First Seen", _age, 1),
        Column("Count", _at("count", default=1), 1),
        Column("Name", _name, 1),
    ),
    "leases": (NAME, Column("Holder", _at("spec", "holderIdentity")), AGE),
    "endpointslices": (NAME, Column("AddressType", _at("addressType")), AGE),
    "customresourcedefinitions": (NAME, Column("Created At", _at("metadata", "creationTimestamp"))),
    "mutatingwebhookconfigurations": (NAME, Column("Webhooks", _count("webhooks"), type="integer"), AGE),
    "validatingwebhookconfigurations": (NAME, Column("Webhooks", _count("webhooks"), type="integer"), AGE),
    "controllerrevisions": (
        NAME,
        Column(
            "Controller",
            lambda e, _: next(
                (f"{r['kind'].lower()}.apps/{r['name']}" for r in rows(e.meta, "ownerReferences")), _NONE
            ),
        ),
        Column("Revision", _at("revision", default=0), type="integer"),
        AGE,
    ),
    "cronjobs": (
        NAME,
        Column("Schedule", _at("spec", "schedule")),
        Column("Suspend", _at("spec", "suspend", default=False)),
        Column("Active", lambda e, _: len(rows(e.status, "active")), type="integer"),
        Column("Last Schedule", _at("status", "lastScheduleTime")),
        AGE,
    ),
    "strimzipodsets": (
        NAME,
        Column("Pods", _at("status", "pods", default=0), type="integer"),
        Column("Ready Pods", _at("status", "readyPods", default=0), type="integer"),
        Column("Current Pods", _at("status", "currentPods", default=0), type="integer"),
        AGE,
    ),
}
