"""The board shows what stands on the nodes as the rows change, and keeps the last picture when the run has ended."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from console import runs
from console.model import Presence, Ref, Tone
from console.plugin import Facts, Target
from console.workflow.events import End, Finished, Intent, StepDone
from console.workflow.lease import Slots
from tests.screens import fleet
from tests.screens.app.steering import driving
from tests.screens.board.running import begin, write
from tests.values import replace

SIZES = [(80, 24), (160, 50)]


@pytest.fixture(autouse=True)
def fleet_that_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Boats in kiel stand on node1; sunk ones are held. No runner is started."""

    def present(facts: Facts, target: Target, named: Sequence[Ref]) -> Sequence[Presence]:
        assert target.nodes == ("node1",)
        assert [ref.name for ref in named] == ["anna"]
        return tuple(
            Presence(Ref("pod", boat.name, boat.harbour), "held", f"{boat.name} lies on the ground", Tone.WARN)
            if boat.sunk
            else Presence(Ref("pod", boat.name, boat.harbour), "here", f"makes {boat.knots} knots", Tone.MUTED)
            for boat in facts.rows(fleet.BOATS).values()
            if boat.harbour == "kiel"
        )

    def resume(_kernel: object, _name: str) -> int:
        return 4711

    monkeypatch.setattr(runs, "resume", resume)
    monkeypatch.setattr(fleet, "HOOKS", replace(fleet.HOOKS, reads=(fleet.NODES, fleet.BOATS), present=present))


@pytest.mark.parametrize("size", SIZES)
async def test_rows_change_as_what_they_show_changes(size: tuple[int, int]) -> None:
    async with driving(size=size) as driver:
        await begin(driver)
        await driver.sees("0 of 1 gone", "2 here", "anna", "after cordon node1", "bertha", "makes 3 knots")
        driver.sea.add(fleet.Boat("bertha", "kiel", sunk=True))
        await driver.sees("bertha lies on the ground", "1 held, 1 here")
        driver.sea.add(fleet.Boat("zora", "kiel", 9), fleet.Boat("otto", "oslo", 2))
        await driver.sees("zora", "makes 9 knots", "1 held, 2 here")
        assert "otto" not in driver.text()


async def test_rows_that_are_old_are_named() -> None:
    async with driving(size=(160, 50)) as driver:
        await begin(driver)
        await driver.sees("makes 3 knots")
        driver.sea.storm = "no wind"
        driver.sea.publish()
        await driver.sees("boats stale: no wind", "makes 3 knots")


async def test_after_the_end_the_last_picture_stays_and_a_board_of_an_ended_run_shows_its_journal() -> None:
    async with driving(size=(160, 50)) as driver:
        run = await begin(driver)
        await driver.sees("makes 3 knots")
        now = driver.clock.now()
        done = (Intent(now, "cordon"), StepDone(now, "cordon", "was: schedulable"), Intent(now, "move"))
        await write(driver, run, *done, StepDone(now, "move", "gone; at oslo"), Finished(now, End.DONE))
        await driver.sees("ended: done", "makes 3 knots")
        driver.sea.add(fleet.Boat("zora", "kiel", 9))
        await driver.press("q")
        await driver.order("runs")
        await driver.sees(run)
        await driver.press("enter")
        await driver.sees("ended: done", "anna", "at oslo")
        assert "bertha" not in driver.text()
        assert "zora" not in driver.text()


async def test_a_board_of_an_ended_drain_shows_what_stands_there_while_the_node_is_still_out_by_it() -> None:
    async with driving(size=(160, 50)) as driver:
        run = await begin(driver)
        await driver.sees("makes 3 knots")
        now = driver.clock.now()
        done = (Intent(now, "cordon"), StepDone(now, "cordon", "was: schedulable"), Intent(now, "move"))
        await write(driver, run, *done, StepDone(now, "move", "gone; at oslo"), Finished(now, End.DONE))
        await Slots(driver.sea.leases).take("node1", note=f"run {run} by oncall", now=now)
        await driver.press("q")
        await driver.order("runs")
        await driver.sees(run)
        await driver.press("enter")
        await driver.sees("ended: done", "anna", "bertha", "makes 3 knots")
        driver.sea.add(fleet.Boat("zora", "kiel", 9))
        await driver.sees("zora", "makes 9 knots")
