"""Findings follow their rows, and a rule that raises is named without hurting the others."""

from __future__ import annotations

from collections.abc import Iterable

from console.model import Finding, Severity
from console.plugin import Facts, Rule
from console.store import Store
from console.triage import Triage
from tests.dummy import EAST, RULES, WIDGETS, Widget


async def test_a_finding_comes_and_goes_with_its_row() -> None:
    store = Store()
    triage = Triage(store)
    triage.watch(EAST, RULES)
    rows = store.rows(EAST, WIDGETS)
    rows.change([Widget("a", "n1", broken=True), Widget("b", "n1")])
    await triage.work()
    assert [finding.title for finding in triage.findings] == ["a is broken"]
    assert triage.findings is triage.findings
    rows.change([Widget("a", "n1"), Widget("b", "n1", broken=True)])
    await triage.work()
    assert [finding.title for finding in triage.findings] == ["b is broken"]
    rows.change(gone=["b"])
    await triage.work()
    assert triage.findings == ()


async def test_a_rule_that_raises_is_named_and_the_others_go_on() -> None:
    def bad(_facts: Facts, _row: Widget, _now: float) -> Iterable[Finding]:
        raise KeyError("gone")

    store = Store()
    triage = Triage(store)
    triage.watch(EAST, [Rule("D9", Severity.HIGH, WIDGETS, bad), *RULES])
    store.rows(EAST, WIDGETS).change([Widget("a", "n1", broken=True)])
    await triage.work()
    assert [finding.id for finding in triage.findings] == ["D1"]
    assert "dummy:east rule D9" in store.fence.breakages


async def test_rows_that_were_there_before_are_judged_too_and_a_left_instance_is_forgotten() -> None:
    store = Store()
    store.rows(EAST, WIDGETS).change([Widget("a", "n1", broken=True)])
    triage = Triage(store)
    triage.watch(EAST, RULES)
    await triage.work()
    assert len(triage.findings) == 1
    triage.forget(EAST)
    assert triage.findings == ()
