"""What our own handlers raise is said with the place of the log, and every page and key goes on working."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from console import logfile
from screens.pane import PaneView
from screens.widgets.table import LiveTable
from screens.widgets.topline import TopLine
from tests.screens.app.steering import Driver, driving

WHY = "RuntimeError: a leak below the waterline"


def _raises(*_: Any, **__: Any) -> Any:
    raise RuntimeError("a leak below the waterline")


async def _usable(driver: Driver) -> None:
    """The console still opens panes, filters, and does what a key says."""
    await driver.order("nodes")
    await driver.sees("node1")
    await driver.order("boats /anna")
    await driver.sees("1 of 3", "anna")
    await driver.press("h")
    await driver.sees("hail boat kiel/anna")
    await driver.press("enter")
    await driver.until(lambda: driver.sea.done == ["hailed anna"], "the action")


def _told(driver: Driver, where: str) -> bool:
    path = str(logfile.current())
    return any(said.startswith(f"{where}: {WHY}") and path in said for said in driver.said)


@pytest.mark.parametrize(
    ("owner", "handler", "where"),
    [
        (PaneView, "on_resize", "PaneView Resize"),
        (LiveTable, "action_move", "PilothouseApp Key"),
        (LiveTable, "on_focus", "LiveTable Focus"),
    ],
)
async def test_a_handler_that_raises_leaves_the_console_usable(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, owner: type, handler: str, where: str
) -> None:
    async with driving() as driver:
        await driver.order("boats")
        await driver.sees("anna")
        with monkeypatch.context() as broken:
            broken.setattr(owner, handler, _raises, raising=False)
            await driver.press("down")
            await driver.order("nodes")
            await driver.order("boats")
            await driver.pilot.resize_terminal(90, 28)
            await driver.press("down")
            await driver.until(lambda: _told(driver, where), where)
        assert any(record.exc_info and record.levelno == logging.ERROR for record in caplog.records)
        await _usable(driver)
        assert {seen.partition(": ")[0] for seen in driver.app.failures.seen} == {where}
        driver.app.failures.seen.clear()


async def test_a_command_and_a_drawing_that_raise_are_told_once_and_not_at_every_refresh(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with driving() as driver:
        await driver.order("boats")
        await driver.sees("anna")
        with monkeypatch.context() as broken:
            broken.setattr(TopLine, "render_line", _raises)
            broken.setattr(PaneView, "action_wide", _raises)
            for _ in range(3):
                await driver.press("ctrl+w")
                driver.app.screen.refresh(layout=True)
                await driver.turn()
            await driver.until(lambda: len(driver.app.failures.seen) > 0, "it is told")
        await _usable(driver)
        seen = driver.app.failures.seen
        assert len(seen) == len(set(seen))
        seen.clear()


async def test_before_there_is_a_desk_a_failure_ends_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("screens.desk.Desk.draw_lines", _raises)
    with pytest.raises(RuntimeError, match="waterline"):
        async with driving():
            pass
