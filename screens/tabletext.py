"""A table as text for files: what is shown, without glyphs and colour. Sliced, since it may be long."""

from __future__ import annotations

import asyncio
import csv
import io
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from console.plugin import Cell, Column
from screens.paint import steady
from screens.widgets.contents import SLICE
from screens.widgets.table import LiveTable

R = TypeVar("R")
_STRIDE = 50


async def csv_of(table: LiveTable[R], now: float) -> str:
    """The shown rows and columns of a table as CSV; lets go of the event loop every few milliseconds."""
    into = io.StringIO()
    indexes = [column.index for column in table.ruler.placed]
    keys = list(table.contents.order)
    rows = (
        [table.reader.cell(index, row, now) for index in indexes]
        for row in map(table.contents.row, keys)
        if row is not None
    )
    until = time.perf_counter() + SLICE
    for _ in as_csv([table.pane.columns[index] for index in indexes], rows, into):
        if time.perf_counter() > until:
            await asyncio.sleep(0)
            until = time.perf_counter() + SLICE
    return into.getvalue()


def as_csv(columns: Sequence[Column[Any]], rows: Iterable[Sequence[Cell]], into: io.StringIO) -> Iterator[None]:
    """Write titles and rows as CSV; stops between slices."""
    writer = csv.writer(into, lineterminator="\n")
    writer.writerow(steady(column.title) for column in columns)
    for count, cells in enumerate(rows):
        writer.writerow(harmless(cell.text) for cell in cells)
        if count % _STRIDE == _STRIDE - 1:
            yield


def harmless(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = steady(text)
    return f"'{text}" if text[:1] in "=+@" or (text[:1] == "-" and text != "-" and not _number(text)) else text


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
