from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual import events
from textual.geometry import Region
from textual.pilot import Pilot

from console.fence import Fence
from console.filtering import parse_filter
from console.model import Delta, Snapshot, SourceState
from console.plugin import Cell, Column, Pane, Table
from screens.widgets.freshness import MARKED_FOR
from screens.widgets.table import TICK, LiveTable
from tests.clock import FakeClock
from tests.screens.table.ship import NOW, PANE, TREE, Host, Ship, broken_pane, fleet, plain
from tests.values import replace


class Watched(LiveTable[Ship]):
    """A live table that remembers which regions it asked to be painted."""

    def __init__(self, pane: Pane[Ship] = PANE, fence: Fence | None = None) -> None:
        self.clock = FakeClock(NOW)
        self.asked: list[Region | None] = []
        super().__init__(pane, self.clock, fence)

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Any:
        self.asked += regions or (None,)
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def publish(self, *ships: Ship, gone: tuple[str, ...] = (), **meta: Any) -> None:
        old = self.contents.snapshot
        rows = {key: ship for key, ship in old.rows.items() if key not in gone}
        rows.update((ship.key, ship) for ship in ships)
        delta = Delta(
            added=frozenset(rows.keys() - old.rows.keys()),
            changed=frozenset(ship.key for ship in ships if ship.key in old.rows),
            removed=frozenset(gone),
        )
        self.take(Snapshot(rows, meta.pop("state", SourceState.LIVE), NOW, complete=True, **meta), delta)


async def idle(pilot: Pilot[None], table: LiveTable[Any]) -> None:
    """All slices are done and all that they asked for is painted."""
    await pilot.pause()
    while table.busy:
        await pilot.pause()


@asynccontextmanager
async def shown(
    *ships: Ship, pane: Pane[Ship] = PANE, size: tuple[int, int] = (80, 12), fence: Fence | None = None
) -> AsyncGenerator[tuple[Pilot[None], Watched]]:
    table = Watched(pane, fence)
    async with Host(table, "ansi").run_test(size=size) as pilot:
        table.publish(*ships)
        table.focus()
        await idle(pilot, table)
        table.measure()
        await idle(pilot, table)
        table.asked.clear()
        yield pilot, table


def rows_of(table: LiveTable[Any]) -> list[str]:
    return [line.split()[0].strip("▌") for line in plain(table)[1:] if line.strip()]


async def test_an_unchanged_publication_paints_nothing() -> None:
    async with shown(*fleet(30)) as (pilot, table):
        table.publish()
        table.publish(table.contents.rows["kiel/ship-3"])
        table.tick()
        await idle(pilot, table)
        assert table.asked == []


async def test_one_changed_visible_row_paints_one_line_and_only_its_changed_cells() -> None:
    async with shown(*fleet(30)) as (pilot, table):
        table.publish(replace(table.contents.rows["kiel/ship-3"], captain="eve"))
        await idle(pilot, table)
        (region,) = table.asked
        assert region is not None
        assert (region.y, region.height) == (4, 1)
        assert 0 < region.width < 60
        assert "eve" in plain(table)[4]


async def test_only_the_cells_of_a_changed_row_are_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with shown(*fleet(30)) as (pilot, table):
        table.widen(wide=True)
        await idle(pilot, table)
        asked: list[str] = []
        cells = table.reader.cells

        def counted(ship: Ship, now: float) -> tuple[Cell, ...]:
            asked.append(ship.name)
            return cells(ship, now)

        monkeypatch.setattr(table.reader, "cells", counted)
        table.publish(replace(table.contents.rows["kiel/ship-3"], captain="eve"))
        await idle(pilot, table)
        table.measure()
        table.repaint()
        assert asked == ["ship-3"], "once, to find out what is new and to draw it"


async def test_a_line_whose_ages_read_the_same_is_not_drawn_again() -> None:
    async with shown(*fleet(3), Ship("young", built=NOW - 50)) as (_, table):
        before = {line.text.split()[0]: line for line in map(table.render_line, range(1, 5))}
        await table.clock.advance(TICK)
        table.tick()
        after = {line.text.split()[0]: line for line in map(table.render_line, range(1, 5))}
        assert [name for name in before if after[name] is not before[name]] == ["young"]


async def test_a_changed_row_that_is_not_visible_paints_nothing() -> None:
    async with shown(*fleet(200)) as (pilot, table):
        table.publish(replace(table.contents.rows["kiel/ship-150"], captain="eve"))
        await idle(pilot, table)
        assert table.asked == []


async def test_moving_the_cursor_paints_two_lines() -> None:
    async with shown(*fleet(30)) as (pilot, table):
        await pilot.press("down")
        await idle(pilot, table)
        assert [region and region.y for region in table.asked] == [1, 2]


async def test_changed_cells_are_marked_for_three_seconds_and_new_rows_too() -> None:
    def underlined() -> str:
        return "".join(
            segment.text
            for y in range(1, 12)
            for segment in table.render_line(y)
            if segment.style and segment.style.underline
        )

    async with shown(*fleet(3)) as (pilot, table):
        table.publish(replace(table.contents.rows["kiel/ship-1"], captain="eve"))
        await idle(pilot, table)
        assert underlined().split() == ["eve"]
        table.publish(Ship("ship-9", captain="zoe"))
        assert "ship-9" in underlined()
        await table.clock.advance(MARKED_FOR)
        table.fade()
        assert underlined() == ""


async def test_over_a_slow_link_changes_are_painted_once() -> None:
    async with shown(*fleet(3)) as (pilot, table):
        table.calm = True
        table.publish(replace(table.contents.rows["kiel/ship-1"], captain="eve"))
        await idle(pilot, table)
        assert "eve" in plain(table)[2]
        assert not any(segment.style and segment.style.underline for segment in table.render_line(2))


async def test_rows_of_the_first_list_are_no_news() -> None:
    async with shown(*fleet(5)) as (_, table):
        styles = [segment.style for y in range(1, 6) for segment in table.render_line(y)]
        assert not any(style and style.underline for style in styles)


async def test_ages_are_painted_only_where_their_text_changed() -> None:
    old, young = Ship("old", built=NOW - 86_400 * 90), Ship("young", built=NOW - 20)
    async with shown(old, young) as (pilot, table):
        assert plain(table)[2].endswith("20s")
        table.clock.set_wall(NOW + 10)
        table.tick()
        await idle(pilot, table)
        assert [region and region.y for region in table.asked] == [2]
        assert plain(table)[2].endswith("30s")


SPEEDS: Table[tuple[str, int]] = Table("speeds", lambda speed: speed[0])


async def test_what_stands_beside_the_rows_is_painted_and_sorts_although_no_row_changed() -> None:
    knots = {"kiel/a": 1, "kiel/b": 2}
    column = Column[Ship]("KNOTS", lambda ship: knots[ship.key], align="right", of=SPEEDS)
    pane = replace(PANE, columns=(PANE.columns[0], column))
    async with shown(Ship("a"), Ship("b"), pane=pane) as (pilot, table):
        table.asked.clear()
        knots["kiel/a"] = 3
        table.take_beside(SPEEDS, Delta(changed=frozenset(knots)))
        await idle(pilot, table)
        assert [(region.y, region.height) for region in table.asked if region] == [(1, 1)]
        assert None not in table.asked
        table.sort_by(1, descending=True)
        await idle(pilot, table)
        assert list(table.contents.order) == ["kiel/a", "kiel/b"]
        knots["kiel/b"] = 9
        table.take_beside(SPEEDS, Delta(changed=frozenset(knots)))
        await idle(pilot, table)
        assert list(table.contents.order) == ["kiel/b", "kiel/a"]


async def test_rows_keep_their_place_under_the_cursor() -> None:
    async with shown(*fleet(40)) as (pilot, table):
        await pilot.press("end", "up", "up")
        line = next(y for y, text in enumerate(plain(table)) if "ship-37" in text)
        table.publish(*(Ship(f"a-{number}") for number in range(5)), gone=("kiel/ship-36",))
        await idle(pilot, table)
        assert table.selected_key == "kiel/ship-37"
        assert "ship-37" in plain(table)[line]


async def test_a_click_on_a_title_sorts_and_another_turns_it_round() -> None:
    async with shown(*fleet(5), Ship("big", cargo=99)) as (pilot, table):
        at = plain(table)[0].index("CARGO")
        await pilot.click(LiveTable, offset=(at + 1, 0))
        await idle(pilot, table)
        assert "CARGO↑" in plain(table)[0]
        assert rows_of(table)[-1] == "big"
        await pilot.click(LiveTable, offset=(at + 1, 0))
        await idle(pilot, table)
        assert "CARGO↓" in plain(table)[0]
        assert rows_of(table)[0] == "big"


async def test_a_click_puts_the_cursor_on_a_row_and_the_wheel_scrolls() -> None:
    async with shown(*fleet(50)) as (pilot, table):
        await pilot.click(LiveTable, offset=(5, 4))
        assert table.selected_key == "kiel/ship-3"
        table.action_edge(1)
        assert rows_of(table)[-1] == "ship-49"
        assert len([line for line in plain(table) if line.endswith("┃")]) == 2


async def test_the_wheel_moves_the_window_and_with_shift_the_columns() -> None:
    async with shown(*fleet(50), size=(40, 10)) as (pilot, table):

        def wheel(*, shift: bool) -> events.MouseScrollDown:
            return events.MouseScrollDown(
                table, x=3, y=3, delta_x=0, delta_y=1, button=0, shift=shift, meta=False, ctrl=False
            )

        table.post_message(wheel(shift=False))
        await idle(pilot, table)
        assert (table.steering.top, rows_of(table)[0]) == (3, "ship-3")
        table.post_message(wheel(shift=True))
        await idle(pilot, table)
        assert table.ruler.left > 0


async def test_marks_stay_with_their_rows_and_go_with_them() -> None:
    async with shown(*fleet(6)) as (pilot, table):
        await pilot.press("space", "space")
        table.sort_by(0, descending=True)
        await idle(pilot, table)
        assert [line[:7] for line in plain(table)[5:7]] == ["▌ship-1", "▌ship-0"]
        assert [key for key, _ in table.marked()] == ["kiel/ship-1", "kiel/ship-0"]
        table.publish(gone=("kiel/ship-0",))
        assert [key for key, _ in table.marked()] == ["kiel/ship-1"]
        await pilot.press("down", "down", "ctrl+backslash")
        assert table.marked() == []


async def test_a_tree_is_drawn_with_its_branches() -> None:
    async with shown(
        Ship("set"), Ship("set-0", flagship="kiel/set"), Ship("set-1", flagship="kiel/set"), pane=TREE
    ) as (_, table):
        assert [line[:9].rstrip() for line in plain(table)[1:4]] == [" set", " ├ set-0", " └ set-1"]


async def test_a_tree_is_collapsed_and_expanded_row_by_row_or_as_a_whole_and_says_how_much_it_hides() -> None:
    ships = (Ship("a"), Ship("a-0", flagship="kiel/a"), Ship("a-1", flagship="kiel/a"), Ship("b"))
    async with shown(*ships, Ship("b-0", flagship="kiel/b"), pane=TREE) as (pilot, table):

        async def press(*keys: str) -> list[str]:
            await pilot.press(*keys)
            await idle(pilot, table)
            return [line.split("  ")[0].strip() for line in plain(table)[1:] if line.strip()]

        assert await press("left") == ["a (+2)", "b", "└ b-0"]
        assert await press("left") == ["a (+2)", "b", "└ b-0"]
        assert await press("right") == ["a", "├ a-0", "└ a-1", "b", "└ b-0"]
        await press("down", "down", "left")
        assert table.selected_key == "kiel/a"
        table.action_fold_all()
        assert await press() == ["a (+2)", "b (+1)"]
        table.publish(Ship("a-2", flagship="kiel/a"))
        assert await press() == ["a (+3)", "b (+1)"]
        table.limit(line=parse_filter("a-1"))
        assert await press("left") == ["a", "└ a-1"]
        table.limit(line=parse_filter(""))
        assert await press() == ["a (+3)", "b (+1)"]
        table.action_fold_all()
        assert len(await press()) == 6


async def test_code_of_a_plugin_that_raises_makes_a_question_mark_and_a_breakage() -> None:
    fence = Fence()
    async with shown(*fleet(2), pane=broken_pane(), fence=fence) as (pilot, table):
        table.sort_by(1)
        table.limit(faults_only=True)
        await idle(pilot, table)
        assert [line.split() for line in plain(table)[1:3]] == [
            ["ship-0", "✗", "?", "✗", "?"],
            ["ship-1", "✗", "?", "✗", "?"],
        ]
        assert {"ships column BAD", "ships column ODD", "ships fault", "ships parent"} <= fence.breakages.keys()
        table.limit(scope={"namespace": "kiel"})
        await idle(pilot, table)
        assert "ships facets" in fence.breakages


async def test_hostile_rows_neither_leave_their_line_nor_reach_the_terminal() -> None:
    names = ["\x1b]52;c;eA==\x07", "[/b][@click=app.quit]x[/]", "x" * 10_000, "مرحبا", "中文" * 30, "a\nb\tc"]
    async with shown(*(Ship(name, captain=name) for name in names), size=(60, 12)) as (_, table):
        strips = [table.render_line(y) for y in range(12)]
        assert all(strip.cell_length == 60 for strip in strips)
        assert all(strip.text.isprintable() for strip in strips)
        assert any("[@click=app.quit]x[/]" in strip.text for strip in strips)


@pytest.mark.parametrize("count", [10_000])
async def test_a_huge_table_is_whole_after_its_slices(count: int) -> None:
    async with shown(*fleet(count)) as (pilot, table):
        assert len(table.contents.order) == count
        await pilot.press("end")
        assert rows_of(table)[-1] == f"ship-{count - 1}"
        table.sort_by(2, descending=True)
        assert table.busy
        await idle(pilot, table)
        await pilot.press("home")
        assert plain(table)[1].split()[2:4] == ["sailing", "96"]


async def test_sideways_the_name_stays() -> None:
    async with shown(Ship("a", captain="a very long name of a captain who has many names"), size=(40, 6)) as (
        pilot,
        table,
    ):
        await pilot.press("right")
        assert plain(table)[1].startswith(" a ")
        assert table.ruler.left > 0
        await pilot.press("left", "left")
        assert table.ruler.left == 0
