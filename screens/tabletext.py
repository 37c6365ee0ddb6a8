"""A table as text for files: what is shown, without glyphs and colour. Sliced, since it may be long."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from console.plugin import Cell, Column
from screens.paint import steady

_STRIDE = 50


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
