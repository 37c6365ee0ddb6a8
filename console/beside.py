"""Columns that speak of another table's row with the same key (`Column.of`): bound to the rows of an instance.

Owns the look-up, so that everybody else calls a column with the pane's own row. Refuses to feed those tables.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec.structs import replace

from console.errors import ConfigError
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


def with_columns(pane: Pane[Any], titles: Sequence[str] | None) -> Pane[Any]:
    """The pane with the columns that the configuration wants, in that order."""
    if titles is None:
        return pane
    known = {column.title.upper(): column for column in pane.columns}
    unknown = [title for title in titles if title.upper() not in known]
    if unknown or not titles:
        wrong = f"`{unknown[0]}` is no column" if unknown else "no column is left"
        raise ConfigError(f"{pane.name}: {wrong}", where="[columns]", next_step=f"columns: {', '.join(known)}")
    return replace(pane, columns=tuple(replace(known[title.upper()], wide=False, hide_below=0) for title in titles))
