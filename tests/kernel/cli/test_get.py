"""`pilothouse get` on an invented system: forms, filters, sorting, watching, and what goes wrong."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from console import runtime
from console.cli import get, run
from console.cli.arguments import parser
from console.plugin import Column, Poll, Table
from tests import dummy
from tests.dummy import Warehouse, Widget
from tests.values import replace


@pytest.fixture(autouse=True)
def east(monkeypatch: pytest.MonkeyPatch) -> Iterator[Warehouse]:
    dummy.WAREHOUSES.update(east=Warehouse(), west=Warehouse())
    for name, node, size in (("b", "n1", 5), ("a", "n2", 7), ("c", "n1", 1)):
        dummy.WAREHOUSES["east"].widgets[name] = Widget(name, node, size, broken=name == "b")
    monkeypatch.setattr(runtime, "discover", lambda: [dummy.PLUGIN])
    yield dummy.WAREHOUSES["east"]
    dummy.WAREHOUSES.clear()


def test_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["get", "widgets"]) == 0
    assert capsys.readouterr().out == "NAME  NODE  SIZE\na     n2    7 cm\nb     n1    5 cm\nc     n1    1 cm\n"


def test_json_holds_values_and_not_texts(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["get", "wi", "-o", "json", "--sort=-size"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert rows[0] == {"key": "a", "kind": "widget", "name": "a", "node": "n2", "size": 7}
    assert [row["key"] for row in rows] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("csv", "NAME,NODE,SIZE\nb,n1,5 cm\nc,n1,1 cm\n"),
        ("name", "widget/b\nwidget/c\n"),
        ("yaml", "- key: b\n  kind: widget\n  name: b\n  node: n1\n  size: 5\n"),
    ],
)
def test_forms(capsys: pytest.CaptureFixture[str], form: str, expected: str) -> None:
    assert run(["get", "widgets", "-o", form, "--filter", "node=n1"]) == 0
    assert capsys.readouterr().out.startswith(expected)


def test_one_row_by_name_and_one_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["get", "widgets", "c", "-o", "name"]) == 0
    assert capsys.readouterr().out == "widget/c\n"
    assert run(["get", "widgets", "zz"]) == 1
    assert "widgets: there is no zz" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["get", "nothing"], "there is no pane or kind `nothing`; panes: audit, runs, shelves, widgets"),
        (["get", "widgets", "--sort", "weight"], "widgets has no column `weight`; columns: NAME, NODE, SIZE"),
        (["get", "widgets", "--filter", "("], "("),
    ],
)
def test_usage(capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert not captured.out


async def test_watch_prints_what_changes(east: Warehouse, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = parser().parse_args(["get", "widgets", "-o", "json", "--watch"])
    watching = asyncio.create_task(get.get(arguments))
    printed = ""
    while '"key": "c"' not in printed:
        await asyncio.sleep(0)
        printed += capsys.readouterr().out
    east.put(Widget("d", "n9"))
    east.drop("a")
    while '"event": "gone"' not in printed:
        await asyncio.sleep(0)
        printed += capsys.readouterr().out
    watching.cancel()
    events = [json.loads(line) for line in printed.splitlines()]
    assert [(event["event"], event["key"]) for event in events] == [
        ("is", "a"),
        ("is", "b"),
        ("is", "c"),
        ("changed", "d"),
        ("gone", "a"),
    ]


def test_a_fault_of_ours_is_one_line_and_goes_to_the_log(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_arguments: object) -> int:
        raise ZeroDivisionError("never")

    monkeypatch.setattr(get, "main", broken)
    assert run(["get", "widgets"]) == 1
    assert "a fault of ours: ZeroDivisionError: never" in capsys.readouterr().err


def test_an_alias_that_limits_its_pane_does_so_here_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    widgets, *others = dummy.PANES
    limited = replace(widgets, aliases=("wi", "firsts"), limits={"firsts": {"node": "n1"}})
    monkeypatch.setattr(dummy, "PANES", (limited, *others))
    assert run(["get", "firsts", "-o", "name", "--filter", "!b"]) == 0
    assert capsys.readouterr().out == "widget/c\n"


def test_columns_that_speak_of_another_table_wait_for_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    weights: Table[tuple[str, int]] = Table("weights", lambda row: row[0])

    async def weigh(_client: object) -> list[tuple[str, int]]:
        return [("a", 70), ("c", 10)]

    widgets, *others = dummy.PANES
    column = Column[Any]("WEIGHT", lambda row: row[1] if row else None, of=weights)
    monkeypatch.setattr(dummy, "PANES", (replace(widgets, columns=(*widgets.columns, column)), *others))
    monkeypatch.setattr(dummy, "SOURCES", (*dummy.SOURCES, Poll(weights, weigh)))
    assert run(["get", "widgets", "-o", "json"]) == 0
    assert {row["name"]: row["weight"] for row in json.loads(capsys.readouterr().out)} == {"a": 70, "b": None, "c": 10}
