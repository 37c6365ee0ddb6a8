"""What is wrong: pure functions of rows. Ids are `kafka.*`; a next step is a command or a place to look."""

from __future__ import annotations

from collections.abc import Iterable

from console.format import duration, percent
from console.model import Finding, Ref, Severity
from console.plugin import Facts, Rule
from plugins.kafka.lag import Standing
from plugins.kafka.model.rows import (
    BROKERS,
    EXPORTER,
    GROUPS,
    QUORUM,
    RESOURCES,
    TOPICS,
    Broker,
    Group,
    Resource,
    Topic,
    Voter,
)

FULL, FILLING = 0.05, 0.15
REBALANCING = frozenset({"PreparingRebalance", "CompletingRebalance", "Assigning", "Reconciling"})
"""States of the classic protocol, and of the newer one."""


def broker(_facts: Facts, row: Broker, _now: float) -> Iterable[Finding]:
    """Away, fenced, failed or filling disks, replicas that are not in sync."""
    ref = Ref("broker", str(row.id))
    if not row.present or row.fenced:
        what = "is away" if not row.present else "is fenced: the controller has not heard from it"
        yield Finding(
            "kafka.broker",
            Severity.HIGH,
            ref,
            f"broker {row.id} {what}",
            evidence=(f"{row.replicas} replicas are on it, {row.in_sync} of them in sync",),
            next_step="look at its pod and its log",
            node=row.node,
        )
    if row.bad_dirs:
        yield Finding(
            "kafka.disk-failed",
            Severity.CRITICAL,
            ref,
            f"{len(row.bad_dirs)} log directories of broker {row.id} failed",
            evidence=row.bad_dirs,
            next_step="replace the disk, then restart the broker",
            node=row.node,
        )
    if row.free is not None and row.total:
        part = row.free / row.total
        if part < FILLING:
            yield Finding(
                "kafka.disk-full",
                Severity.CRITICAL if part < FULL else Severity.HIGH,
                ref,
                f"{percent(row.free, row.total)} of broker {row.id}'s volume is free",
                next_step="delete topics, shorten retention, or grow the volume",
                node=row.node,
            )
    if row.missing and row.present:
        yield Finding(
            "kafka.not-in-sync",
            Severity.WARNING,
            ref,
            f"{row.missing} of {row.replicas} replicas on broker {row.id} are not in sync",
            next_step="kafka.partitions, limited to it, shows which",
            node=row.node,
        )


def topic(_facts: Facts, row: Topic, _now: float) -> Iterable[Finding]:
    """Offline, under min ISR, at min ISR; under-replicated is told by the brokers."""
    ref = Ref("topic", row.name)
    if row.offline:
        yield Finding(
            "kafka.offline",
            Severity.CRITICAL,
            ref,
            f"{row.offline} of {row.partitions} partitions of {row.name} have no leader",
            next_step="bring the brokers of its replicas back; an unclean election loses messages",
        )
    if row.under_min:
        yield Finding(
            "kafka.under-min-isr",
            Severity.CRITICAL if row.replication >= (row.min_isr or 0) else Severity.WARNING,
            ref,
            f"{row.under_min} of {row.partitions} partitions of {row.name} are under min ISR {row.min_isr}",
            evidence=(f"{row.replication} replicas each; writes with acks=all are refused",),
            next_step="bring the missing replicas back"
            if row.replication >= (row.min_isr or 0)
            else "it can never be met: lower min.insync.replicas or add replicas",
        )
    if row.at_min:
        yield Finding(
            "kafka.at-min-isr",
            Severity.HIGH,
            ref,
            f"{row.at_min} of {row.partitions} partitions of {row.name} are at min ISR {row.min_isr}",
            evidence=("one replica less, and writes with acks=all are refused",),
            next_step="stop no broker before they are in sync again",
        )


def group(_facts: Facts, row: Group, _now: float) -> Iterable[Finding]:
    """A lag that does not shrink, by the verdict of the window."""
    words = {
        Standing.STALL: (Severity.HIGH, "has members and does not move"),
        Standing.STOP: (Severity.WARNING, "is behind and nobody reads"),
        Standing.REWIND: (Severity.WARNING, "went back"),
        Standing.WARN: (Severity.INFO, "falls behind"),
    }
    if row.standing in words:
        severity, what = words[row.standing]
        where = [place for place in row.places if place.standing is row.standing]
        yield Finding(
            "kafka.lag",
            severity,
            Ref("group", row.name),
            f"group {row.name} {what}: {row.behind} behind",
            evidence=tuple(f"{place.topic}/{place.partition}: lag {place.lag}" for place in where[:5]),
            next_step="look at its consumers' logs" if row.members else "start its consumers, or delete the group",
        )
    if row.state in REBALANCING and row.standing is not Standing.OK:
        yield Finding("kafka.rebalance", Severity.INFO, Ref("group", row.name), f"group {row.name} is in {row.state}")


def voter(facts: Facts, row: Voter, _now: float) -> Iterable[Finding]:
    """A voter that is not caught up; worse where one more would lose the majority."""
    if not row.votes or row.behind is None or row.caught_up is not False:
        return
    voters = [one for one in facts.rows(QUORUM).values() if one.votes]
    well = sum(one.caught_up is True for one in voters)
    least = len(voters) // 2 + 1
    yield Finding(
        "kafka.voter",
        Severity.CRITICAL if well <= least else Severity.HIGH,
        Ref("voter", str(row.id)),
        f"controller {row.id} is {duration(row.behind)} behind the leader",
        evidence=(f"{well} of {len(voters)} voters are caught up, {least} are needed",),
        next_step="look at its pod and its disk",
        node=row.node,
    )


def resource(_facts: Facts, row: Resource, _now: float) -> Iterable[Finding]:
    """What the operator cannot do, and what it was told to leave alone."""
    ref = Ref(row.kind.lower(), row.name, row.namespace)
    if row.kind == EXPORTER and row.why:
        yield Finding(
            "kafka.exporter",
            Severity.WARNING,
            ref,
            f"{row.name}: {row.why}",
            evidence=("what dashboards and alerts read of it is missing or old; this console does not use it",),
            next_step="look at its pod and its log; to delete the pod makes it begin anew",
        )
    elif row.state == "NotReady":
        yield Finding(
            "kafka.resource",
            Severity.WARNING,
            ref,
            f"{row.kind} {row.name} is not ready",
            evidence=(row.why,) if row.why else (),
            next_step="look at the operator's log",
        )
    if row.paused:
        yield Finding(
            "kafka.paused",
            Severity.INFO,
            ref,
            f"the operator leaves {row.kind} {row.name} alone",
            next_step="resume its reconciliation in kafka.resources",
        )


RULES = (
    Rule("kafka.broker", Severity.HIGH, BROKERS, broker),
    Rule("kafka.topic", Severity.CRITICAL, TOPICS, topic),
    Rule("kafka.group", Severity.WARNING, GROUPS, group),
    Rule("kafka.voter", Severity.HIGH, QUORUM, voter),
    Rule("kafka.resource", Severity.WARNING, RESOURCES, resource),
)
