"""Columns that speak of another table's row with the same key (`Column.of`): bound to the rows of an instance.

Owns the look-up, so that everybody else calls a column with the pane's own row. Refuses to feed those tables.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from console.model import SourceState, Tone
from console.plugin import Cell, Column, Facts, Pane, Sortable, Table


def tables(pane: Pane[Any]) -> tuple[Table[Any], ...]:
    """The tables that a pane's columns look into, each once."""
    return tuple(dict.fromkeys(column.of for column in pane.columns if column.of is not None))


def bound(pane: Pane[Any], facts: Facts) -> Pane[Any]:
    """The pane whose functions all take its own row; `of` stays, to say what else a column depends on."""
    if not tables(pane):
        return pane
    return replace(pane, columns=tuple(_bound(column, pane.table.key, facts) for column in pane.columns))


def _bound(column: Column[Any], key: Callable[[Any], str], facts: Facts) -> Column[Any]:
    of, value, cell, export = column.of, column.value, column.cell, column.export
    if of is None:
        return column

    def drawn(row: Any, now: float) -> Cell:
        assert cell is not None  # noqa: S101 - only then it is asked for
        text, tone = cell(facts.get(of, key(row)), now)
        old = facts.snapshot(of).state is SourceState.STALE
        return Cell(text, Tone.MUTED if old else tone)

    def exported(row: Any) -> Any:
        assert export is not None  # noqa: S101 - likewise
        return export(facts.get(of, key(row)))

    def valued(row: Any) -> Sortable:
        return value(facts.get(of, key(row)))

    return replace(
        column, value=valued, cell=drawn if cell is not None else None, export=exported if export is not None else None
    )
