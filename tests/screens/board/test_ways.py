"""A rejoin is planned for another way, and what must be typed on the machine is shown and copied from the board."""

from __future__ import annotations

import pytest

from console.workflow.steps import Ctx, Outcome, StepKind, Wait
from tests.screens import fleet
from tests.screens.app.steering import driving

LINE = "kubeadm join api:6443 --token abcdef.0123456789abcdef"


def _resume(_kernel: object, _name: str) -> int:
    return 4711


async def test_the_way_is_chosen_on_the_plan_and_frozen_in_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    async def wait(_ctx: Ctx) -> Outcome:
        return Wait("somebody must type")

    async def told(ctx: Ctx) -> str:
        return f"# on {ctx.target.nodes[0]}, as root\n{LINE}"

    monkeypatch.setitem(fleet.KINDS, "cordon", StepKind(wait, wait, instructions=told))
    monkeypatch.setattr("console.runs.resume", _resume)
    async with driving() as driver:
        await driver.order("nodes")
        await driver.sees("node1")
        await driver.press("R")
        await driver.sees("plan: rejoin node1", "way: rebooted")
        await driver.press("w")
        await driver.sees("how does it come back?", "reset: it was reset")
        await driver.press("down", "enter")
        await driver.sees("plan: rejoin node1", "way: reset")
        await driver.press("s")
        await driver.type("new disks")
        await driver.press("enter")
        await driver.sees("agree")
        await driver.press("enter")
        await driver.sees("of 2 steps", "c commands")
        run, text = next(iter(driver.sea.journals.runs.items()))
        assert '"way":"reset"' in str(text).replace(" ", "")
        assert LINE not in str(text)
        await driver.press("c")
        await driver.sees(f"commands of run {run}", "# on node1, as root", LINE)
        assert driver.app.clipboard == f"# on node1, as root\n{LINE}\n"
        assert "the commands are copied" in driver.said


async def test_a_machine_in_the_place_of_another_is_given_its_name_on_the_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.runs.resume", _resume)
    async with driving(size=(120, 30)) as driver:
        await driver.order("nodes")
        await driver.sees("node1")
        await driver.press("R")
        await driver.sees("plan: rejoin node1", "way: rebooted")
        await driver.press("m")
        assert any("only a machine that was replaced has another name" in said for said in driver.said)
        await driver.press("w")
        await driver.sees("how does it come back?")
        await driver.press("end", "enter")
        await driver.sees("the name of the new machine?", "empty: it joins as node1 again")
        await driver.type("Node_9")
        await driver.press("enter")
        await driver.sees("`Node_9` is no name of a node: small letters")
        await driver.press(*["backspace"] * len("Node_9"))
        await driver.type("node9")
        await driver.press("enter")
        await driver.sees("plan: rejoin node1 as node9", "way: replaced", "new name")
        await driver.press("m", "enter")
        await driver.sees("plan: rejoin node1 as node9", "SAFE")
        await driver.press("s")
        await driver.type("new machine")
        await driver.press("enter")
        await driver.sees("agree")
        await driver.press("enter")
        await driver.sees("of 2 steps")
        text = str(next(iter(driver.sea.journals.runs.values()))).replace(" ", "")
        assert '"way":"replaced","new-name":"node9"' in text or '"new-name":"node9","way":"replaced"' in text


async def test_another_way_forgets_the_name() -> None:
    async with driving(size=(120, 30)) as driver:
        await driver.order("nodes")
        await driver.sees("node1")
        await driver.press("R")
        await driver.sees("way: rebooted")
        await driver.press("w", "end", "enter")
        await driver.sees("the name of the new machine?")
        await driver.type("node9")
        await driver.press("enter")
        await driver.sees("plan: rejoin node1 as node9")
        await driver.press("w", "up", "enter")
        await driver.sees("way: reimaged")
        assert "node9" not in driver.text()


async def test_a_drain_has_one_way_and_nothing_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.runs.resume", _resume)
    async with driving() as driver:
        await driver.order("nodes")
        await driver.sees("node1")
        await driver.press("r")
        await driver.sees("plan: drain node1", "SAFE")
        assert "way:" not in driver.text()
        await driver.press("s")
        await driver.type("disk")
        await driver.press("enter")
        await driver.sees("agree")
        await driver.press("enter")
        await driver.sees("of 2 steps")
        assert "c commands" not in driver.text()
        await driver.press("c")
        assert any("nothing has to be typed" in said for said in driver.said)
