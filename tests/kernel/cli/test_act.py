"""`pilothouse act` on an invented system: what there is, questions, consent, dry run, and what goes wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from console import runtime
from console.cli import run
from console.plugin import Ask, Facts
from tests import dummy
from tests.dummy import Warehouse, Widget


@pytest.fixture(autouse=True)
def east(monkeypatch: pytest.MonkeyPatch) -> Iterator[Warehouse]:
    dummy.WAREHOUSES.update(east=Warehouse(), west=Warehouse())
    for name, broken in (("whole", False), ("split", True)):
        dummy.WAREHOUSES["east"].widgets[name] = Widget(name, "n1", 5, broken=broken)
    dummy.WAREHOUSES["west"].widgets["afar"] = Widget("afar", "n1", 5, broken=True)
    monkeypatch.setattr(runtime, "discover", lambda: [dummy.PLUGIN])
    yield dummy.WAREHOUSES["east"]
    dummy.WAREHOUSES.clear()


def test_without_an_action_it_says_what_there_is_and_why_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["act", "widgets", "split"]) == 0
    assert capsys.readouterr().out.split() == ["polish", "change", "Polish", "--set", "cloth=silk"]
    assert run(["act", "widgets", "whole", "-o", "json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert listed[0]["disabled"] == "it shines already"
    assert listed[0]["asks"] == [{"id": "cloth", "title": "With which cloth?", "default": "silk"}]


def test_it_does_it_once_agreed(east: Warehouse, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["act", "widgets", "split", "polish", "--set", "cloth=wool", "--yes"]) == 0
    assert capsys.readouterr().out == "split polished with wool\n"
    assert east.polished == ["split"]


def test_of_another_instance_and_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["act", "wi", "afar", "polish", "--yes", "--instance", "west", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "object": "widget afar",
        "ok": True,
        "text": "afar polished with silk",
    }


def test_a_dry_run_says_what_and_changes_nothing(east: Warehouse, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["act", "widgets", "split", "polish", "--dry-run"]) == 0
    assert capsys.readouterr().out == "would Polish: widget split of dummy:east with cloth=silk\n"
    assert east.polished == []


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["widgets", "whole", "polish", "--yes"], 4, "it shines already"),
        (["widgets", "split", "polish"], 2, "nobody can be asked here"),
        (["widgets", "split", "melt"], 2, "no action `melt`"),
        (["widgets", "nothing", "polish"], 1, "there is no nothing"),
        (["nothing", "split"], 2, "no pane `nothing`"),
        (["widgets", "split", "polish", "--set", "cloth"], 2, "has no value"),
        (["widgets", "split", "polish", "--set", "colour=red", "--yes"], 2, "nobody asks for `colour`"),
    ],
)
def test_what_goes_wrong_is_said(
    east: Warehouse, capsys: pytest.CaptureFixture[str], words: list[str], code: int, said: str
) -> None:
    assert run(["act", *words]) == code
    assert said in capsys.readouterr().err
    assert east.polished == []


def test_read_only_and_production_hold_here_too(
    east: Warehouse, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["act", "widgets", "split", "polish", "--yes", "--read-only"]) == 1
    assert "read-only" in capsys.readouterr().err
    assert east.polished == []
    assert not list(tmp_path.iterdir())


def test_a_hidden_answer_comes_from_a_file_and_is_told_nowhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, east: Warehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every process of the machine may read a command line."""

    def asks(_row: Widget, _facts: Facts) -> tuple[Ask, ...]:
        return (Ask("cloth", "With which cloth?", hidden=True),)

    first, *others = dummy.PANES
    hidden = replace(first.actions[0], asks=asks)
    monkeypatch.setattr(dummy, "PANES", (replace(first, actions=(hidden,)), *others))
    (tmp_path / "cloth").write_text("velvet\n", encoding="utf-8")
    words = ["act", "widgets", "split", "polish", "--set"]
    assert run([*words, "cloth=velvet", "--yes"]) == 2
    assert "--set cloth=@FILE" in capsys.readouterr().err
    assert run([*words, f"cloth=@{tmp_path / 'cloth'}", "--dry-run"]) == 0
    said = capsys.readouterr()
    assert "with cloth=(hidden)" in said.out
    assert "velvet" not in said.out + said.err
    assert run([*words, f"cloth=@{tmp_path / 'cloth'}", "--yes"]) == 0
    assert capsys.readouterr().out == "split polished with velvet\n", "the action itself got it"
    assert east.polished == ["split"]
