"""What is wrong with RabbitMQ: pure functions of rows. Sources of the thresholds: docs/systems/rabbitmq.md.

Queues are told of in one finding a member, since a member that is away concerns all of its queues at once; only those
that lost their majority, or are down, speak for themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from console.format import percent, size
from console.model import Finding, NodeName, Ref, Severity
from console.plugin import Facts, Rule
from plugins.rabbitmq.model.nodes import MemberRow
from plugins.rabbitmq.model.queues import QueueRow
from plugins.rabbitmq.model.tables import (
    NODES,
    QUEUES,
    QUEUES_ALONE,
    QUEUES_BY_MEMBER,
    QUEUES_MISSING,
    QUEUES_SERVED,
)

_FULL, _TIGHT = 0.9, 0.8
_NAMED = 5


def _at(row: MemberRow) -> Ref:
    return Ref("member", row.name)


def _few(queues: Sequence[QueueRow]) -> tuple[str, ...]:
    shown = tuple(sorted(f"{one.vhost} {one.name}" for one in queues)[:_NAMED])
    return (*shown, f"and {len(queues) - _NAMED} more") if len(queues) > _NAMED else shown


def away(facts: Facts, row: MemberRow, _now: float) -> Iterable[Finding]:
    """A member that does not run, and whether the others are still a majority."""
    if row.running is not False:
        return
    members = facts.rows(NODES).values()
    up = sum(one.running is True for one in members)
    node = NodeName(row.node)
    next_step = "look at its pod and log" if row.pod else "look at its host and log"
    if up <= len(members) // 2:
        title = f"{up} of {len(members)} members run, a majority is {len(members) // 2 + 1}"
        yield Finding("rabbitmq.R13", Severity.CRITICAL, _at(row), title, (f"{row.name} is stopped",), next_step, node)
    else:
        title = f"{row.name} is stopped, {up} of {len(members)} members run"
        yield Finding("rabbitmq.R13", Severity.HIGH, _at(row), title, (), next_step, node)


def alarmed(_facts: Facts, row: MemberRow, _now: float) -> Iterable[Finding]:
    """One alarm holds up the publishers of the whole cluster."""
    evidence: list[str] = []
    if row.memory_alarm:
        evidence.append(f"memory {size(row.memory)}, limit {size(row.memory_limit)}")
    if row.disk_alarm:
        evidence.append(f"disk free {size(row.disk)}, limit {size(row.disk_limit)}")
    if evidence:
        title = f"{row.name} has a {' and a '.join(row.alarms)} alarm: all publishers wait"
        next_step = "let consumers catch up, or purge; then raise the limit or make room"
        yield Finding("rabbitmq.R6", Severity.CRITICAL, _at(row), title, tuple(evidence), next_step, NodeName(row.node))


def partitioned(_facts: Facts, row: MemberRow, _now: float) -> Iterable[Finding]:
    """A member that lost sight of others and went on by itself."""
    if row.partitions:
        title = f"{row.name} is partitioned from {', '.join(row.partitions)}"
        next_step = "decide which side stays, and restart the members of the other"
        yield Finding("rabbitmq.R14", Severity.CRITICAL, _at(row), title, (), next_step, NodeName(row.node))


def tight(_facts: Facts, row: MemberRow, _now: float) -> Iterable[Finding]:
    """Close to a limit, before the alarm."""
    evidence: list[str] = []
    if row.memory and row.memory_limit and not row.memory_alarm and row.memory > _FULL * row.memory_limit:
        evidence.append(f"memory {percent(row.memory, row.memory_limit)} of the limit")
    if row.files and row.files_limit and row.files > _TIGHT * row.files_limit:
        evidence.append(f"file descriptors {percent(row.files, row.files_limit)}")
    if evidence:
        title = f"{row.name} is close to a limit"
        yield Finding(
            "rabbitmq.R15", Severity.HIGH, _at(row), title, tuple(evidence), "see what grows", NodeName(row.node)
        )


def drained(facts: Facts, row: MemberRow, _now: float) -> Iterable[Finding]:
    """Left in maintenance. Before 3.11 it is inferred: it runs and has copies, but serves none of them."""
    if row.drained:
        title = f"{row.name} is drained: it takes no clients"
    elif row.drained is None and row.running and _looks_drained(facts, row):
        title = f"{row.name} runs but serves none of its quorum queues: drained?"
    else:
        return
    next_step = "revive it, if nobody works on it"
    yield Finding("rabbitmq.R16", Severity.WARNING, _at(row), title, (), next_step, NodeName(row.node))


def _looks_drained(facts: Facts, row: MemberRow) -> bool:
    has = any(one.kind == "quorum" for one in facts.by(QUEUES_BY_MEMBER, row.name))
    return has and not facts.by(QUEUES_SERVED, row.name)


def differing(facts: Facts, row: MemberRow, _now: float) -> Iterable[Finding]:
    """An upgrade that was not finished; told of the members with the older version."""
    versions = {one.version for one in facts.rows(NODES).values() if one.version}
    if len(versions) > 1 and row.version == min(versions, key=_parts):
        title = f"{row.name} has version {row.version}, others {', '.join(sorted(versions - {row.version}))}"
        yield Finding("rabbitmq.R17", Severity.WARNING, _at(row), title, (), "finish the upgrade", NodeName(row.node))


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def together(facts: Facts, row: MemberRow, _now: float) -> Iterable[Finding]:
    """Two members on one node go together; told of the later one by name."""
    others = [one.name for one in facts.rows(NODES).values() if one.node == row.node and one.name < row.name]
    if row.node and others:
        title = f"{row.name} stands on {row.node} beside {', '.join(others)}"
        next_step = "spread them (anti-affinity), then delete one pod"
        yield Finding("rabbitmq.R4", Severity.WARNING, _at(row), title, (), next_step, NodeName(row.node))


def not_in_step(facts: Facts, row: MemberRow, _now: float) -> Iterable[Finding]:
    """Copies on this member that do not serve: what may happen when one more goes."""
    missing = facts.by(QUEUES_MISSING, row.name)
    minimum = [one for one in missing if one.kind != "classic" and len(one.online) == one.quorum]
    mirrors = [one for one in missing if one.mirrored]
    node = NodeName(row.node)
    if minimum:
        title = f"{len(minimum)} queues are one member from losing their majority: {row.name} does not serve them"
        yield Finding("rabbitmq.R21", Severity.HIGH, _at(row), title, _few(minimum), "take no other member away", node)
    if mirrors:
        title = f"{len(mirrors)} mirrors on {row.name} are not synchronised"
        next_step = "synchronise them, when their queues may pause"
        yield Finding("rabbitmq.R22", Severity.HIGH, _at(row), title, _few(mirrors), next_step, node)


def alone(facts: Facts, row: MemberRow, _now: float) -> Iterable[Finding]:
    """Durable queues that live on this member alone, where the cluster has others."""
    queues = [one for one in facts.by(QUEUES_ALONE, row.name) if one.kind != "stream"]
    if queues and len(facts.rows(NODES)) > 1:
        title = f"{len(queues)} durable queues live on {row.name} alone: they are away whenever it is"
        next_step = "set a policy that mirrors them in their vhost, or declare them as quorum queues"
        yield Finding("rabbitmq.R1", Severity.WARNING, _at(row), title, _few(queues), next_step, NodeName(row.node))


def lost(facts: Facts, row: QueueRow, _now: float) -> Iterable[Finding]:
    """A queue that takes and gives nothing."""
    about = Ref("queue", row.name, row.vhost)
    node = next((one.node for one in map(facts.rows(NODES).get, row.missing) if one is not None), "")
    if row.kind in {"quorum", "stream"} and row.members and len(row.online) < row.quorum:
        title = f"{row.vhost} {row.name} has {len(row.online)} of {len(row.members)} copies, a majority is {row.quorum}"
        evidence = (f"not there: {', '.join(row.missing)}",)
        yield Finding("rabbitmq.R20", Severity.CRITICAL, about, title, evidence, "bring a member back", NodeName(node))
    elif row.state in {"down", "stopped", "crashed", "minority"}:
        title = f"{row.vhost} {row.name} is {row.state}"
        evidence = (f"led by {row.leader or 'nobody'}",)
        yield Finding(
            "rabbitmq.R23", Severity.CRITICAL, about, title, evidence, "bring its member back", NodeName(node)
        )


RULES = (
    Rule("rabbitmq.R13", Severity.HIGH, NODES, away),
    Rule("rabbitmq.R6", Severity.CRITICAL, NODES, alarmed),
    Rule("rabbitmq.R14", Severity.CRITICAL, NODES, partitioned),
    Rule("rabbitmq.R15", Severity.HIGH, NODES, tight),
    Rule("rabbitmq.R16", Severity.WARNING, NODES, drained),
    Rule("rabbitmq.R17", Severity.WARNING, NODES, differing),
    Rule("rabbitmq.R4", Severity.WARNING, NODES, together),
    Rule("rabbitmq.R21", Severity.HIGH, NODES, not_in_step),
    Rule("rabbitmq.R1", Severity.WARNING, NODES, alone),
    Rule("rabbitmq.R20", Severity.CRITICAL, QUEUES, lost),
)
