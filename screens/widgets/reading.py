"""What a pane says of a row, behind the fence: a raise becomes a `?` cell and a breakage, never an exception.

Owns every call from a table into plugin code. Refuses to style and to place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from msgspec import Struct

from console.fence import Fence
from console.model import Tone
from console.plugin import Cell, Column, Pane, Sortable
from screens.widgets.order import Rank
from screens.widgets.ranking import BROKEN, graded, natural

R = TypeVar("R")
UNREADABLE = Cell("?", Tone.BAD)
NOTHING = Cell("-", Tone.MUTED)
_TEN_DAYS = 864_000.0
_PROBED = 20


def default_cell(value: Sortable) -> Cell:
    """The cell of a column that gives only a value."""
    match value:
        case None:
            return NOTHING
        case bool():
            return Cell("yes" if value else "no")
        case str():
            return Cell(value)
        case float():
            return Cell(f"{value:.6g}")
        case tuple():
            return Cell(" ".join(str(part) for part in value))
        case _:
            return Cell(str(value))


class Reader(Generic[R]):
    """One pane's columns and functions, fenced."""

    def __init__(self, pane: Pane[R], fence: Fence) -> None:
        self.pane = pane
        self.columns = pane.columns
        self._fence = fence
        self._where = [f"{pane.name} column {column.title}" for column in pane.columns]

    def cell(self, index: int, row: R, now: float) -> Cell:
        """One cell; `?` where the plugin's code raises or gives something else."""
        column = self.columns[index]
        try:
            return _checked(column, row, now)
        except Exception as error:  # noqa: BLE001 - this is the fence
            self._fence.caught(self._where[index], error)
            return UNREADABLE

    def cells(self, row: R, now: float) -> tuple[Cell, ...]:
        """All cells of a row, in the order of the columns."""
        return tuple(self.cell(index, row, now) for index in range(len(self.columns)))

    def rank(self, index: int, key: str, row: R, *, descending: bool) -> Rank:
        """The place of a row in the sort by a column; its name, then its key, decide between equals."""
        try:
            grade = graded(self.columns[index].value(row), descending=descending)
        except Exception as error:  # noqa: BLE001 - this is the fence
            self._fence.caught(self._where[index], error)
            grade = BROKEN
        return (grade, natural(key), key)

    def parent(self, row: R) -> str | None:
        parent = self.pane.parent
        return None if parent is None else self._fence.call(f"{self.pane.name} parent", None, parent, row)

    def fault(self, row: R) -> bool:
        return self._fence.call(f"{self.pane.name} fault", True, self.pane.fault, row)

    def labels(self, row: R) -> Mapping[str, str]:
        return self._fence.call(f"{self.pane.name} labels", {}, self.pane.labels, row)

    def facets(self, row: R) -> Mapping[str, str]:
        return self._fence.call(f"{self.pane.name} facets", {}, self.pane.facets, row)

    def ageing(self, rows: Mapping[str, R], now: float) -> frozenset[int]:
        """Columns whose text changes by itself or with time; a filter does not look at them: rows would come and go."""
        probes = [row for row, _ in zip(rows.values(), range(_PROBED), strict=False)]
        return frozenset(
            index
            for index, column in enumerate(self.columns)
            if column.of is not None
            or (
                column.cell is not None
                and any(
                    self.cell(index, row, now).text != self.cell(index, row, now + _TEN_DAYS).text for row in probes
                )
            )
        )


def _checked(column: Column[R], row: R, now: float) -> Cell:
    cell: Any = default_cell(column.value(row)) if column.cell is None else column.cell(row, now)
    text, tone = cell
    if type(text) is not str or type(tone) is not Tone:
        raise TypeError(f"a cell must be Cell(text, tone), not {type(text).__name__}, {type(tone).__name__}")
    return cell if type(cell) is Cell else Cell(text, tone)


class RowSubject(Struct, Generic[R], frozen=True):
    """One row as the filter language asks for it."""

    reader: Reader[R]
    key: str
    row: R
    now: float
    skipped: frozenset[int] = frozenset()

    def text(self) -> str:
        reader = self.reader
        cells = [
            reader.cell(index, self.row, self.now).text
            for index in range(len(reader.columns))
            if index not in self.skipped
        ]
        return " ".join([*cells, self.key])  # the name first, so that `^` finds it

    def name(self) -> str:
        return self.key

    def labels(self) -> Mapping[str, str]:
        return self.reader.labels(self.row)

    def facets(self) -> Mapping[str, str]:
        return self.reader.facets(self.row)
