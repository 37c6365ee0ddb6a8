"""The plugin API is enough: a system that kernel and screens have never heard of, two instances, 100,000 rows in all.

Nothing in `console` or `screens` knows `tests.dummy`; it gets a live table, an action, a rule and a part in a drain.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from console import runs
from console.audit import AuditLog, Person
from console.config import Settings
from console.errors import Refused
from console.gate import Gate, Rules
from console.model import Answer
from console.runtime import Runtime
from console.workflow import plan as plans
from console.workflow.events import End
from console.workflow.execution import Equipment, carry_out
from console.workflow.starting import start
from screens.app import Opening, PilothouseApp
from tests import dummy
from tests.clock import FakeClock
from tests.dummy import EAST, PLUGIN, WEST, WIDGETS, Warehouse, Widget, shown
from tests.kernel.workflow.memory import AuditList, Granted, Journals, LeaseTable
from tests.screens.app.steering import Driver
from tests.screens.fleet import sea
from tests.values import replace

EACH = 50_000


@pytest.fixture(autouse=True)
def warehouses() -> Iterator[dict[str, Warehouse]]:
    dummy.WAREHOUSES.update(east=Warehouse(), west=Warehouse())
    for side, warehouse in dummy.WAREHOUSES.items():
        warehouse.widgets.update(
            (name, Widget(name, f"{side}-{n % 100:02}", n)) for n in range(EACH) for name in [f"{side}-widget-{n:05}"]
        )
    yield dummy.WAREHOUSES
    dummy.WAREHOUSES.clear()


@asynccontextmanager
async def console_on_the_dummy() -> AsyncGenerator[Driver]:
    clock = FakeClock()

    async def kernel() -> Runtime:
        runtime = Runtime(Settings(), clock=clock, plugins=[PLUGIN])
        await runtime.open()
        return runtime

    app = PilothouseApp(Opening(kernel, start="widgets"))
    async with app.run_test(size=(120, 30)) as pilot:
        driver = Driver(pilot, app, sea(), clock)
        await driver.until(lambda: app.desk.opened and app.desk.page is not None, "an open desk")
        yield driver


async def test_two_live_tables_of_fifty_thousand_rows_and_an_action(warehouses: dict[str, Warehouse]) -> None:
    async with console_on_the_dummy() as driver:
        await driver.sees("widgets (50,000)", "east-widget-00000")
        warehouses["east"].put(Widget("aaa-first", "east-00", 7, broken=True))
        await driver.sees("widgets (50,001)", "aaa-first")
        await driver.quiet()
        await driver.press("g", "p")
        await driver.sees("With which cloth?")
        await driver.press("enter")
        await driver.sees("widget aaa-first")
        await driver.press("enter")
        await driver.until(lambda: warehouses["east"].polished == ["aaa-first"], "the action")
        await driver.order("west.widgets")
        await driver.sees("widgets (50,000)", "west-widget-00000")
        await driver.press("slash")
        await driver.type("49999")
        await driver.press("enter")
        await driver.sees("west-widget-49999")


async def test_a_rule_finds_what_is_broken_in_either_instance(warehouses: dict[str, Warehouse]) -> None:
    async with Runtime(Settings(), plugins=[PLUGIN]) as runtime:
        await runtime.judge()
        assert await runtime.ready(EAST, [WIDGETS]) == []
        assert await runtime.ready(WEST, [WIDGETS]) == []
        view = runtime.view(WEST, WIDGETS)
        warehouses["west"].put(replace(warehouses["west"].widgets["west-widget-00042"], broken=True))
        await shown(runtime, lambda: view.snapshot.rows["west-widget-00042"].broken)
        await runtime.triage.work()
        assert [finding.title for finding in runtime.triage.findings] == ["west-widget-00042 is broken"]


async def test_its_hook_takes_part_in_a_drain_and_its_verdict_can_refuse_one(
    warehouses: dict[str, Warehouse], tmp_path: Path
) -> None:
    journals, leases = Journals(), LeaseTable()
    async with Runtime(Settings(), plugins=[PLUGIN]) as runtime:
        looking = runtime.view(EAST, WIDGETS)
        made = await plans.make(runtime, runs.target("drain", ["east-07"]), leases=leases)
        assert made.verdict.answer is Answer.SAFE
        assert [step.title for step in made.steps] == ["dust east-07"]

        async def admin() -> str:
            return "admin"

        gate = Gate(
            rules=Rules(),
            log=AuditLog(tmp_path / "audit.jsonl"),
            clock=runtime.clock,
            who=Person("oncall", "desk"),
            identity=admin,
            rights=Granted(),
            sink=AuditList(),
        )
        name = await start(made, journals, gate, clock=runtime.clock, reason="spring cleaning")
        equipment = Equipment(runtime, journals, leases, gate, holder="this test")
        assert await carry_out(name, equipment) is End.DONE
        assert warehouses["east"].polished == ["dusted east-07"]

        warehouses["east"].put(Widget("east-widget-00007", "east-07", broken=True))
        await shown(runtime, lambda: looking.snapshot.rows["east-widget-00007"].broken)
        looking.close()
        refused = await plans.make(runtime, runs.target("drain", ["east-07"]), leases=leases)
        assert refused.verdict.answer is Answer.NO
        with pytest.raises(Refused, match="is broken, needs 0 broken, has 1"):
            plans.refuse(refused)
