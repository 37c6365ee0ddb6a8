from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from console.plugin import Column
from screens.widgets.columns import GAP, GUTTER, Measured, place, shown, widened


def column(title: str, **options: Any) -> Column[str]:
    return Column[str](title, value=str, **options)


def widths(columns: list[Column[str]], contents: list[int], room: int, *, wide: bool = False) -> list[tuple[str, int]]:
    placed = place(columns, [Measured(content) for content in contents], room, wide=wide)
    return [(columns[at.index].title, at.width) for at in placed]


def test_a_column_is_as_wide_as_its_content_or_its_title_with_an_arrow() -> None:
    assert widths([column("NAME"), column("STATE")], [10, 2], 80) == [("NAME", 10), ("STATE", 6)]


def test_columns_give_way_on_narrow_panes_and_wide_ones_stand_only_in_wide_mode() -> None:
    columns = [column("NAME"), column("NODE", hide_below=100), column("UID", wide=True), column("AGE")]
    assert shown(columns, 80, wide=False) == [0, 3]
    assert shown(columns, 100, wide=False) == [0, 1, 3]
    assert shown(columns, 80, wide=True) == [0, 1, 2, 3]


def test_room_that_is_left_goes_to_the_columns_that_grow() -> None:
    columns = [column("NAME"), column("WHY", grow=True), column("AGE", width=4), column("MORE", grow=True)]
    got = widths(columns, [10, 5, 3, 5], 81)
    assert got == [("NAME", 10), ("WHY", 30), ("AGE", 4), ("MORE", 30)]
    assert GUTTER + sum(cells for _, cells in got) + 3 * GAP == 81


def test_a_name_does_not_grow_away_from_what_is_said_of_it() -> None:
    columns = [column("NAME", grow=True), column("STATE", width=9)]
    assert widths(columns, [10, 0], 200) == [("NAME", 60), ("STATE", 9)]
    assert widths(columns, [70, 0], 200) == [("NAME", 70), ("STATE", 9)]


def test_a_column_that_grows_gives_way_before_the_table_scrolls() -> None:
    columns = [column("NAME", width=20), column("WHY", grow=True), column("AGE", width=20)]
    assert widths(columns, [0, 90, 0], 80) == [("NAME", 20), ("WHY", 35), ("AGE", 20)]
    assert widths(columns, [0, 90, 0], 40) == [("NAME", 20), ("WHY", 12), ("AGE", 20)]


def test_one_long_name_does_not_push_all_else_away() -> None:
    assert widths([column("NAME"), column("NODE")], [10_000, 10_000], 90) == [("NAME", 45), ("NODE", 30)]


@given(st.lists(st.tuples(st.integers(0, 300), st.booleans(), st.integers(0, 20)), min_size=1), st.integers(0, 300))
def test_columns_never_overlap(made: list[tuple[int, bool, int]], room: int) -> None:
    columns = [column(f"C{at}", grow=grow, width=fixed) for at, (_, grow, fixed) in enumerate(made)]
    placed = place(columns, [Measured(content) for content, _, _ in made], room)
    assert placed[0].x == GUTTER
    assert all(before.end + GAP == after.x for before, after in pairwise(placed))
    assert all(column.width > 0 for column in placed)


def test_measured_widths_never_shrink() -> None:
    first = widened([Measured(), Measured()], [[(5, False), (3, True)]])
    assert widened(first, [[(2, False), (9, False)]]) == [Measured(5, glyphs=False), Measured(11, glyphs=True)]
