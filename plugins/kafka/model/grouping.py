"""Groups as rows: where each stands on its partitions, and the verdict over the window. Pure but for History."""

from __future__ import annotations

from collections.abc import Mapping

from plugins.kafka.history import History
from plugins.kafka.lag import Standing, catch_up, judged, rates, worst
from plugins.kafka.model.rows import Group, GroupMember, Place
from plugins.kafka.model.wire import TP, Listed

Described = tuple[str, str, tuple[GroupMember, ...], dict[TP, str]]


def group(  # noqa: PLR0913 - a group comes from four answers and the past
    one: Listed,
    coordinator: int,
    described: Described | None,
    *,
    offsets: Mapping[TP, tuple[int, int]],
    ends: Mapping[TP, int],
    past: tuple[History, float],
) -> Group:
    """One row. `offsets`: committed and error code by partition; `past`: the windows, and the time of this poll."""
    state, protocol, members, owners = described or (one.state, "", None, {})
    history, at = past
    places: list[Place] = []
    consumed = produced = 0.0
    known = False
    for place in sorted(offsets):
        committed, code = offsets[place]
        end = ends.get(place)
        standing = Standing.UNKNOWN
        if committed >= 0 and end is not None and not code:
            window = history.window(one.name, place, at, committed=committed, end=end)
            standing = judged(window, members=_attending(state, members))
            flow = rates(window)
            if flow is not None:
                known, consumed, produced = True, consumed + flow[0], produced + flow[1]
        elif committed < 0:
            standing = Standing.OK  # nothing was ever committed here: there is no lag to speak of
        error = f"error {code}" if code else "" if end is not None else "its leader did not answer"
        places.append(Place(*place, committed, end, standing, owners.get(place, ""), error))
    lags = [lag for row in places if (lag := row.lag) is not None]
    behind = sum(lags) if lags or not places else None
    return Group(
        name=one.name,
        state=state or one.state,
        kind=one.kind,
        protocol=protocol,
        coordinator=coordinator,
        members=members,
        places=tuple(places),
        behind=behind,
        worst=max(lags, default=None if places else 0),
        consumed=consumed if known else None,
        produced=produced if known else None,
        eta=catch_up(behind or 0, consumed, produced) if known or behind == 0 else None,
        standing=worst(row.standing for row in places),
    )


def _attending(state: str, members: tuple[GroupMember, ...] | None) -> int:
    """How many are in the group, as far as it matters: an empty one has none, else at least one where nobody counts."""
    if state in {"Empty", "Dead"}:
        return 0
    return len(members) if members is not None else 1
