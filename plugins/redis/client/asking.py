"""What one server or Sentinel is asked in a cycle, and in which words: one round trip, or two for a Sentinel.

Since Redis 7 `INFO` takes several sections; before, the whole is asked. What a server can is asked of it, and
remembered until it fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from console.errors import BadAnswer, ConsoleError, Rejected, SourceError
from plugins.redis.client.link import Link
from plugins.redis.model import sentinel
from plugins.redis.model.combine import Believed, Told
from plugins.redis.model.info import info, number
from plugins.redis.model.rows import Seat, Slow
from plugins.redis.model.sentinel import Known, View
from plugins.redis.model.slow import entry

_SECTIONS = ("server", "clients", "memory", "persistence", "stats", "replication", "keyspace")
_SELDOM = 60.0
_LISTS, _FEW = 15.0, 4
"""Seconds after which a Sentinel of many masters is asked anew whom it knows; one of a few is asked each cycle."""
_SLOWEST = "64"


@dataclass(slots=True)
class Memory:
    """What need not be asked again each cycle of one place."""

    several: bool = True
    """Whether its `INFO` takes several sections."""
    least: int | None = None
    least_at: float = float("-inf")
    id: str = ""
    views: dict[str, tuple[float, View]] = field(default_factory=dict[str, tuple[float, View]])


def why(error: ConsoleError) -> str:
    """A problem as a row tells it: what, then what to do. The row says where."""
    return f"{error.what}; {error.next_step}" if error.next_step else error.what


async def told(link: Link, seat: Seat, memory: Memory, now: float) -> Told:
    """One server. Failure is a value: its row says so, and the others stay."""
    try:
        commands: list[Sequence[str]] = [("INFO", *_SECTIONS) if memory.several else ("INFO",)]
        seldom = now - memory.least_at >= _SELDOM
        if seldom:
            commands.append(("CONFIG", "GET", "min-replicas-to-write"))
        answers = await link.ask_all(commands)
        if isinstance(answers[0], Rejected) and memory.several:
            memory.several = False
            answers[0] = await link.ask("INFO")
        if isinstance(answers[0], SourceError):
            raise answers[0]
        if seldom:
            config = answers[1]
            given = sentinel.fields(config).get("min-replicas-to-write")  # a refusal is no list: nothing is known
            memory.least, memory.least_at = number(given), now
        found = info(_text(answers[0]))
        if not found.role:
            raise BadAnswer("INFO without a role", where=link.where)
    except ConsoleError as error:
        memory.several = True  # another version may come back
        return Told(seat, problem=why(error))
    if found.mode == "sentinel":
        return Told(seat, problem="a Sentinel answers here, no server")
    return Told(seat, found, least=memory.least)


async def believed(link: Link, seat: Seat, memory: Memory, now: float) -> Believed:
    """One Sentinel: its masters at once, then what it can reach, and whom it knows where that may have changed."""
    try:
        masters, server = await link.ask_all([("SENTINEL", "MASTERS"), ("INFO",)])
        if isinstance(masters, Rejected):
            raise Rejected("a server answers here, no Sentinel", where=link.where)
        if isinstance(masters, SourceError):
            raise masters
        views = [sentinel.view(one) for one in masters]
        commands: list[Sequence[str]] = [("SENTINEL", "PENDING-SCRIPTS")]
        anew = [view for view in views if len(views) <= _FEW or _changed(view, memory, now)]
        commands += [("SENTINEL", "CKQUORUM", view.master) for view in views]
        for view in anew:
            commands += [("SENTINEL", "SLAVES", view.master), ("SENTINEL", "SENTINELS", view.master)]
        pending, *rest = await link.ask_all(commands)
    except ConsoleError as error:
        memory.views.clear()
        return Believed(seat, memory.id, problem=why(error))
    lists = rest[len(views) :]
    for place, view in enumerate(anew):
        known = replace(view, replicas=_known(lists[2 * place]), sentinels=_known(lists[2 * place + 1]))
        memory.views[view.master] = (now, known)
    said = info("") if isinstance(server, SourceError) else info(_text(server))
    memory.id = said.run_id or memory.id
    complete = tuple(
        _complete(view, answer, memory.views[view.master][1]) for view, answer in zip(views, rest, strict=False)
    )
    tilt = not isinstance(server, SourceError) and "sentinel_tilt:1" in _text(server)
    return Believed(seat, memory.id, complete, pending=_count(pending), tilt=tilt)


def _changed(view: View, memory: Memory, now: float) -> bool:
    at, before = memory.views.get(view.master, (0.0, None))
    return before is None or before.fingerprint != view.fingerprint or now - at >= _LISTS


def _complete(view: View, answer: Any, known: View) -> View:
    """CKQUORUM answers its `no` as an error; another error is no answer at all."""
    refused = isinstance(answer, SourceError)
    text = answer.what if isinstance(answer, SourceError) else sentinel.text(answer)
    ok = None if refused and not text.startswith(("NOQUORUM", "NOAUTH")) else not refused
    return replace(view, replicas=known.replicas, sentinels=known.sentinels, quorum_ok=ok, quorum_text=text)


def _known(answer: Any) -> tuple[Known, ...] | None:
    return None if isinstance(answer, SourceError) else tuple(sentinel.known(one) for one in answer)


def _count(answer: Any) -> int | None:
    return len(answer) if isinstance(answer, list) else None  # pyright: ignore[reportUnknownArgumentType]


async def slow_of(link: Link, seat: Seat) -> Iterable[Slow]:
    """The newest entries of its slow log."""
    answer = await link.ask("SLOWLOG", "GET", _SLOWEST)
    if not isinstance(answer, list):
        raise BadAnswer("SLOWLOG is no list", where=link.where)
    found = (entry(one, seat.name, seat.node) for one in answer)  # pyright: ignore[reportUnknownVariableType]
    return [one for one in found if one is not None]


def _text(answer: Any) -> str:
    return answer.decode("utf-8", "replace") if isinstance(answer, bytes) else str(answer)
