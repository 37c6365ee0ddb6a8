"""What stands against a failover or a reset now, as a sentence; None where nothing does. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from plugins.redis.model.rows import Master, Member, Opinion


def no_failover(row: Master) -> str | None:
    """Why a failover cannot be asked for."""
    if not row.sentinels:
        return "there is no Sentinel that could do it"
    if row.failover:
        return f"a failover is on its way: {row.failover}"
    if len(row.addresses) > 1:
        return f"the Sentinels name several masters: {', '.join(row.addresses)}"
    if row.good is None:
        return "no Sentinel told which replicas are good"
    if not row.good:
        return f"no good replica: {row.refusals[0] if row.refusals else 'none is known'}"
    return None


def no_reset(row: Opinion, opinions: Sequence[Opinion], master: Master | None, members: Sequence[Member]) -> str | None:
    """Why this Sentinel cannot be reset: one at a time, with everybody else there and of one mind."""
    view = row.view
    if view is None:
        return row.problem or "it watches no master"
    if any(sign in row.master for sign in "*?[]\\"):
        return "its master's name is a pattern, which would reset others too"
    if odd := sorted(view.flags - {"master"}):
        return f"the master is {', '.join(odd)}: what it knows is needed now"
    if view.failover and view.failover != "none":
        return f"a failover is on its way: {view.failover}"
    if master is not None and len(master.addresses) > 1:
        return "the Sentinels do not agree on the master"
    away = sorted(one.name for one in members if one.info is None or (one.role != "master" and one.info.link != "up"))
    if away:
        return f"{away[0]} is not in sync: a Sentinel that forgets it finds it again only when it is back"
    return _others(row, opinions)


def _others(row: Opinion, opinions: Sequence[Opinion]) -> str | None:
    """All others must know everybody: theirs are the eyes meanwhile."""
    same = [one for one in opinions if one.key != row.key and one.master in {row.master, ""}]
    for one in sorted(same, key=lambda one: one.key):
        if one.view is None:
            return f"{one.seat.name} does not answer: all others must watch meanwhile"
        if not one.view.quorum_ok:
            return f"{one.seat.name} has no quorum: {one.view.quorum_text}"
        if (one.view.others_known or 0) < len(same):
            return f"{one.seat.name} knows {one.view.others_known} of {len(same)} others: it was reset just now"
    return None
