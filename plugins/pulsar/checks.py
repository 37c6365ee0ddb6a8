"""Rules: what is wrong with brokers, bookies, ledgers, subscriptions, namespaces, functions. Pure, with sources.

Sources: BookKeeper's and Pulsar's own defaults (broker.conf, bk_server.conf) and the public alert rules for Pulsar.
"""

from __future__ import annotations

from collections.abc import Iterable

from console.format import size
from console.model import Finding, NodeName, Ref, Severity
from console.plugin import Facts, Rule
from plugins.pulsar.model import tables
from plugins.pulsar.model.functions import FunctionRow
from plugins.pulsar.model.names import root_of
from plugins.pulsar.model.rows import BookieRow, BrokerRow, LedgerRow, NamespaceRow
from plugins.pulsar.model.topics import SubscriptionRow, blocked, subscription_key

DISK_WARN, DISK_FULL = 85.0, 95.0
"""diskUsageLwmThreshold and diskUsageThreshold of the chart: at the second a bookie becomes read-only."""
BACKLOG_WARN, BACKLOG_HIGH = 5_000, 100_000
HOLES = 10_000
"""managedLedgerMaxUnackedRangesToPersist: what is beyond is delivered again after a restart."""
QUOTA_NEAR = 0.8


def broker(_facts: Facts, row: BrokerRow, _now: float) -> Iterable[Finding]:
    """A broker that does not answer, or to which no client is sent."""
    subject, node = Ref("broker", row.name), NodeName(row.node)
    if row.fault:
        yield Finding(
            "PU1",
            Severity.HIGH,
            subject,
            f"{row.name} does not answer",
            (row.fault,),
            "look at its pod and its log",
            node,
        )
    elif row.listed is False:
        evidence = ("it answers, and is not in the cluster's list",)
        yield Finding("PU1", Severity.HIGH, subject, f"{row.name} is not registered", evidence, "look at its log", node)


def bookie(facts: Facts, row: BookieRow, _now: float) -> Iterable[Finding]:
    """Read-only, away, nearly full, and autorecovery that is off."""
    subject, node = Ref("bookie", row.name), NodeName(row.node)
    writable = sum(one.mode == "rw" for one in facts.rows(tables.BOOKIES).values())
    left = f"{writable} bookies take writes"
    if row.mode == "ro":
        step = "make it writable, or see why its disk is full"
        yield Finding("BK1", Severity.HIGH, subject, f"{row.name} is read-only", (left,), step, node)
    elif row.mode == "away" or (row.fault and row.mode != "rw"):
        step = "look at its pod; an empty disk shows as InvalidCookieException"
        yield Finding("BK2", Severity.HIGH, subject, f"{row.name} is away", (left, row.fault), step, node)
    if row.total and row.free is not None:
        used = 100 * (row.total - row.free) / row.total
        if used >= DISK_WARN:
            severity = Severity.HIGH if used >= DISK_FULL else Severity.WARNING
            evidence = (f"{used:.0f} % in use, {size(row.free)} free", f"read-only at {DISK_FULL:.0f} %")
            step = "shorten retention, or give it a larger disk"
            yield Finding("BK3", severity, subject, f"{row.name}: its disk fills", evidence, step, node)


def recovery(facts: Facts, row: BookieRow, _now: float) -> Iterable[Finding]:
    """Autorecovery off, told once: of the first bookie by name."""
    rows = facts.rows(tables.BOOKIES)
    if row.recovery is False and row.name == min(rows, default=row.name):
        yield Finding(
            "BK4",
            Severity.WARNING,
            Ref("bookkeeper", facts.instance.name),
            "autorecovery is off",
            ("copies that are lost are not made again",),
            "switch it on once the maintenance is over",
        )


def ledger(_facts: Facts, row: LedgerRow, _now: float) -> Iterable[Finding]:
    """A ledger with too few copies; two missing copies may be all."""
    severity = Severity.CRITICAL if len(row.missing) > 1 else Severity.WARNING
    evidence = (f"missing on {', '.join(row.missing)}",) if row.missing else ()
    step = "take no bookie away until the list is empty"
    yield Finding("BK5", severity, Ref("ledger", str(row.id)), f"ledger {row.id} has too few copies", evidence, step)


def subscription(_facts: Facts, row: SubscriptionRow, _now: float) -> Iterable[Finding]:
    """Blocked, nobody there, a long backlog, holes that a restart forgets. Partitions are judged by their topic."""
    if row.parent is not None or root_of(row.topic) or row.silent:
        return
    name, stats = subscription_key(row.topic, row.name), row.stats
    subject, backlog = Ref("subscription", name), row.stats.msg_backlog
    if blocked(stats):
        evidence = (f"{stats.unacked_messages or 0} delivered and not acknowledged", f"backlog {backlog}")
        step = "see which consumer does not acknowledge; unload the topic if none has any"
        yield Finding("PU2", Severity.HIGH, subject, f"{name} is blocked by unacknowledged messages", evidence, step)
    if backlog >= BACKLOG_WARN:
        severity = Severity.HIGH if backlog >= BACKLOG_HIGH else Severity.WARNING
        evidence = (f"backlog {backlog}, {len(stats.consumers)} consumers, {stats.msg_rate_out:.1f}/s out",)
        title = f"{name} falls behind" if stats.consumers else f"{name} has a backlog and no consumer"
        yield Finding("PU3", severity, subject, title, evidence, "look at its consumers")
    if (stats.total_non_contiguous_deleted_messages_range or 0) > HOLES:
        evidence = (f"{stats.total_non_contiguous_deleted_messages_range} ranges, {HOLES} are kept",)
        step = "find the message that is not acknowledged"
        yield Finding("PU4", Severity.WARNING, subject, f"{name}: a restart delivers again", evidence, step)


def quota(_facts: Facts, row: NamespaceRow, _now: float) -> Iterable[Finding]:
    """A backlog quota that a namespace's largest topic may be near: told by the sum, which is an upper bound."""
    if row.policies is None or row.storage is None or not row.topics:
        return
    for one in (row.policies.backlog_quota_map or {}).values():
        limit = one.limit_size if one.limit_size is not None else one.limit
        if limit and limit > 0 and row.storage / row.topics >= QUOTA_NEAR * limit:
            lost = one.policy == "consumer_backlog_eviction"
            evidence = (f"{size(row.storage)} in {row.topics} topics, {size(limit)} a topic, then {one.policy}",)
            title = f"{row.name}: backlogs reach their quota, and messages are " + ("lost" if lost else "held back")
            subject = Ref("pulsar-namespace", row.name)
            yield Finding("PU5", Severity.HIGH, subject, title, evidence, "look at its subscriptions")


def function(_facts: Facts, row: FunctionRow, _now: float) -> Iterable[Finding]:
    """An instance that does not run although it should: what its worker says is the reason."""
    if row.state == "failed":
        evidence = (row.error, *((f"restarted {row.restarts} times",) if row.restarts else ()))
        title = f"{row.name} does not run"
        yield Finding("PU6", Severity.HIGH, Ref("function", row.name), title, evidence, "look at the log of its worker")


RULES = (
    Rule("PU1", Severity.HIGH, tables.BROKERS, broker),
    Rule("BK1", Severity.HIGH, tables.BOOKIES, bookie),
    Rule("BK4", Severity.WARNING, tables.BOOKIES, recovery),
    Rule("BK5", Severity.CRITICAL, tables.LEDGERS, ledger),
    Rule("PU2", Severity.HIGH, tables.SUBSCRIPTIONS, subscription),
    Rule("PU5", Severity.HIGH, tables.NAMESPACES, quota),
    Rule("PU6", Severity.HIGH, tables.FUNCTIONS, function),
)
