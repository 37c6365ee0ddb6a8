"""Demand, polling and failure: a source runs while somebody wants it, and its loop has no exit but cancellation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import cast

import pytest

from console.config import Settings
from console.discovery import Broken
from console.errors import ConfigError, Forbidden, Unreachable, UsageError
from console.model import SourceState
from console.plugin import Deferred, Instance, Offers
from console.poller import Poller
from console.runtime import Runtime
from tests import dummy
from tests.dummy import EAST, SHELVES, WEST, WIDGETS, Warehouse, Widget
from tests.values import replace


@pytest.fixture(autouse=True)
def warehouses() -> Iterator[dict[str, Warehouse]]:
    dummy.WAREHOUSES.update(east=Warehouse(), west=Warehouse())
    for n in range(3):
        dummy.WAREHOUSES["east"].widgets[f"w{n}"] = Widget(f"w{n}", f"node{n % 2}")
    yield dummy.WAREHOUSES
    dummy.WAREHOUSES.clear()


@pytest.fixture
async def runtime() -> AsyncIterator[Runtime]:
    async with Runtime(Settings(), plugins=[dummy.PLUGIN, Broken("other", "ImportError: no")]) as opened:
        yield opened


async def test_two_instances_have_two_sets_of_rows(runtime: Runtime, warehouses: dict[str, Warehouse]) -> None:
    warehouses["west"].widgets["only"] = Widget("only", "node9")
    east, west = runtime.view(EAST, WIDGETS), runtime.view(WEST, WIDGETS)
    assert await runtime.ready(EAST, [WIDGETS]) == []
    assert await runtime.ready(WEST, [WIDGETS]) == []
    assert set(east.snapshot.rows) == {"w0", "w1", "w2"}
    assert set(west.snapshot.rows) == {"only"}
    assert [broken.name for broken in runtime.broken] == ["other"]


async def test_a_join_feeds_its_inputs_and_follows_a_change(runtime: Runtime, warehouses: dict[str, Warehouse]) -> None:
    view = runtime.view(EAST, SHELVES)
    assert await runtime.ready(EAST, [SHELVES]) == []
    assert {row.node: row.widgets for row in view.snapshot.rows.values()} == {"node0": 2, "node1": 1}
    warehouses["east"].put(Widget("w9", "node1", broken=True))
    await dummy.shown(runtime, lambda: view.snapshot.rows["node1"].broken == 1)


async def test_failure_is_a_value_and_the_loop_recovers_when_woken(
    runtime: Runtime, warehouses: dict[str, Warehouse]
) -> None:
    warehouses["east"].error = Unreachable("connection refused", where="east:1")
    view = runtime.view(EAST, WIDGETS)
    assert await runtime.ready(EAST, [WIDGETS]) == ["widgets: connection refused (east:1)"]
    warehouses["east"].error = Forbidden("may not list widgets")
    runtime.wake(EAST)
    await dummy.shown(runtime, lambda: view.snapshot.state == SourceState.FORBIDDEN)
    warehouses["east"].error = None
    runtime.wake(EAST)
    await dummy.shown(runtime, lambda: view.snapshot.complete)
    assert len(view.snapshot.rows) == 3


async def test_a_plugin_that_raises_anything_is_stale_and_named(
    runtime: Runtime, warehouses: dict[str, Warehouse]
) -> None:
    warehouses["east"].error = ZeroDivisionError("never")
    view = runtime.view(EAST, WIDGETS)
    await runtime.ready(EAST, [WIDGETS])
    assert view.snapshot.error == "the plugin failed: ZeroDivisionError: never"
    assert "dummy:east/widgets" in runtime.fence.breakages


async def test_closing_closes_the_clients_and_every_task(warehouses: dict[str, Warehouse]) -> None:
    before = asyncio.all_tasks()
    async with Runtime(Settings(), plugins=[dummy.PLUGIN]) as runtime:
        runtime.view(EAST, WIDGETS)
        await runtime.ready(EAST, [WIDGETS])
    assert warehouses["east"].closed
    assert not warehouses["west"].closed, "nobody wanted it, so it was never opened"
    assert asyncio.all_tasks() == before


async def test_panes_are_found_by_name_alias_and_instance(runtime: Runtime) -> None:
    for word, instance in (("widgets", EAST), ("wi", EAST), ("west.widgets", WEST)):
        found = runtime.find_pane(word)
        assert found is not None
        assert found[0] == instance
    assert runtime.find_pane("nothing") is None
    with pytest.raises(UsageError, match="no cluster is open"):
        _ = runtime.platform


async def test_findings_are_kept_once_somebody_asks(runtime: Runtime, warehouses: dict[str, Warehouse]) -> None:
    await runtime.judge()
    view = runtime.view(EAST, WIDGETS)
    assert await runtime.ready(EAST, [WIDGETS]) == []
    warehouses["east"].put(Widget("w1", "node1", broken=True))
    await dummy.shown(runtime, lambda: view.snapshot.rows["w1"].broken)
    await runtime.triage.work()
    assert runtime.triage.findings[0].title == "w1 is broken"


async def test_an_action_goes_through_the_gate_and_reports_each_object(
    runtime: Runtime, warehouses: dict[str, Warehouse], home: Path
) -> None:
    east = warehouses["east"]
    east.widgets["bad"] = Widget("bad", "node0", broken=True)
    pane = dummy.PANES[0]
    runtime.view(EAST, WIDGETS)
    await runtime.ready(EAST, [WIDGETS])
    rows = [east.widgets["bad"], east.widgets["w0"]]
    outcomes = await runtime.perform(EAST, pane, pane.actions[0], rows, {"cloth": "silk"})
    assert [(outcome.ok, outcome.text) for outcome in outcomes] == [
        (True, "bad polished with silk"),
        (False, "it shines already"),
    ]
    assert east.polished == ["bad"]
    recorded = (home / "state/pilothouse/audit.jsonl").read_text(encoding="utf-8")
    assert '"action":"polish"' in recorded
    assert '"outcome":"done: bad polished with silk"' in recorded


async def test_read_only_refuses_and_nothing_is_done(warehouses: dict[str, Warehouse]) -> None:
    pane = dummy.PANES[0]
    async with Runtime(Settings(read_only=True), plugins=[dummy.PLUGIN]) as runtime:
        row = Widget("bad", "node0", broken=True)
        outcomes = await runtime.perform(EAST, pane, pane.actions[0], [row], {"cloth": "silk"})
    assert not outcomes[0].ok
    assert "read-only" in outcomes[0].text
    assert warehouses["east"].polished == []


async def test_looking_at_a_join_makes_its_polled_inputs_quick(runtime: Runtime) -> None:
    background = runtime.want(EAST, SHELVES)
    polls: dict[str, Poller] = {}
    for (_, table), demand in vars(runtime.demands)["_demands"].items():
        if demand.poller is not None:
            polls[table.name] = demand.poller
    assert not polls["shelf-names"].looked_at
    view = runtime.view(EAST, SHELVES)
    assert polls["shelf-names"].looked_at
    view.close()
    view.close()
    assert not polls["shelf-names"].looked_at
    background.close()


async def test_columns_are_those_of_the_configuration_and_a_wrong_one_is_named() -> None:
    async with Runtime(Settings(columns={"widgets": ("size", "NAME")}), plugins=[dummy.PLUGIN]) as runtime:
        found = runtime.find_pane("widgets")
        assert found is not None
        assert [column.title for column in found[1].columns] == ["SIZE", "NAME"]
    wrong = Runtime(Settings(columns={"widgets": ("WEIGHT",)}), plugins=[dummy.PLUGIN])
    with pytest.raises(ConfigError, match="widgets: `WEIGHT` is no column"):
        await wrong.open()
    await wrong.aclose()


def no_kubeconfig(_settings: object) -> Sequence[Instance]:
    raise ConfigError("there is no kubeconfig")


async def test_what_the_configuration_names_works_without_any_platform() -> None:
    offers = cast("Offers", object())
    lost = replace(
        dummy.PLUGIN, system="ground", offers=offers, discover=Deferred("tests.kernel.test_runtime:no_kubeconfig")
    )
    async with Runtime(Settings(), plugins=[lost, dummy.PLUGIN]) as runtime:
        assert [instance.id for instance in runtime.instances] == [EAST, WEST]
        assert [(broken.name, broken.reason) for broken in runtime.broken] == [("ground", "there is no kubeconfig")]
        await runtime.searching.first()
    alone = Runtime(Settings(), plugins=[lost])
    with pytest.raises(ConfigError, match="there is no kubeconfig"):
        await alone.open()
    await alone.aclose()
