"""What the actions do. Each asks anew before it acts, and waits until what it began is true on every Sentinel."""

from __future__ import annotations

from collections.abc import Sequence

from console.errors import Conflict, NotFound, Rejected, ServerFault
from console.plugin import Act
from plugins.redis.client import Client
from plugins.redis.model import allowing, combine
from plugins.redis.model.combine import Survey
from plugins.redis.model.rows import Master, Member, Opinion

_LOOK_EVERY = 0.5
_FAILOVER_WITHIN = 60.0
_RESET_WITHIN = 60.0
"""Seconds; Sentinels greet each other every 2 s and ask the master for its replicas every 10 s."""


async def failover(act: Act, row: Master) -> str:
    """A Sentinel that does not stand with the master begins; done when all name the new one and it agrees."""
    client: Client = act.client
    _, members, before = await _now(client, row.name)
    if before.address != row.address:
        raise Conflict(f"the master is {_who(before)} already", where=row.name, next_step="look again")
    if why := allowing.no_failover(before):
        raise Rejected(why, where=row.name)
    opinions = combine.opinions(await client.round())
    chosen = _best(opinions, before)
    await (await client.link(chosen.seat, sentinel=True)).ask("SENTINEL", "FAILOVER", row.name)
    lags = ", ".join(f"{one.name} {one.lag} B behind" for one in members if one.lag is not None)
    was = f"{_who(before)}" + (f" ({lags})" if lags else "")
    ends = client.clock.monotonic() + _FAILOVER_WITHIN
    while True:
        await client.clock.sleep(_LOOK_EVERY)
        survey, members, after = await _now(client, row.name)
        if _moved(before, after, survey):
            old = next((one for one in members if one.address == before.address), None)
            rest = "a replica now" if old and old.role == "replica" else "not yet back as a replica"
            agreed = f"{after.agree} of {after.sentinels} Sentinels agree"
            return f"master was {was}, is {_who(after)}: {agreed}; the old one is {rest}"
        if client.clock.monotonic() >= ends:
            said = (
                f"{after.agree} of {after.sentinels} Sentinels name {after.address}, it says {after.role or 'nothing'}"
            )
            raise ServerFault(
                f"the failover was begun and is not finished after {_FAILOVER_WITHIN:.0f} s: {said}", where=row.name
            )


def _moved(before: Master, after: Master, survey: Survey) -> bool:
    """Every Sentinel that answers names one other address, and the server there is a master."""
    answering = sum(not one.problem for one in survey.sentinels)
    return (
        after.address != before.address
        and len(after.addresses) == 1
        and after.agree >= answering
        and after.role == "master"
        and not after.failover
    )


def _best(opinions: Sequence[Opinion], master: Master) -> Opinion:
    """A Sentinel that sees the master, rather not on its own pod or node."""
    seeing = [one for one in opinions if one.view is not None and one.view.address == master.address and not one.tilt]
    seeing = [one for one in seeing if one.master == master.name]
    if not seeing:
        raise Rejected("no Sentinel that answers can do it", where=master.name)
    return min(
        seeing, key=lambda one: (one.seat.name == master.member, bool(one.seat.node) and one.seat.node == master.node)
    )


async def reset(act: Act, row: Opinion) -> str:
    """This Sentinel forgets everybody; done when it has found all that are there again."""
    client: Client = act.client
    survey, members, master = await _now(client, row.master)
    opinions = combine.opinions(survey)
    mine = next((one for one in opinions if one.key == row.key), None)
    if mine is None or mine.view is None:
        raise NotFound(mine.problem if mine else "this Sentinel does not watch it any more", where=row.key)
    group = [one for one in members if one.master == row.master]
    if why := allowing.no_reset(mine, opinions, master, group):
        raise Rejected(why, where=row.seat.name)
    others = sum(one.master == row.master for one in opinions) - 1
    replicas = sum(one.role == "replica" for one in group)
    await (await client.link(row.seat, sentinel=True)).ask("SENTINEL", "RESET", row.master)
    ends = client.clock.monotonic() + _RESET_WITHIN
    while True:
        await client.clock.sleep(_LOOK_EVERY)
        now = next((one.view for one in combine.opinions(await client.round(fresh=True)) if one.key == row.key), None)
        have = (now.replicas_known or 0, now.others_known or 0) if now else (0, 0)
        if have[0] >= replicas and have[1] >= others:
            was = f"{mine.view.replicas_known} replicas and {mine.view.others_known} others"
            return f"it forgot {was}, and has found {have[0]} and {have[1]} again"
        if client.clock.monotonic() >= ends:
            raise ServerFault(
                f"it was reset and has found {have[0]} of {replicas} replicas and {have[1]} of {others} others again",
                where=row.seat.name,
                next_step="wait until it knows all of them before another is reset",
            )


async def _now(client: Client, name: str) -> tuple[Survey, list[Member], Master]:
    survey = await client.round(fresh=True)
    members = combine.members(survey, client.who(survey))
    found = next((one for one in combine.masters(survey, members) if one.name == name), None)
    if found is None:
        raise NotFound("no Sentinel that answers watches it", where=name)
    return survey, members, found


def _who(master: Master) -> str:
    return f"{master.member} ({master.address})" if master.member not in {"", master.address} else master.address
