"""The cells of the server's tables. Pure functions of an entry and the time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from plugins.kubernetes.simulator.clock import seconds_of
from plugins.kubernetes.simulator.fields import child, rows, texts
from plugins.kubernetes.simulator.store import Entry

Object = dict[str, Any]
Cell = str | int | bool
NONE = "<none>"
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


def name(entry: Entry, _: float) -> Cell:
    """The name."""
    return entry.name


def age(entry: Entry, now: float) -> Cell:
    """How old it is."""
    return since(entry.meta.get("creationTimestamp", ""), now)


def at(*path: str, default: Cell = NONE) -> Callable[[Entry, float], Cell]:
    """The value at a path of the object."""

    def cell(entry: Entry, _: float) -> Cell:
        found: Any = entry.body
        for part in path:
            found = cast("Object", found).get(part) if isinstance(found, dict) else None
        return default if found is None or found == "" else found

    return cell


NAME, AGE = Column("Name", name), Column("Age", age)


def containers(entry: Entry, _: float, field: str) -> str:
    """A field of every container of the template."""
    spec = child(child(entry.spec, "template"), "spec")
    return ",".join(container[field] for container in rows(spec, "containers"))


def selector(entry: Entry, _: float) -> Cell:
    """The labels that it selects by."""
    chosen = child(entry.spec, "selector")
    pairs = texts(chosen, "matchLabels") or {key: str(value) for key, value in chosen.items()}
    return ",".join(f"{key}={value}" for key, value in sorted(pairs.items())) or NONE


CONTAINERS = Column("Containers", lambda entry, now: containers(entry, now, "name"), 1)
IMAGES = Column("Images", lambda entry, now: containers(entry, now, "image"), 1)
SELECTOR = Column("Selector", selector, 1)


def out_of(entry: Entry, have: str, want: str = "replicas") -> str:
    """Have out of want."""
    return f"{entry.status.get(have, 0)}/{entry.spec.get(want, 0)}"


def pod_status(entry: Entry) -> str:
    """The one word that says how a pod is."""
    if entry.deleting:
        return "Unknown" if entry.status.get("reason") == "NodeLost" else "Terminating"
    status = entry.status.get("reason") or entry.status.get("phase", "Unknown")
    for item in rows(entry.status, "containerStatuses"):
        for state in ("waiting", "terminated"):
            reason = child(child(item, "state"), state).get("reason")
            if reason:
                return reason
    return status


def pod_ready(entry: Entry, _: float) -> Cell:
    """Ready containers out of all."""
    ready = sum(bool(item.get("ready")) for item in rows(entry.status, "containerStatuses"))
    return f"{ready}/{len(entry.spec.get('containers') or ())}"


def restarts(entry: Entry, now: float) -> Cell:
    """How often, and when last."""
    statuses = rows(entry.status, "containerStatuses")
    total = sum(item.get("restartCount", 0) for item in statuses)
    ends: list[str] = [child(child(item, "lastState"), "terminated").get("finishedAt", "") for item in statuses]
    last = max(ends, default="")
    return f"{total} ({since(last, now)} ago)" if total and last else str(total)


def unset(_entry: Entry, _: float) -> Cell:
    """Nothing has any."""
    return "<unset>"


def gates(_entry: Entry, _: float) -> Cell:
    """Nothing has any."""
    return NONE


def node_status(entry: Entry, _: float) -> Cell:
    """Ready or not, and cordoned."""
    ready = next((c for c in rows(entry.status, "conditions") if c["type"] == "Ready"), None)
    words = ["Unknown" if ready is None else "Ready" if ready["status"] == "True" else "NotReady"]
    return ",".join([*words, *(["SchedulingDisabled"] if entry.spec.get("unschedulable") else [])])


def roles(entry: Entry, _: float) -> Cell:
    """The roles that its labels give."""
    prefix = "node-role.kubernetes.io/"
    return ",".join(sorted(key[len(prefix) :] for key in entry.labels if key.startswith(prefix))) or NONE


def address(kind: str) -> Callable[[Entry, float], Cell]:
    """The address of a kind."""

    def cell(entry: Entry, _: float) -> Cell:
        return next((a["address"] for a in rows(entry.status, "addresses") if a["type"] == kind), NONE)

    return cell


def ports(entry: Entry, _: float) -> Cell:
    """Ports with node ports and protocols."""
    texts = [
        f"{port['port']}{':' + str(port['nodePort']) if port.get('nodePort') else ''}/{port.get('protocol', 'TCP')}"
        for port in rows(entry.spec, "ports")
    ]
    return ",".join(texts) or NONE


def external(entry: Entry, _: float) -> Cell:
    """Where it is reached from outside."""
    found = rows(child(entry.status, "loadBalancer"), "ingress")
    if found:
        return ",".join(item.get("ip") or item.get("hostname", "") for item in found)
    return "<pending>" if entry.spec.get("type") == "LoadBalancer" else NONE


def modes(entry: Entry, _: float) -> Cell:
    """Access modes in short."""
    short = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}
    held = entry.status.get("accessModes") or (
        entry.spec.get("accessModes") if entry.kind.kind == "PersistentVolume" else ()
    )
    return ",".join(short[mode] for mode in held or ())


def claim(entry: Entry, _: float) -> Cell:
    """The claim that a volume is bound to."""
    claim = entry.spec.get("claimRef")
    return f"{claim['namespace']}/{claim['name']}" if claim else ""


def pdb(field: str) -> Callable[[Entry, float], Cell]:
    """A limit of a budget."""
    return lambda entry, _: str(entry.spec[field]) if field in entry.spec else "N/A"


def job_status(entry: Entry, _: float) -> Cell:
    """How a job ended, or that it runs."""
    true = {c["type"] for c in rows(entry.status, "conditions") if c["status"] == "True"}
    return next((kind for kind in ("Complete", "Failed", "Suspended") if kind in true), "Running")


def duration(entry: Entry, now: float) -> Cell:
    """How long a job took."""
    start, end = entry.status.get("startTime", ""), entry.status.get("completionTime", "")
    return human((seconds_of(end) if end else now) - seconds_of(start)) if start else ""


def phase(entry: Entry, _: float) -> Cell:
    """The phase, or that it is going."""
    return "Terminating" if entry.deleting else entry.status.get("phase", "")


def about(entry: Entry, _: float) -> Cell:
    """What an event is about."""
    subject = child(entry.body, "involvedObject")
    return f"{subject.get('kind', '').lower()}/{subject.get('name', '')}"


def seen(entry: Entry, now: float) -> Cell:
    """When an event was last seen."""
    body = entry.body
    last = child(body, "series").get("lastObservedTime") or body.get("lastTimestamp") or body.get("eventTime")
    return since(last or entry.meta.get("creationTimestamp", ""), now)


def source(entry: Entry, _: float) -> Cell:
    """Who saw it."""
    parts = (entry.body.get("reportingComponent", ""), entry.body.get("reportingInstance", ""))
    return child(entry.body, "source").get("component") or ", ".join(filter(None, parts))


def times(entry: Entry, _: float) -> Cell:
    """How often it was seen."""
    return child(entry.body, "series").get("count") or entry.body.get("count", 1)


def controller(entry: Entry, _: float) -> Cell:
    """What owns a revision."""
    owner = next(iter(rows(entry.meta, "ownerReferences")), None)
    return f"{owner['kind'].lower()}.apps/{owner['name']}" if owner else NONE


def slice_ports(entry: Entry, _: float) -> Cell:
    """The ports of a slice."""
    return ",".join(str(port["port"]) for port in rows(entry.body, "ports")) or "<unset>"


def slice_addresses(entry: Entry, _: float) -> Cell:
    """The addresses of a slice."""
    found = [address for point in rows(entry.body, "endpoints") for address in point["addresses"]]
    more = f" + {len(found) - SHOWN_ENDPOINTS} more..." if len(found) > SHOWN_ENDPOINTS else ""
    return ",".join(found[:SHOWN_ENDPOINTS]) + more if found else "<unset>"


def endpoints(entry: Entry, _: float) -> Cell:
    """The first addresses with ports."""
    pairs = [
        f"{address['ip']}:{port['port']}"
        for subset in rows(entry.body, "subsets")
        for port in rows(subset, "ports")
        for address in rows(subset, "addresses")
    ]
    more = f" + {len(pairs) - SHOWN_ENDPOINTS} more..." if len(pairs) > SHOWN_ENDPOINTS else ""
    return ",".join(pairs[:SHOWN_ENDPOINTS]) + more if pairs else NONE


def count(field: str) -> Callable[[Entry, float], Cell]:
    """How many entries a field has."""
    return lambda entry, _: len(entry.body.get(field) or ())


def info(field: str) -> Callable[[Entry, float], Cell]:
    """A field of the node's software."""
    return at("status", "nodeInfo", field, default="<unknown>")
