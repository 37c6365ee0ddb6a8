"""What users really did to a cluster, by the API server's audit log: each effect in a word, when it was asked for.

A request that was granted and changed nothing is no effect: of nodes, volumes and leases the content is compared with
what it was before. Left out are records of what was done (journals, Events, who holds what) and questions about rights.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

Event = dict[str, Any]
_GRANTED = range(200, 300)
_REVIEWS = ("selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews")
_LEFT_OUT = frozenset({"configmaps", "events", "leases", *_REVIEWS})
_COMPARED = frozenset({"nodes", "persistentvolumes"})


@dataclass(frozen=True, slots=True)
class Effect:
    """One change: when it was asked for (epoch s), by whom, of what object, and what it is."""

    at: float
    user: str
    subject: str
    what: str


def effects(log: Iterable[Event], users: Collection[str]) -> list[Effect]:
    """What those users changed, oldest first."""
    granted = [event for event in log if _code(event) in _GRANTED and "dryRun=All" not in event["requestURI"]]
    compared = sorted((event for event in granted if _resource(event) in _COMPARED and _version(event)), key=_version)
    found = [*_changes(compared, users)]
    for event in granted:
        counted = _resource(event) not in _LEFT_OUT and not (_resource(event) in _COMPARED and _version(event))
        if counted and _user(event) in users:
            found.append(_effect(event, _other(event)))
    return sorted(found, key=lambda effect: effect.at)


def holders(log: Iterable[Event], lease: str) -> list[tuple[str, str]]:
    """Who held a lease one after the other, as user and holder; nobody is ("", "")."""
    writes = [event for event in log if _code(event) in _GRANTED and event["objectRef"].get("name") == lease]
    writes = [event for event in writes if _resource(event) == "leases" and "responseObject" in event]
    found: list[tuple[str, str]] = []
    for event in sorted(writes, key=_version):
        holder: str = event["responseObject"]["spec"].get("holderIdentity", "")
        now = (_user(event), holder) if holder else ("", "")
        if not found or found[-1][1] != now[1]:
            found.append(now)
    return found


def events(log: Iterable[Event], users: Collection[str], began: float, ended: float) -> int:
    """How many Events those users wrote in that time."""
    made = (event for event in log if _code(event) in _GRANTED and event["verb"] == "create" and _user(event) in users)
    return sum(_resource(event) == "events" and began <= _effect(event, "").at <= ended for event in made)


def between(found: Iterable[Effect], began: float, ended: float) -> Counter[str]:
    """How often each effect was had in that time."""
    return Counter(f"{each.subject}: {each.what}" for each in found if began <= each.at <= ended)


def cut_off(log: Iterable[Event], users: Collection[str]) -> Counter[str]:
    """Evictions that were neither granted nor refused, since who asked died meanwhile: they may have been done."""
    found = (event for event in log if event.get("objectRef", {}).get("subresource") == "eviction")
    found = (event for event in found if "requestObject" in event)  # else it was cut before it was read
    return Counter(_other(event) for event in found if _user(event) in users and _code(event) not in range(200, 499))


def asked_at(event: Event) -> float:
    """When it was asked for (epoch s)."""
    return datetime.fromisoformat(event["requestReceivedTimestamp"]).timestamp()


def _changes(events: Iterable[Event], users: Collection[str]) -> Iterator[Effect]:
    """Differences between one state of an object and the next, whoever made the state before."""
    known: dict[str, dict[str, str]] = {}
    for event in events:
        now = _state(event["responseObject"])
        before = known.get(_subject(event), {})
        known[_subject(event)] = now
        if _user(event) not in users:
            continue
        for key in sorted({*now, *before}):
            if key not in before:
                yield _effect(event, f"{key} is set")
            elif key not in now:
                yield _effect(event, f"{key} is removed")
            elif now[key] != before[key]:
                yield _effect(event, f"{key} is changed")


def _state(item: Event) -> dict[str, str]:
    """What people mean by the content of a node or volume, key by key."""
    meta, spec = item["metadata"], dict(item.get("spec") or {})
    told: dict[str, str] = {}
    for kind in ("label", "annotation"):
        values: dict[str, str] = meta.get(f"{kind}s") or {}
        told |= {f"{kind} {key}": value for key, value in values.items()}
    told |= {f"taint {each['key']}": str(each.get("value")) for each in spec.pop("taints", ())}
    return told | {f"spec.{key}": str(value) for key, value in spec.items() if value}


def _other(event: Event) -> str:
    about = event["objectRef"]
    if about.get("subresource") == "eviction":
        asked = cast("Event", event["requestObject"])  # missing: this lab was started with older rules of its log
        return f"evict {asked['deleteOptions']['preconditions']['uid']}"
    return event["verb"]


def _effect(event: Event, what: str) -> Effect:
    return Effect(
        datetime.fromisoformat(event["requestReceivedTimestamp"]).timestamp(), _user(event), _subject(event), what
    )


def _code(event: Event) -> int:
    status: Event = event.get("responseStatus") or {}
    return int(status.get("code", 0))


def _user(event: Event) -> str:
    return str(event["user"]["username"])


def _resource(event: Event) -> str:
    return str(event.get("objectRef", {}).get("resource", ""))


def _subject(event: Event) -> str:
    about = event["objectRef"]
    return "/".join(str(about[key]) for key in ("resource", "namespace", "name") if key in about)


def _version(event: Event) -> int:
    return int(event.get("responseObject", {}).get("metadata", {}).get("resourceVersion", 0))
