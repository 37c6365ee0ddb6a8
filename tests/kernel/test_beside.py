"""Columns that speak of another table's rows: looked up by the row's key, muted when they are old, fenced as others."""

from __future__ import annotations

from console import beside
from console.filtering import parse_filter
from console.model import InstanceId, SourceState, Tone
from console.output import chosen, record
from console.plugin import Cell, Column, Pane, Table
from console.store import Store
from tests.clock import FakeClock
from tests.screens.table.ship import PANE, SHIPS, Ship
from tests.values import replace

HERE = InstanceId("harbour", "north")
Speed = tuple[str, int]
SPEEDS: Table[Speed] = Table("speeds", lambda speed: speed[0])


def _knots(speed: Speed | None, _now: float = 0.0) -> Cell:
    return Cell(f"{speed[1]} kn") if speed else Cell("-", Tone.MUTED)


KNOTS: Column[Speed | None] = Column("KNOTS", lambda speed: speed[1] if speed else None, _knots, of=SPEEDS)


def _pane(store: Store) -> Pane[Ship]:
    return beside.bound(replace(PANE, columns=(*PANE.columns, KNOTS)), store.facts(HERE))  # pyright: ignore[reportArgumentType]


async def test_a_column_of_another_table_follows_its_rows_and_the_pane_s_own_stay_as_they_are() -> None:
    store = Store(FakeClock())
    pane, ship = _pane(store), Ship("anna")
    store.rows(HERE, SHIPS).change([ship])
    column = pane.columns[-1]
    assert column.cell is not None
    assert (column.value(ship), column.cell(ship, 0.0)) == (None, Cell("-", Tone.MUTED))
    await store.publish()
    before = store.rows(HERE, SHIPS).snapshot
    store.rows(HERE, SPEEDS).change([("kiel/anna", 7), ("kiel/bertha", 9)])
    await store.publish()
    assert (column.value(ship), column.cell(ship, 0.0)) == (7, Cell("7 kn"))
    assert store.rows(HERE, SHIPS).snapshot is before
    assert record(pane, ship, store.fence)["knots"] == 7
    assert beside.tables(pane) == (SPEEDS,)


async def test_numbers_of_a_source_that_is_silent_are_muted() -> None:
    store = Store(FakeClock())
    pane, ship = _pane(store), Ship("anna")
    store.rows(HERE, SPEEDS).change([("kiel/anna", 7)])
    store.rows(HERE, SPEEDS).failed(SourceState.STALE, "no answer")
    column = pane.columns[-1]
    assert column.cell is not None
    assert column.cell(ship, 0.0) == Cell("7 kn", Tone.MUTED)


def test_a_filter_does_not_look_at_what_changes_all_the_time() -> None:
    store = Store(FakeClock())
    store.rows(HERE, SPEEDS).change([("kiel/anna", 77)])
    ships = [Ship("anna"), Ship("b77")]
    kept = chosen(_pane(store), ships, parse_filter("77"), now=0.0, fence=store.fence)
    assert [ship.name for ship in kept] == ["b77"]
