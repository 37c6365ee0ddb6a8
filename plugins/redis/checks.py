"""What is wrong with Redis: pure functions of rows. Sources of the thresholds: docs/systems/redis.md."""

from __future__ import annotations

from collections.abc import Iterable

from console.format import duration, percent
from console.model import Finding, Ref, Severity
from console.plugin import Facts, Rule
from plugins.redis.model.rows import MASTERS, MEMBERS, OF_MASTER, OPINIONS, SENTINELS, Master, Member, Opinion

_FULL = 0.9
_LINK_DOWN = 10
_SILENT = 10.0
_COMES_BACK = 60
"""Seconds in which a former master that came back may still say that it is one."""
_SETTLES = 10_000


def _of(row: Master) -> Ref:
    return Ref("redis master", row.name)


def _at(row: Member) -> Ref:
    return Ref("redis", row.name, row.seat.pod.namespace if row.seat.pod else "")


def several(facts: Facts, row: Master, _now: float) -> Iterable[Finding]:
    """Two servers that take writes, or Sentinels that name different ones."""
    if len(row.addresses) > 1 and row.sentinels:
        evidence = tuple(f"{one.seat.name}: {one.view.address}" for one in facts.by(OPINIONS, row.name) if one.view)
        title = f"the Sentinels of {row.name} name {len(row.addresses)} masters"
        yield Finding(
            "redis.S11", Severity.CRITICAL, _of(row), title, evidence, "let the network heal; then one at a time: reset"
        )
    says = [one for one in facts.by(OF_MASTER, row.name) if one.role == "master" and one.info]
    old = [one for one in says if (one.info and (one.info.uptime or 0) >= _COMES_BACK) or one.named_master]
    if len(old) > 1 and not row.failover:
        evidence = tuple(f"{one.name} at offset {one.info.offset}" for one in old if one.info)
        yield Finding(
            "redis.S12",
            Severity.CRITICAL,
            _of(row),
            f"{len(old)} servers of {row.name} are masters: split brain",
            evidence,
            "the one that the Sentinels name stays; what the other wrote is lost when it becomes a replica",
        )


def masterless(facts: Facts, row: Master, _now: float) -> Iterable[Finding]:
    """The named server is a replica, or does not answer, and nobody takes over."""
    if row.role == "replica" and not row.failover:
        views = [one.view for one in facts.by(OPINIONS, row.name) if one.view]
        since = max((view.role_since for view in views if view.role_reported == "slave"), default=0)
        if not views or since > 1000 * row.down_after + _SETTLES:
            yield Finding(
                "redis.S13",
                Severity.CRITICAL,
                _of(row),
                f"{row.name} has no master: {row.member or row.address}, which the Sentinels name, is a replica",
                (f"for {duration(since / 1000)}",),
                "REPLICAOF NO ONE on the replica with the highest offset, then reset the Sentinels one by one",
                node=row.node,
            )
    elif not row.role and row.problem and not row.failover:
        evidence = (row.problem, *(f"flags {flag}" for flag in sorted(row.flags - {"master"})))
        title = f"the master of {row.name} does not answer"
        yield Finding("redis.S14", Severity.CRITICAL, _of(row), title, evidence, "look at its pod", node=row.node)


def quorum(_facts: Facts, row: Master, _now: float) -> Iterable[Finding]:
    """Whether a failover could be agreed on, now and after one more loss (S2 of the field guide)."""
    if not row.sentinels:
        return
    if row.quorum_ok is False:
        yield Finding(
            "redis.S2",
            Severity.HIGH,
            _of(row),
            f"{row.name} cannot fail over",
            (row.quorum_text,),
            "bring Sentinels back",
        )
    elif row.usable is not None and row.usable <= max(row.majority, row.quorum or 0) and row.sentinels > 1:
        title = f"{row.name} is one Sentinel from not being able to fail over"
        evidence = (f"{row.usable} of {row.sentinels} usable, {row.majority} elect",)
        yield Finding("redis.S2", Severity.HIGH, _of(row), title, evidence, "bring Sentinels back before anybody goes")


def replicas(_facts: Facts, row: Master, _now: float) -> Iterable[Finding]:
    """Whether anybody could take over, and whether writes are taken (S3)."""
    if row.sentinels and row.good == ():
        title = f"{row.name} has no replica that could take over"
        yield Finding("redis.S15", Severity.HIGH, _of(row), title, row.refusals, "mend the replicas' links first")
    good, least = row.good_replicas, row.least_replicas
    if least and good is not None and good < least:
        yield Finding(
            "redis.S3",
            Severity.CRITICAL,
            _of(row),
            f"{row.member or row.address} refuses writes: {good} good replicas, {least} are wanted",
            ("min-replicas-to-write",),
            "bring replicas back, or lower the setting",
            node=row.node,
        )


def member(_facts: Facts, row: Member, _now: float) -> Iterable[Finding]:
    """A server that is silent, out of sync, late, or cannot keep its data."""
    info = row.info
    if info is None:
        yield Finding(
            "redis.S16", Severity.HIGH, _at(row), f"{row.name} does not answer", (row.problem,), node=row.seat.node
        )
        return
    if info.role == "replica" and info.link == "down" and not info.syncing and (info.link_down or 0) > _LINK_DOWN:
        title = f"{row.name} is cut from its master"
        evidence = (f"for {duration(info.link_down or 0)}", f"it follows {info.master}")
        yield Finding("redis.S17", Severity.HIGH, _at(row), title, evidence, "look at its log", node=row.seat.node)
    elif row.silent is not None and row.silent > _SILENT:
        evidence = (f"{row.lag} bytes behind", f"last heard {row.silent:.0f} s ago")
        yield Finding("redis.S3", Severity.WARNING, _at(row), f"{row.name} lags", evidence, node=row.seat.node)
    failed = [
        (name, status) for name, status in (("rdb", info.rdb_status), ("aof", info.aof_status)) if status == "err"
    ]
    if failed:
        title = f"{row.name} cannot write its data to disk"
        evidence = tuple(f"last {name} write failed" for name, _ in failed)
        yield Finding("redis.S18", Severity.HIGH, _at(row), title, evidence, "look at its disk", node=row.seat.node)
    if info.loading:
        yield Finding("redis.S19", Severity.WARNING, _at(row), f"{row.name} loads its data", node=row.seat.node)


def room(_facts: Facts, row: Member, _now: float) -> Iterable[Finding]:
    """Memory and connections that run out."""
    info = row.info
    if info is None:
        return
    if info.memory is not None and info.max_memory and info.memory > _FULL * info.max_memory:
        evidence = (
            f"{percent(info.memory, info.max_memory)} of maxmemory, {info.policy}",
            f"{info.evicted} keys evicted",
        )
        yield Finding("redis.S20", Severity.HIGH, _at(row), f"{row.name} is nearly full", evidence, node=row.seat.node)
    if info.clients is not None and info.max_clients and info.clients > _FULL * info.max_clients:
        evidence = (f"{info.clients} of {info.max_clients}", f"{info.rejected} refused so far")
        title = f"{row.name} has hardly a connection left"
        yield Finding("redis.S21", Severity.HIGH, _at(row), title, evidence, node=row.seat.node)


def sentinel(_facts: Facts, row: Opinion, _now: float) -> Iterable[Finding]:
    """A Sentinel that is silent, differs or does not act."""
    ref = Ref("sentinel", row.seat.name, row.seat.pod.namespace if row.seat.pod else "")
    if row.problem:
        title = f"Sentinel {row.seat.name} does not answer"
        yield Finding("redis.S22", Severity.WARNING, ref, title, (row.problem,), node=row.seat.node)
    elif row.tilt:
        title = f"Sentinel {row.seat.name} is in TILT: it does not act"
        yield Finding("redis.S23", Severity.WARNING, ref, title, (), "look at its node's clock", node=row.seat.node)
    elif row.differs:
        title = f"Sentinel {row.seat.name} sees {row.master} differently"
        advice = "if it knows who is gone for good: reset it"
        yield Finding("redis.S24", Severity.WARNING, ref, title, row.differs, advice, node=row.seat.node)


RULES = (
    Rule("redis.S11", Severity.CRITICAL, MASTERS, several),
    Rule("redis.S13", Severity.CRITICAL, MASTERS, masterless),
    Rule("redis.S2", Severity.HIGH, MASTERS, quorum),
    Rule("redis.S3", Severity.CRITICAL, MASTERS, replicas),
    Rule("redis.S16", Severity.HIGH, MEMBERS, member),
    Rule("redis.S20", Severity.HIGH, MEMBERS, room),
    Rule("redis.S22", Severity.WARNING, SENTINELS, sentinel),
)
