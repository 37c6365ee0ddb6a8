"""Logs as a person reads them: follow, hold, filter, since, previous, several together; a flood costs little."""

from __future__ import annotations

import time
from pathlib import Path

from textual.app import App, ComposeResult

from screens.widgets.logview import LIMIT, LogLine, LogView
from tests.screens.app.steering import Driver, driving


async def _logs(driver: Driver, *lines: str) -> None:
    driver.sea.say("anna/deck", *lines)
    await driver.order("boats kiel")
    await driver.sees("anna")
    await driver.press("l")
    await driver.sees(lines[-1])


async def test_lines_are_followed_until_they_are_held() -> None:
    async with driving(size=(80, 24)) as driver:
        await _logs(driver, *(f"line {n}" for n in range(100)))
        assert "line 5\n" not in driver.text()
        driver.sea.say("anna/deck", "the newest")
        await driver.sees("the newest", "following")
        await driver.press("s")
        await driver.sees("held")
        driver.sea.say("anna/deck", "and another")
        await driver.until(lambda: "102 lines" in driver.text(), "it is kept")
        assert "and another" not in driver.text()
        await driver.press("s")
        await driver.sees("and another", "following")


async def test_going_up_holds_and_the_end_is_found_again() -> None:
    async with driving(size=(80, 24)) as driver:
        await _logs(driver, *(f"line {n}" for n in range(100)))
        await driver.press("pageup")
        await driver.sees("held")
        await driver.press("home")
        await driver.sees("line 0")


async def test_a_filter_keeps_lines_and_its_inverse_the_others() -> None:
    async with driving(size=(80, 24)) as driver:
        await _logs(driver, "ok one", "failed two", "ok three")
        await driver.press("slash")
        await driver.type("fail")
        await driver.sees("failed two", "1 lines")
        assert "ok one" not in driver.text()
        await driver.press("escape")
        await driver.sees("ok one")
        await driver.press("slash")
        await driver.type("!fail")
        await driver.sees("ok three", "2 lines")
        assert "failed two" not in driver.text()


async def test_a_filter_that_is_no_expression_says_why_and_changes_nothing() -> None:
    async with driving(size=(100, 24)) as driver:
        await _logs(driver, "a(b")
        await driver.press("slash")
        await driver.type("a(")
        await driver.sees("not a regular expression", "a(b")


async def test_what_is_asked_of_the_plugin_follows_the_keys() -> None:
    async with driving() as driver:
        await _logs(driver, "hello")
        assert driver.sea.queries[-1].follow
        assert driver.sea.queries[-1].tail == 500
        await driver.press("3")
        await driver.until(lambda: driver.sea.queries[-1].since == 300.0, "since five minutes")
        await driver.press("t")
        await driver.until(lambda: driver.sea.queries[-1].timestamps, "with timestamps")
        await driver.press("p")
        await driver.until(lambda: driver.sea.queries[-1].previous, "of the life before")
        assert not driver.sea.queries[-1].follow
        await driver.sees("previous life", "the log ended")


async def test_all_containers_are_read_together_each_by_its_name() -> None:
    async with driving() as driver:
        driver.sea.say("anna/engine", "warm")
        await _logs(driver, "wet")
        assert "warm" not in driver.text()
        await driver.press("c")
        await driver.sees("whose log", "anna/engine", "all of them")
        await driver.press("down", "down", "enter")
        await driver.sees("wet", "warm", "2 sources")


async def test_colours_and_escapes_of_a_program_do_not_reach_the_terminal() -> None:
    async with driving() as driver:
        await _logs(driver, "\x1b[31mred\x1b[0m [/b] \x1b]52;c;evil\x07after", "end")
        await driver.sees("red [/b] after")
        assert "\x1b" not in driver.text()


async def test_what_is_shown_is_saved_to_a_file_of_the_person() -> None:
    async with driving() as driver:
        await _logs(driver, "keep me")
        await driver.press("ctrl+s")
        await driver.until(lambda: any("saved" in said for said in driver.said), "saved")
        path = next(said for said in driver.said if "saved" in said).partition(" ")[2]
        assert Path(path).read_text(encoding="utf-8") == "keep me\n"
        assert Path(path).stat().st_mode & 0o077 == 0


async def test_the_yaml_hides_secrets_until_they_are_asked_for() -> None:
    async with driving() as driver:
        await driver.order("boats oslo")
        await driver.sees("clara")
        await driver.press("y")
        await driver.sees("captain: (masked)")
        await driver.press("x")
        await driver.sees("captain: ann", "secrets shown")
        await driver.press("slash")
        await driver.type("harbour")
        await driver.press("enter")
        await driver.sees("/harbour")


async def test_a_row_that_is_gone_says_so() -> None:
    async with driving() as driver:
        await driver.order("boats oslo")
        await driver.sees("clara")
        await driver.press("y")
        await driver.sees("captain")
        await driver.press("escape")
        del driver.sea.boats["oslo/clara"]
        driver.sea.publish()
        await driver.sees("0 of 2")
        await driver.press("right_square_bracket")
        await driver.until(lambda: any("oslo/clara is gone" in said for said in driver.said), "gone")


class _Alone(App[None]):
    def compose(self) -> ComposeResult:
        yield LogView()


async def test_ten_thousand_lines_are_kept_and_a_flood_is_one_paint() -> None:
    async with _Alone().run_test(size=(80, 24)) as pilot:
        view = pilot.app.query_one(LogView)
        painted: list[int] = []
        refresh = view.refresh
        view.refresh = lambda *regions, **options: (painted.append(1), refresh(*regions, **options))[1]  # type: ignore[method-assign]
        began = time.process_time()
        view.extend(LogLine(f"line {n}") for n in range(100_000))
        assert time.process_time() - began < 5
        assert len(painted) == 1
        assert len(view.lines) == LIMIT
        assert view.lines[-1].text == "line 99999"
        view.extend([LogLine("last")])
        assert view.lines[0].text == "line 90001"
        assert view.dropped == 1


async def test_wrapped_lines_take_as_many_rows_as_they_need() -> None:
    async with _Alone().run_test(size=(20, 10)) as pilot:
        view = pilot.app.query_one(LogView)
        view.extend([LogLine("0123456789" * 5)])
        await pilot.pause()
        assert view.render_line(0).text.endswith("…")
        view.wrap(wrapped=True)
        await pilot.pause()
        assert [view.render_line(y).text.strip() for y in range(3)] == ["01234567890123456789"] * 2 + ["0123456789"]
