"""From what every server and Sentinel answered to rows. Pure: who is whom is decided by run ids, then by addresses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from console.model import NodeName
from plugins.redis.model.info import Info
from plugins.redis.model.rows import Master, Member, Opinion, Seat
from plugins.redis.model.sentinel import View, refused


class Told(Struct, frozen=True):
    """What one server answered; `least` is its `min-replicas-to-write`."""

    seat: Seat
    info: Info | None = None
    problem: str = ""
    least: int | None = None


class Believed(Struct, frozen=True):
    """What one Sentinel answered, for all masters that it watches."""

    seat: Seat
    id: str = ""
    views: tuple[View, ...] = ()
    problem: str = ""
    pending: int | None = None
    tilt: bool = False


class Survey(Struct, frozen=True):
    """One round of questions. `alone` names the group where there is no Sentinel."""

    servers: tuple[Told, ...] = ()
    sentinels: tuple[Believed, ...] = ()
    alone: str = ""


class Announced(Struct, frozen=True):
    """Who is who: the announced address, and the group, of a run id."""

    addresses: Mapping[str, str]
    groups: Mapping[str, str]
    seats: Mapping[str, Seat]
    """By announced address."""


def announced(survey: Survey, before: Announced | None = None) -> Announced:
    """What the Sentinels name, joined with the servers by run id; what was known before helps with silent ones."""
    addresses: dict[str, str] = {}
    groups: dict[str, str] = {}
    for view in views(survey):
        for run_id, address in _named(view):
            addresses[run_id] = address
            groups[run_id] = view.master
    seats = dict(before.seats) if before else {}
    for told in survey.servers:
        found = addresses.get(told.info.run_id) if told.info else None
        if found or all(seat.name != told.seat.name for seat in seats.values()):
            seats = {address: seat for address, seat in seats.items() if seat.name != told.seat.name}
            seats[found or told.seat.address] = told.seat
    return Announced(addresses, groups, seats)


def views(survey: Survey) -> list[View]:
    """Every Sentinel's view of every master."""
    return [view for one in survey.sentinels for view in one.views]


def _named(view: View) -> Iterable[tuple[str, str]]:
    yield view.run_id, view.address
    for replica in view.replicas or ():
        if replica.run_id:
            yield replica.run_id, replica.address


def members(survey: Survey, who: Announced) -> list[Member]:
    """One row a server, also where it is silent."""
    masters = {told.info.run_id: told for told in survey.servers if told.info and told.info.role == "master"}
    named = {view.address for view in views(survey)}
    by_seat = {seat.name: address for address, seat in who.seats.items()}
    feeds = {fed.address: (fed, told.info) for told in masters.values() if told.info for fed in told.info.fed}
    rows: list[Member] = []
    for told in survey.servers:
        address = by_seat.get(told.seat.name, told.seat.address)
        if told.info is not None:
            address = who.addresses.get(told.info.run_id, address)
        fed, master = feeds.get(address, (None, None))
        behind = fed is not None and master is not None and fed.offset is not None and master.offset is not None
        rows.append(
            Member(
                told.seat,
                address,
                master=_group(told, address, survey, who),
                info=told.info,
                problem=told.problem,
                lag=max(0, (master.offset or 0) - (fed.offset or 0)) if behind and master and fed else None,
                silent=fed.silent if fed else None,
                named_master=address in named,
                refused=_refused(survey, address),
                least_replicas=told.least,
            )
        )
    return rows


def _group(told: Told, address: str, survey: Survey, who: Announced) -> str:
    if told.info is not None and told.info.run_id in who.groups:
        return who.groups[told.info.run_id]
    found = [view.master for view in views(survey) if address in {where for _, where in _named(view)}]
    names = {view.master for view in views(survey)}
    if found:
        return found[0]
    return next(iter(names)) if len(names) == 1 else survey.alone


def _refused(survey: Survey, address: str) -> str:
    """Why a Sentinel would not choose it: the first that has a reason."""
    told = (refused(view, one) for view in views(survey) for one in view.replicas or () if one.address == address)
    return next((why for why in told if why), "")


def opinions(survey: Survey) -> list[Opinion]:
    """One row a Sentinel and master; one a Sentinel that does not answer, or watches nothing."""
    rows: list[Opinion] = []
    for one in survey.sentinels:
        row = Opinion(one.seat, one.id, None, one.problem, (), one.pending, one.tilt)
        if one.problem:
            names = sorted({view.master for view in views(survey)}) or [""]
            rows += [replace(row, watches=name) for name in names]
        elif not one.views:
            rows.append(replace(row, problem="it watches no master"))
        rows += [replace(row, view=view, differs=_differences(view, survey)) for view in one.views]
    return rows


def _differences(view: View, survey: Survey) -> tuple[str, ...]:
    """Where most of the others believe something else; what varies by nature (times) is not compared."""
    same = [other for other in views(survey) if other.master == view.master]
    found: list[str] = []
    for what, mine, all_of_them in (
        ("master at", view.address, [other.address for other in same]),
        ("quorum", view.quorum, [other.quorum for other in same]),
        ("replicas known", view.replicas_known, [other.replicas_known for other in same]),
        ("other Sentinels known", view.others_known, [other.others_known for other in same]),
        ("epoch", view.epoch, [other.epoch for other in same]),
    ):
        usual, count = Counter(all_of_them).most_common(1)[0]
        if mine != usual:
            found.append(f"{what} {mine}, {count} of {len(same)} say {usual}")
        elif len(set(all_of_them)) > 1 and count * 2 <= len(same):
            found.append(f"{what} {mine}, the others differ")
    return tuple(found)


def masters(survey: Survey, rows: Sequence[Member]) -> list[Master]:
    """One row a master group."""
    names = sorted({view.master for view in views(survey)})
    if not names and survey.servers and not survey.sentinels:
        return [_alone(survey, rows)]
    return [_master(name, survey, rows) for name in names]


def _alone(survey: Survey, rows: Sequence[Member]) -> Master:
    found = [row for row in rows if row.role == "master"]
    row = found[0] if found else None
    return Master(
        survey.alone,
        address=row.address if row else "",
        addresses=tuple(one.address for one in found),
        member=row.name if row else "",
        node=row.seat.node if row else NodeName(""),
        role=row.role if row else "",
        problem="" if row else "no server says that it is the master",
        quorum_text="there is no Sentinel: nothing fails over by itself",
        replicas=row.info.connected_replicas if row and row.info else None,
        good_replicas=row.info.good_replicas if row and row.info else None,
        least_replicas=row.least_replicas if row else None,
    )


def _master(name: str, survey: Survey, rows: Sequence[Member]) -> Master:
    same = [view for view in views(survey) if view.master == name]
    counted = Counter(view.address for view in same if view.address)
    address, agree = counted.most_common(1)[0] if counted else ("", 0)
    server = next((row for row in rows if row.address == address), None)
    worst = next((view for view in same if view.quorum_ok is False), None) or next(
        (view for view in same if view.quorum_ok), same[0]
    )
    told = [view for view in same if view.replicas is not None and view.address == address]
    good = [one.address for one in told[0].replicas or () if not any(_why(view, one.address) for view in told)]
    usable = [view.usable for view in same if view.usable is not None]
    return Master(
        name,
        address=address,
        addresses=tuple(sorted(counted)),
        member=server.name if server else "",
        node=server.seat.node if server else NodeName(""),
        role=server.role if server else "",
        problem=server.problem if server else "no server that is known answers at this address",
        flags=frozenset[str]().union(*(view.flags for view in same)),
        agree=agree,
        answered=len(same),
        sentinels=max(len(survey.sentinels), *(view.voters or 0 for view in same)),
        quorum=max((view.quorum for view in same if view.quorum is not None), default=None),
        usable=min(usable, default=None),
        quorum_ok=worst.quorum_ok,
        quorum_text=worst.quorum_text,
        epoch=max((view.epoch for view in same if view.epoch is not None), default=None),
        down_after=same[0].down_after / 1000,
        failover_timeout=same[0].failover_timeout / 1000,
        failover=next((view.failover for view in same if view.failover and view.failover != "none"), ""),
        replicas=max((view.replicas_known for view in same if view.replicas_known is not None), default=None),
        good=tuple(sorted(good)) if told else None,
        refusals=_refusals(told),
        good_replicas=server.info.good_replicas if server and server.info else None,
        least_replicas=server.least_replicas if server else None,
    )


def _why(view: View, address: str) -> str:
    return next((refused(view, one) for one in view.replicas or () if one.address == address), "")


def _refusals(told: Iterable[View]) -> tuple[str, ...]:
    """Each replica that would not be chosen, with the reason."""
    found = {one.address: why for view in told for one in view.replicas or () if (why := refused(view, one))}
    return tuple(f"{address}: {why}" for address, why in sorted(found.items()))
