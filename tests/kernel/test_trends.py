"""Numbers of the last hour: who is followed, how they are drawn, and what a pane with them shows."""

from __future__ import annotations

import pytest

from console.model import InstanceId, Ref
from console.plugin import Cell, Column, Pane, Section, Table
from console.store import Store
from console.trends import MOST, Trends, chart, levels, spark, trended
from tests.clock import FakeClock
from tests.dummy import Widget
from tests.values import replace

HERE = InstanceId("dummy", "east")
ROWS: Table[Widget] = Table("trended", lambda widget: widget.name)
PANE: Pane[Widget] = Pane(
    name="trended",
    title="trended",
    table=ROWS,
    columns=(
        Column("NAME", lambda widget: widget.name),
        Column("SIZE", lambda widget: widget.size, lambda widget, _now: Cell(f"{widget.size} cm"), trend=True),
    ),
    ref=lambda widget: Ref("widget", widget.name),
    describe=lambda widget, _facts: (Section("own", (("name", Cell(widget.name)),)),),
)


def test_a_number_holds_until_it_changes() -> None:
    samples = [(100.0, 1.0), (130.0, 5.0)]
    assert levels(samples, now=159.0, seconds=80.0, cells=4) == [None, 1.0, 5.0, 5.0]


@pytest.mark.parametrize(
    ("values", "lines", "drawn"),
    [
        ([None, 0, 4, 8], 1, [" ▁▄█"]),
        ([4, 8], 2, [" █", "██"]),
        ([0, 0], 1, ["▁▁"]),
        ([None], 1, [" "]),
    ],
)
def test_charts_begin_at_nothing(values: list[float | None], lines: int, drawn: list[str]) -> None:
    assert chart(values, lines) == drawn


def test_one_number_is_no_line() -> None:
    assert spark([(0.0, 3.0)], 10.0) == ""
    assert spark([(0.0, 1.0), (590.0, 8.0)], 600.0)[-1] == "█"


def test_who_was_not_looked_at_for_longest_is_followed_no_more() -> None:
    trends = Trends(lambda row: row)
    for number in range(MOST + 1):
        trends.follow(f"row-{number}", number, 0.0)
    assert list(trends.follow("row-1", 7, 1.0)) == [(0.0, 1.0)], "still followed, so the first number is known"
    assert list(trends.follow("row-0", 7, 1.0)) == [(1.0, 7.0)], "it begins anew"


async def test_a_pane_shows_the_way_of_its_numbers_once_they_move() -> None:
    clock = FakeClock()
    store = Store(clock)
    facts, rows = store.facts(HERE), store.rows(HERE, ROWS)
    pane = trended(PANE, store, facts)
    cell, widget = pane.columns[1].cell, Widget("a", "node1", 1)
    assert cell is not None

    async def is_now(size: int) -> Widget:
        row = replace(widget, size=size)
        rows.change([row])
        await store.publish()
        return row

    row = await is_now(1)
    assert cell(row, clock.now()) == Cell("1 cm")
    assert [section.title for section in pane.describe(row, facts)] == ["own"]
    await clock.advance(300)
    row = await is_now(8)
    text = cell(row, clock.now()).text
    assert text.startswith("8 cm ")
    assert text[-1] == "█"
    last = pane.describe(row, facts)[-1]
    assert last.title == "last hour"
    assert last.lines[0] == ("SIZE", Cell("now 8 cm, from 1 to 8"))
    assert pane.columns[1].value(row) == 8, "machines and sorting get the number alone"


def test_a_pane_without_trends_is_itself() -> None:
    plain = replace(PANE, columns=PANE.columns[:1])
    assert trended(plain, Store(), Store().facts(HERE)) is plain
