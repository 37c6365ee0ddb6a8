"""What the program says of itself: before the kernel, without one, when the connection goes, and on the way out."""

from __future__ import annotations

import asyncio

import pytest

from console import own
from console.config import Settings
from console.errors import ConfigError
from console.plugin import Plugin
from console.runtime import Runtime
from screens.app import Opening, PilothouseApp
from tests import dummy
from tests.clock import FakeClock
from tests.screens import fleet
from tests.screens.app.steering import Driver, driving


async def test_the_first_paint_does_not_wait_for_the_kernel() -> None:
    slow = asyncio.Event()

    async def kernel() -> Runtime:
        await slow.wait()
        return await fleet.opened()

    sea, app = fleet.sea(), PilothouseApp(Opening(kernel))
    async with app.run_test() as pilot:
        driver = Driver(pilot, app, sea, FakeClock())
        await driver.sees("pilothouse", "connecting")
        slow.set()
        await driver.sees("systems")


@pytest.mark.parametrize(
    ("plugins", "told"),
    [((dummy.PLUGIN,), "● live"), ((fleet.PLUGIN, dummy.PLUGIN), "lost")],
    ids=["without a platform", "beside one that it cannot ask"],
)
async def test_where_only_another_system_is_looked_at_the_header_tells_of_that(
    plugins: tuple[Plugin, ...], told: str
) -> None:
    clock = FakeClock()

    async def kernel() -> Runtime:
        runtime = Runtime(Settings(), clock=clock, plugins=plugins)
        await runtime.open()
        await own.attach(runtime)
        return runtime

    dummy.WAREHOUSES.update(east=dummy.Warehouse(), west=dummy.Warehouse())
    sea, app = fleet.sea(), PilothouseApp(Opening(kernel, start="widgets"))
    async with app.run_test() as pilot:
        driver = Driver(pilot, app, sea, clock)
        await driver.sees("widgets")
        await driver.until(lambda: told in driver.text().splitlines()[0], "the header, which said connecting")
    dummy.WAREHOUSES.clear()


async def test_a_kernel_that_cannot_be_opened_is_a_page_with_the_reason_and_a_key() -> None:
    tries: list[int] = []

    async def kernel() -> Runtime:
        tries.append(1)
        if len(tries) == 1:
            raise ConfigError("key `thema` is not known", where="config.toml", next_step="known keys: theme")
        return await fleet.opened()

    sea, app = fleet.sea(), PilothouseApp(Opening(kernel))
    async with app.run_test() as pilot:
        driver = Driver(pilot, app, sea, FakeClock())
        await driver.sees("cannot be opened", "thema", "known keys: theme", "r try again")
        await driver.press("r")
        await driver.sees("systems")
        assert len(tries) == 2


async def test_a_lost_connection_is_in_the_header_with_its_reason_and_rows_stay() -> None:
    async with driving(size=(120, 30)) as driver:
        await driver.order("boats")
        await driver.sees("anna", "● live")
        driver.sea.storm = "no route to host"
        driver.sea.publish()
        await driver.sees("lost", "no route to host", "anna")
        driver.sea.storm = ""
        driver.sea.publish()
        await driver.press("ctrl+r")
        await driver.sees("● live", "anna")
        await driver.until(lambda: "no route" not in driver.text(), "the loss is over")


async def test_low_bandwidth_shows_no_clock_and_uses_the_terminals_own_colours() -> None:
    async with driving(low_bandwidth=True) as driver:
        await driver.sees("live")
        assert driver.app.theme == "ansi"
        assert "22:1" not in driver.text()
        assert driver.app.animation_level == "none"


async def test_a_theme_is_changed_by_name() -> None:
    async with driving() as driver:
        await driver.order("theme light")
        assert driver.app.theme == "light"


async def test_leaving_closes_the_clients_and_says_nothing_to_the_cluster() -> None:
    async with driving() as driver:
        await driver.order("boats")
        await driver.sees("anna")
        sea = driver.sea
        await driver.press("colon", "q")
        await driver.pilot.press("enter")
        await driver.pilot.pause()
    assert sea.done == ["closed"]


async def test_the_start_of_the_settings_is_the_first_place() -> None:
    async with driving(settings=Settings(start="boats oslo"), start="boats oslo") as driver:
        await driver.sees("clara", "1 of 3")


async def test_names_that_look_like_markup_or_escapes_are_only_text() -> None:
    async with driving() as driver:
        driver.sea.add(fleet.Boat("[/x] [bold]b", "kiel", captain="\x1b]52;c;evil\x07"), fleet.Boat("龙舟", "kiel"))
        await driver.order("boats")
        await driver.sees("[/x] [bold]b", "龙舟")
        assert "\x1b" not in driver.text()
        await driver.press("h")
        await driver.sees("hail boat kiel/[/x] [bold]b")
        await driver.press("enter")
        await driver.until(lambda: "[/x] [bold]b answers" in driver.said, "the toast")


async def test_help_lists_what_works_on_the_page_that_was_left() -> None:
    async with driving(size=(100, 60)) as driver:
        await driver.order("boats")
        await driver.sees("anna")
        await driver.press("question_mark")
        await driver.sees("hail: call the crew", "ctrl-d", "sink", ":pods kafka /re")
        await driver.press("escape")
        await driver.sees("anna")


async def test_the_tour_goes_on_when_the_person_did_what_it_says() -> None:
    async with driving(tour=True) as driver:
        await driver.sees("tour 1/8", ":nodes enter")
        await driver.order("nodes")
        await driver.sees("tour 2/8", "safe")
        await driver.press("r")
        await driver.sees("tour 3/8", "start")
        await driver.press("escape")
        await driver.sees("tour 3/8")
        await driver.press("r", "s")
        await driver.type("to learn")
        await driver.press("enter", "enter")
        await driver.sees("tour 4/8", "of 2 steps")
        await driver.press("q")
        await driver.sees("tour 5/8", "shift-r", "nodes (")
        await driver.press("R")
        await driver.sees("tour 6/8")
        await driver.press("s")
        await driver.type("learnt")
        await driver.press("enter", "enter")
        await driver.sees("tour 7/8", ":runs enter")
        await driver.order("runs")
        await driver.sees("tour 8/8")
        await driver.press("question_mark")
        await driver.until(lambda: "tour 8/8" not in driver.text(), "the end of the tour")
        assert "that was the tour; esc goes back, :q leaves, and ends the sandbox" in driver.said


async def test_the_tour_of_a_console_that_only_looks_has_no_lesson_that_changes_something() -> None:
    async with driving(tour=True, settings=Settings(read_only=True)) as driver:
        await driver.order("nodes")
        await driver.sees("tour 2/4")
        await driver.press("r")
        await driver.sees("tour 3/4", ":runs enter")


async def test_a_click_on_a_footer_key_presses_it() -> None:
    async with driving() as driver:
        await driver.order("boats")
        await driver.sees("anna", "h hail")
        at = driver.text().splitlines()[-1].index("h hail")
        await driver.pilot.click("#footer", offset=(at, 0))
        await driver.sees("hail boat kiel/anna in north")


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_a_terminal_without_unicode_gets_ascii_only(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "linux")
    monkeypatch.setenv("LANG", "C")
    async with driving(size=size) as driver:
        await driver.sees("fleet north", "+ live")
        assert driver.text().isascii(), driver.text()
        await driver.order("nodes")
        await driver.sees("node1")
        await driver.press("r")
        await driver.sees("SAFE")
        assert driver.text().isascii(), driver.text()
        await driver.press("s")
        await driver.sees("why drain node1?")
        assert driver.text().isascii(), driver.text()
