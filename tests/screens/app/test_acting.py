"""Acting on rows: questions, what will be touched, typed names, reports, and why a key cannot be used."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from console.config import Settings
from console.plugin import Act, Action, Ask, Right, Shell
from tests.screens import fleet
from tests.screens.app.steering import Driver, driving
from tests.screens.far import Parrot
from tests.values import replace


async def test_a_change_shows_what_it_touches_and_is_done_only_after_a_yes() -> None:
    async with driving() as driver:
        await driver.order("boats")
        await driver.sees("anna")
        await driver.press("h")
        await driver.sees("hail boat kiel/anna in north")
        await driver.press("escape")
        assert driver.sea.done == []
        await driver.press("h", "enter")
        await driver.until(lambda: "anna answers" in driver.said, "the sentence of the action")
        assert driver.sea.done == ["hailed anna"]


async def test_what_destroys_wants_the_typed_name() -> None:
    async with driving() as driver:
        await driver.order("boats")
        await driver.sees("anna")
        await driver.press("ctrl+d")
        await driver.sees("this cannot be undone", "Type anna to agree")
        await driver.type("bertha")
        await driver.press("enter")
        await driver.sees("that is not anna")
        assert driver.sea.done == []
        await driver.press(*["backspace"] * 6)
        await driver.type("anna")
        await driver.press("enter")
        await driver.until(lambda: driver.sea.done == ["sank anna"], "anna is sunk")


async def test_a_production_context_wants_the_typed_name_for_every_change() -> None:
    async with driving(settings=Settings(production=("nor*",))) as driver:
        await driver.order("boats")
        await driver.sees("anna", "PRODUCTION")
        await driver.press("h")
        await driver.sees("north is a production context", "Type anna to agree")


async def test_marked_rows_are_done_together_with_a_report_for_each() -> None:
    async with driving() as driver:
        driver.sea.add(fleet.Boat("clara", "oslo", sunk=True))
        await driver.order("boats")
        await driver.sees("anna", "sunk")
        await driver.press("space", "down", "down", "space", "g")
        await driver.sees("course in degrees")
        await driver.press("enter")
        await driver.sees("steer 2 objects in north", "boat kiel/anna", "boat oslo/clara")
        await driver.press("enter")
        await driver.sees("1 of 2 done, 1 failed", "a sunk boat does not steer")
        assert driver.sea.done == ["steered anna 90"]


async def test_a_number_is_asked_for_until_it_is_one() -> None:
    async with driving() as driver:
        await driver.order("boats")
        await driver.sees("anna")
        await driver.press("g")
        await driver.press("backspace", "backspace", "enter")
        await driver.sees("a whole number is wanted")
        assert driver.sea.done == []


async def test_a_hidden_answer_is_masked_and_shown_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    async def let_aboard(act: Act, boat: fleet.Boat) -> str:
        told.append(act.answers["word"])
        return f"{boat.name} lets you aboard"

    ask = Ask("word", "the word of tonight", hidden=True)
    board = Action[fleet.Boat]("board", "board", let_aboard, key="h", asks=lambda _boat, _facts: (ask,))
    monkeypatch.setattr(fleet, "PANES", (fleet.NODE_PANE, replace(fleet.BOAT_PANE, actions=(board,))))
    async with driving() as driver:
        await driver.order("boats")
        await driver.sees("anna")
        await driver.press("h")
        await driver.sees("the word of tonight")
        await driver.type("pelican")
        await driver.sees("\u2022" * len("pelican"))
        assert "pelican" not in driver.text()
        await driver.press("enter")
        await driver.sees("board boat kiel/anna in north")
        assert "pelican" not in driver.text()
        await driver.press("enter")
        await driver.until(lambda: "anna lets you aboard" in driver.said, "it is done")
        assert told == ["pelican"]


async def test_a_key_that_cannot_be_used_says_why_in_one_line_and_the_menu_too() -> None:
    async with driving() as driver:
        driver.sea.add(fleet.Boat("anna", "kiel", sunk=True))
        await driver.order("boats")
        await driver.sees("anna", "sunk")
        await driver.press("ctrl+d")
        assert "sink: it is sunk already" in driver.said
        await driver.press("m")
        await driver.sees("sink", "it is sunk already", "hail")


async def test_keys_of_the_configuration_replace_the_defaults_everywhere() -> None:
    async with driving(settings=Settings(keys={"hail": "ctrl+o", "help": "f1"})) as driver:
        await driver.order("boats")
        await driver.sees("anna", "ctrl-o hail", "f1 help")
        await driver.press("h")
        assert driver.said == []
        await driver.press("ctrl+o")
        await driver.sees("hail boat kiel/anna")
        await driver.press("escape", "f1")
        await driver.sees("ctrl-o", "hail: call the crew")


async def test_the_palette_finds_the_same_commands_by_name() -> None:
    async with driving() as driver:
        await driver.order("boats")
        await driver.sees("anna")
        await driver.press("ctrl+p")
        await driver.type("hail")
        await driver.sees("hail  (h)")
        await driver.press("enter")
        await driver.sees("hail boat kiel/anna in north")


async def test_the_menu_of_the_right_mouse_button_is_the_one_of_the_row() -> None:
    async with driving() as driver:
        await driver.order("boats")
        await driver.sees("anna")
        await driver.pilot.click("LiveTable", offset=(3, 2), button=3)
        await driver.sees("hail", "call the crew", "kiel/bertha")


async def test_an_edit_in_a_terminal_that_cannot_be_handed_over_says_so() -> None:
    async with driving() as driver:
        await driver.order("boats")
        await driver.sees("anna")
        await driver.press("e")
        assert "this terminal cannot be handed over" in driver.said


@contextmanager
def _handed(_desk: object) -> Generator[None]:
    yield


def _editor(monkeypatch: pytest.MonkeyPatch, folder: Path, change: str) -> None:
    """An editor that changes the file by a sed expression."""
    script = folder / "editor.sh"
    script.write_text(f'#!/bin/sh\nsed -i "{change}" "$1"\n', encoding="utf-8")
    script.chmod(0o700)
    monkeypatch.setenv("EDITOR", str(script))
    monkeypatch.setattr("screens.handing.handed_over", _handed)


async def _edit(driver: Driver) -> None:
    await driver.order("boats")
    await driver.sees("anna")
    await driver.press("e")


async def test_an_edit_is_tried_shown_and_then_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _editor(monkeypatch, tmp_path, "s/harbour: kiel/harbour: oslo/")
    async with driving() as driver:
        await _edit(driver)
        await driver.sees("edit boat kiel/anna", "-harbour: kiel", "+harbour: oslo")
        assert driver.sea.done == []
        await driver.press("enter")
        await driver.until(lambda: driver.sea.done == ["wrote anna"], "it is written")


async def test_an_edit_that_changes_nothing_asks_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _editor(monkeypatch, tmp_path, "s/nowhere/never/")
    async with driving() as driver:
        await _edit(driver)
        await driver.until(lambda: "nothing was changed" in driver.said, "it says so")
        assert driver.sea.done == []


async def test_a_conflict_is_shown_and_nothing_is_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _editor(monkeypatch, tmp_path, "s/kind: Boat/kind: conflict/")
    async with driving() as driver:
        await _edit(driver)
        await driver.sees("the server refuses", "somebody else changed the boat first")
        await driver.press("escape")
        assert driver.sea.done == []


async def test_a_shell_is_handed_the_terminal_and_its_exit_code_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    async def interact(far: Parrot) -> int | None:
        return await far.close()

    monkeypatch.setattr("screens.handing.handed_over", _handed)
    monkeypatch.setattr("console.terminal.interact", interact)
    async with driving() as driver:
        await driver.order("boats")
        await driver.sees("anna")
        await driver.press("s")
        await driver.sees("shell in", "deck", "engine")
        await driver.press("enter")
        await driver.until(lambda: "anna: shell ended with 3" in driver.said, "the exit code")


async def test_a_port_is_opened_listed_and_closed() -> None:
    async with driving() as driver:
        await driver.order("boats")
        await driver.sees("anna")
        await driver.press("F")
        await driver.sees("which port of it", "8080")
        await driver.press("enter")
        await driver.press(*["backspace"] * 4)
        await driver.type("0")
        await driver.press("enter")
        await driver.until(lambda: any("leads to port 8080" in said for said in driver.said), "it is open")
        await driver.order("forwards")
        await driver.sees("forwards (1)", "boat kiel/anna:8080")
        await driver.press("ctrl+d")
        await driver.sees("no port is open")


async def test_a_console_that_only_looks_names_no_key_that_changes_something_and_says_why_on_pressing() -> None:
    async with driving(size=(160, 50), settings=Settings(read_only=True)) as driver:
        await driver.order("boats")
        await driver.sees("anna", "read-only", "l logs")
        footer = driver.text().splitlines()[-1]
        assert not [word for word in ("hail", "steer", "sink", "shell", "edit") if word in footer]
        for key, title in (("h", "hail"), ("s", "shell"), ("e", "edit")):
            await driver.press(key)
            assert f"{title}: read-only: this console was started to look, not to change" in driver.said
        await driver.press("question_mark")
        await driver.sees("hail: call the crew  (now: read-only")
        assert driver.sea.done == []


async def test_a_key_whose_right_is_missing_leaves_the_footer_and_says_why_until_it_is_granted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    right = Right("create", "boats/exec")
    assert fleet.BOAT_PANE.shell is not None
    shell = Shell(lambda _boat, _facts: ("deck",), fleet.BOAT_PANE.shell.open, rights=lambda _boat: (right,))
    monkeypatch.setattr(fleet, "PANES", (fleet.NODE_PANE, replace(fleet.BOAT_PANE, shell=shell)))
    async with driving(size=(160, 50)) as driver:
        driver.sea.rights.denied.add(str(right))
        await driver.order("boats")
        await driver.sees("anna", "h hail")
        await driver.until(lambda: "s shell" not in driver.text(), "the footer without it")
        await driver.press("s")
        await driver.until(lambda: any("you may not open a shell in boat kiel/anna" in s for s in driver.said), "why")
        driver.sea.rights.denied.clear()
        await driver.press("s")
        await driver.sees("s shell")


async def test_what_is_not_granted_is_refused_before_anything_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    steer = next(action for action in fleet.ACTIONS if action.id == "steer")

    def rights(boat: fleet.Boat) -> tuple[Right, ...]:
        return (Right("patch", "boats", namespace=boat.harbour),)

    held = replace(steer, rights=rights)
    monkeypatch.setattr(fleet, "PANES", (fleet.NODE_PANE, replace(fleet.BOAT_PANE, actions=(held,))))
    async with driving() as driver:
        driver.sea.rights.denied.add("patch boats in namespace kiel")
        await driver.order("boats")
        await driver.sees("anna")
        await driver.press("g")
        await driver.until(lambda: any("you may not steer boat kiel/anna" in said for said in driver.said), "why")
        assert "course in degrees" not in driver.text()
        await driver.press("end")
        await driver.sees("g steer")
        await driver.press("g")
        await driver.sees("course in degrees")
