from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from console.fence import Fence
from console.filtering import parse_filter
from console.model import Delta, Snapshot
from screens.widgets import order as order_module
from screens.widgets.contents import Contents
from screens.widgets.order import Order
from screens.widgets.reading import Reader
from tests.screens.table.ship import NOW, PANE, TREE, Ship, fleet
from tests.values import replace

NAMES = [f"ship-{number}" for number in range(12)]
VALUES = st.one_of(st.none(), st.integers(-5, 5), st.floats(allow_nan=True, allow_infinity=True, width=16))
CHANGES = st.lists(
    st.dictionaries(st.sampled_from(NAMES), st.one_of(st.just("gone"), VALUES), min_size=1, max_size=8), max_size=12
)


def contents(pane: Any = PANE) -> Contents[Ship]:
    return Contents(Reader(pane, Fence()), lambda: NOW)


def finish(content: Contents[Ship]) -> None:
    while not content.work():
        pass


def fed(content: Contents[Ship], rows: dict[str, Ship], change: dict[str, Any], number: int) -> dict[str, Ship]:
    """One publication: ships get another cargo, come, or go."""
    after = dict(rows)
    for name, value in change.items():
        key = f"kiel/{name}"
        if value == "gone":
            after.pop(key, None)
        else:
            after[key] = Ship(name, cargo=value, captain=f"captain {number % 3}")
    added, removed = after.keys() - rows.keys(), rows.keys() - after.keys()
    changed = {key for key in after.keys() & rows.keys() if after[key] != rows[key]}
    content.take(Snapshot(after, complete=True), Delta(frozenset(added), frozenset(changed), frozenset(removed)))
    return after


def expected(rows: dict[str, Ship], *, descending: bool) -> list[str]:
    """By cargo, nothing last, then by name as people count."""

    def place(ship: Ship) -> tuple[Any, ...]:
        nothing = ship.cargo is None or ship.cargo != ship.cargo  # not a number equals nothing
        number = 0.0 if nothing or ship.cargo is None else float(ship.cargo)
        return nothing, -number if descending else number, int(ship.name.removeprefix("ship-"))

    return [ship.key for ship in sorted(rows.values(), key=place)]


@settings(max_examples=60, deadline=None)
@given(CHANGES, st.booleans(), st.booleans())
def test_after_any_deltas_the_order_is_that_of_sorted_rows(
    changes: list[dict[str, Any]],
    descending: bool,  # noqa: FBT001
    big: bool,  # noqa: FBT001
) -> None:
    content, rows = contents(), dict[str, Ship]()
    content.sort_by(2, descending=descending)
    few, order_module.FEW_MOVES = order_module.FEW_MOVES, 0 if big else 1000
    try:
        for number, change in enumerate(changes):
            rows = fed(content, rows, change, number)
            finish(content)
            assert list(content.order) == expected(rows, descending=descending)
            assert [content.order.index_of(key) for key in content.order] == list(range(len(rows)))
    finally:
        order_module.FEW_MOVES = few


@settings(max_examples=40, deadline=None)
@given(CHANGES, st.data())
def test_deltas_that_arrive_while_slices_are_outstanding_are_not_lost(
    changes: list[dict[str, Any]], data: st.DataObject
) -> None:
    content, rows = contents(), dict[str, Ship]()
    content.sort_by(2, descending=False)
    for number, change in enumerate(changes):
        rows = fed(content, rows, change, number)
        content.work(-1.0)
        if data.draw(st.booleans()):
            content.limit(line=parse_filter("ship"))
    finish(content)
    assert list(content.order) == expected(rows, descending=False)


@settings(max_examples=40, deadline=None)
@given(CHANGES)
def test_a_filter_keeps_exactly_the_rows_it_accepts(changes: list[dict[str, Any]]) -> None:
    content, rows = contents(), dict[str, Ship]()
    content.limit(line=parse_filter('"captain 1"'), scope={"namespace": "kiel"})
    for number, change in enumerate(changes):
        rows = fed(content, rows, change, number)
        finish(content)
        assert set(content.order) == {key for key, ship in rows.items() if ship.captain == "captain 1"}


def steps(work: Iterator[None]) -> int:
    return sum(1 for _ in work)


def test_work_is_cut_into_small_pieces() -> None:
    rows = {ship.key: ship for ship in fleet(5000)}
    seen: list[str] = []

    def rank(key: str, ship: Ship) -> tuple[Any, ...]:
        seen.append(key)
        return (ship.cargo, key)

    order: Order[Ship] = Order(rank)
    work = order.rebuild(rows)
    next(work)
    assert 0 < len(seen) <= 64
    assert len(order) == 0
    assert steps(work) > 5000 // 64
    assert len(order) == 5000


def test_rows_whose_place_is_the_same_are_not_moved() -> None:
    rows = {ship.key: ship for ship in fleet(50)}
    content = contents()
    content.take(Snapshot(rows), Delta(added=frozenset(rows)))
    finish(content)
    before = list(content.order)
    rows = {**rows, "kiel/ship-7": replace(rows["kiel/ship-7"], captain="other")}
    content.take(Snapshot(rows), Delta(changed=frozenset({"kiel/ship-7"})))
    finish(content)
    assert list(content.order) == before
    shown = content.row("kiel/ship-7")
    assert shown is not None
    assert shown.captain == "other"


def test_a_pause_keeps_the_rows_and_what_follows_it_catches_up() -> None:
    content = contents()
    fed(content, {}, {"ship-1": 1}, 0)
    finish(content)
    content.pause(paused=True)
    rows = fed(content, {"kiel/ship-1": Ship("ship-1", cargo=1, captain="captain 0")}, {"ship-2": 2, "ship-1": 9}, 1)
    finish(content)
    content.sort_by(2, descending=True)
    finish(content)
    assert list(content.order) == ["kiel/ship-1"]
    old = content.row("kiel/ship-1")
    assert old is not None
    assert old.cargo == 1
    assert content.behind == 2
    content.pause(paused=False)
    finish(content)
    assert list(content.order) == expected(rows, descending=True)
    assert content.behind == 0


def tree(*ships: Ship) -> Contents[Ship]:
    content = contents(TREE)
    rows = {ship.key: ship for ship in ships}
    content.take(Snapshot(rows), Delta(added=frozenset(rows)))
    finish(content)
    return content


def drawn(content: Contents[Ship]) -> list[tuple[int, str]]:
    order = content.order
    return [(order.depth_at(at), order.key_at(at).removeprefix("kiel/")) for at in range(len(order))]


def test_children_stand_under_their_parent_in_the_order_of_their_keys() -> None:
    content = tree(
        Ship("b", cargo=1),
        Ship("a", cargo=2),
        Ship("a-10", flagship="kiel/a", cargo=0),
        Ship("a-9", flagship="kiel/a", cargo=5),
        Ship("boat", flagship="kiel/a-9"),
    )
    assert drawn(content) == [(0, "a"), (1, "a-9"), (2, "boat"), (1, "a-10"), (0, "b")]
    content.sort_by(2, descending=False)
    finish(content)
    assert drawn(content) == [(0, "b"), (0, "a"), (1, "a-9"), (2, "boat"), (1, "a-10")]


def test_a_tree_shows_whatever_belongs_to_a_row_that_passes() -> None:
    content = tree(Ship("a"), Ship("a-1", flagship="kiel/a"), Ship("a-2", flagship="kiel/a", captain="eve"), Ship("b"))
    content.limit(line=parse_filter("eve"))
    finish(content)
    assert drawn(content) == [(0, "a"), (1, "a-2")]
    content.limit(line=parse_filter("kiel/a$"))
    finish(content)
    assert drawn(content) == [(0, "a"), (1, "a-1"), (1, "a-2")]


def test_a_parent_that_is_missing_or_in_a_circle_makes_a_root() -> None:
    content = tree(Ship("lost", flagship="kiel/none"), Ship("x", flagship="kiel/y"), Ship("y", flagship="kiel/x"))
    assert sorted(key for _, key in drawn(content)) == ["lost", "x", "y"]


def test_a_tree_follows_its_deltas() -> None:
    content = tree(Ship("a"), Ship("a-1", flagship="kiel/a"))
    rows = {ship.key: ship for ship in (Ship("a"), Ship("a-2", flagship="kiel/a"))}
    content.take(Snapshot(rows), Delta(added=frozenset({"kiel/a-2"}), removed=frozenset({"kiel/a-1"})))
    finish(content)
    assert drawn(content) == [(0, "a"), (1, "a-2")]
