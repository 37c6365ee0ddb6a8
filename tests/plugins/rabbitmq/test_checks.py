"""What is wrong, from rows; the tile and what doctor says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pytest

from console.clock import SYSTEM_CLOCK
from console.fence import Fence
from console.model import Finding, InstanceId, Severity, Tone
from console.plugin import Facts, Found, Rule
from console.store import Store
from plugins.rabbitmq.checks import RULES
from plugins.rabbitmq.doctor import examine
from plugins.rabbitmq.model import tables
from plugins.rabbitmq.model.nodes import MemberRow
from plugins.rabbitmq.model.queues import QueueRow
from plugins.rabbitmq.panes.overview import tile
from tests.plugins.rabbitmq.bench import ground, named, on_platform, serving, small
from tests.values import replace

UP = [MemberRow(name=name, running=True, version="3.13.7", drained=False, node=f"n{name}") for name in "abc"]
DOWN = MemberRow(name="c", running=False, node="nc")


def member(**more: Any) -> MemberRow:
    return replace(UP[2], **more)


def queue(online: str, members: str = "abc", kind: str = "quorum", **more: Any) -> QueueRow:
    name = more.pop("name", "q")
    state = more.pop("state", "running")
    return QueueRow(
        at=f"%2F/{name}", vhost="/", name=name, kind=kind, leader=members[:1], state=state,
        members=tuple(members), online=tuple(online), **more,
    )  # fmt: skip


def facts(members: Sequence[MemberRow], queues: Sequence[QueueRow] = ()) -> Facts:
    store, instance = Store(SYSTEM_CLOCK, Fence()), InstanceId("rabbitmq", "x")
    store.rows(instance, tables.NODES).change(members)
    store.rows(instance, tables.QUEUES).change(queues)
    return store.facts(instance)


def found(members: Sequence[MemberRow], queues: Sequence[QueueRow] = ()) -> dict[str, Finding]:
    known, rules = facts(members, queues), cast("Sequence[Rule[Any]]", RULES)
    return {
        finding.id: finding
        for rule in rules
        for row in known.rows(rule.reads).values()
        for finding in rule.check(known, row, 0.0)
    }


def test_nothing_is_wrong() -> None:
    assert found(UP, [queue("abc"), queue("abc", kind="classic", mirrored=True, name="m")]) == {}


@pytest.mark.parametrize(
    ("row", "id_", "severity"),
    [
        (DOWN, "rabbitmq.R13", Severity.HIGH),
        (member(memory_alarm=True), "rabbitmq.R6", Severity.CRITICAL),
        (member(disk_alarm=True), "rabbitmq.R6", Severity.CRITICAL),
        (member(partitions=("a",)), "rabbitmq.R14", Severity.CRITICAL),
        (member(memory=95, memory_limit=100), "rabbitmq.R15", Severity.HIGH),
        (member(files=81, files_limit=100), "rabbitmq.R15", Severity.HIGH),
        (member(drained=True), "rabbitmq.R16", Severity.WARNING),
        (member(version="3.12.1"), "rabbitmq.R17", Severity.WARNING),
        (member(node="na"), "rabbitmq.R4", Severity.WARNING),
    ],
)
def test_members(row: MemberRow, id_: str, severity: Severity) -> None:
    only = found([*UP[:2], row])
    assert [*only] == [id_]
    assert only[id_].severity is severity
    assert only[id_].subject.name == "c"
    assert only[id_].next_step


def test_without_a_majority() -> None:
    assert found([UP[0], MemberRow(name="b", running=False), DOWN])["rabbitmq.R13"].severity is Severity.CRITICAL


def test_a_version_that_is_older_by_number_and_not_by_letter() -> None:
    rows = [member(name="a", version="3.9.1"), member(name="b", version="3.10.8", node="nb")]
    assert found(rows)["rabbitmq.R17"].subject.name == "a"


def test_a_drained_member_that_the_version_does_not_name() -> None:
    silent = [MemberRow(name=row.name, running=True, node=row.node) for row in UP]
    assert found(silent, [queue("ab")])["rabbitmq.R16"].subject.name == "c"
    assert "rabbitmq.R16" not in found(silent, [queue("ab"), queue("abc", name="other")])


@pytest.mark.parametrize(
    ("row", "id_", "about"),
    [
        (queue("ab"), "rabbitmq.R21", "c"),
        (queue("a"), "rabbitmq.R20", "q"),
        (queue("", members="a", kind="classic", state="down"), "rabbitmq.R23", "q"),
        (queue("ab", kind="classic", mirrored=True), "rabbitmq.R22", "c"),
        (queue("a", members="a", kind="classic"), "rabbitmq.R1", "a"),
    ],
)
def test_queues(row: QueueRow, id_: str, about: str) -> None:
    known = found(UP, [row])
    assert id_ in known
    assert known[id_].subject.name == about


def test_many_queues_are_one_finding_with_a_few_names() -> None:
    queues = [queue("ab", name=f"q{number:03}") for number in range(200)]
    finding = found(UP, queues)["rabbitmq.R21"]
    assert finding.title.startswith("200 queues are one member from losing")
    assert len(finding.evidence) == 6
    assert finding.evidence[-1] == "and 195 more"


def test_one_member_alone_cannot_spread_its_queues() -> None:
    assert "rabbitmq.R1" not in found(UP[:1], [queue("a", members="a", kind="classic")])


def test_the_tile() -> None:
    good = tile(facts(UP, [queue("abc")]))
    assert (good.tone, good.up, good.total, [cell.text for cell in good.lines]) == (Tone.OK, 3, 3, ["1 queues"])
    bad = tile(facts([*UP[:2], DOWN], [queue("ab"), queue("a", members="a", kind="classic", name="p")]))
    assert (bad.tone, bad.up) == (Tone.WARN, 2)
    assert [cell.text for cell in bad.lines] == ["2 queues", "1 not in order", "1 alone"]
    assert tile(facts([*UP[:2], member(memory_alarm=True)])).tone is Tone.BAD


async def test_doctor_says_who_we_are_and_where() -> None:
    async with serving(small()) as served:
        made = ground(served, rabbitmq_username="monitor", rabbitmq_password="monitor-lab")
        async with on_platform(made) as client:
            lines = await examine(client)
    assert [line.found for line in lines] == [Found.OK, Found.OK]
    assert "StatefulSet shop/rabbit" in lines[0].text
    assert "3 of 3 members run, version 4.1.4" in lines[0].text
    assert "monitor (from Secret shop/rabbit), tags monitoring" in lines[1].text


async def test_doctor_says_what_is_missing() -> None:
    async with serving(small()) as served, named(served, password="wrong") as client:
        lines = await examine(client)
    assert lines[0].found is Found.MISSING
    assert "user or password is wrong" in lines[0].text
