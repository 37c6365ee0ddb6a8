"""Rows of a pane as text for scripts and files: table, JSON, YAML, CSV, names. Pure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from console.fence import Fence
from console.filtering import Filter
from console.plugin import Cell, Column, Pane
from console.text import fit, width

FORMATS = ("table", "wide", "json", "yaml", "csv", "name")


class RowSubject(Struct, frozen=True):
    """A row as the filter language asks of it."""

    pane: Pane[Any]
    row: Any
    now: float
    fence: Fence

    def text(self) -> str:
        own = [column for column in self.pane.columns if column.of is None]
        return " ".join(cell_of(self.pane, c, self.row, self.now, self.fence).text for c in own)

    def name(self) -> str:
        return str(value_of(self.pane, self.pane.columns[0], self.row, self.fence) or "")

    def labels(self) -> Mapping[str, str]:
        return self.fence.call(f"{self.pane.name} labels", {}, self.pane.labels, self.row)

    def facets(self) -> Mapping[str, str]:
        return self.fence.call(f"{self.pane.name} facets", {}, self.pane.facets, self.row)


def cell_of(pane: Pane[Any], column: Column[Any], row: Any, now: float, fence: Fence) -> Cell:
    """One cell as people read it; `?` where the plugin's code fails."""
    where = f"{pane.name} column {column.title}"
    if column.cell is not None:
        return fence.call(where, Cell("?"), column.cell, row, now)
    value = fence.call(where, "?", column.value, row)
    return Cell("-" if value is None else str(value))


def value_of(pane: Pane[Any], column: Column[Any], row: Any, fence: Fence) -> Any:
    """One value as it sorts and is exported."""
    return fence.call(f"{pane.name} column {column.title}", None, column.value, row)


def exported(pane: Pane[Any], column: Column[Any], row: Any, fence: Fence) -> Any:
    """One value as machines get it."""
    if column.export is None:
        return value_of(pane, column, row, fence)
    return fence.call(f"{pane.name} column {column.title}", None, column.export, row)


def chosen(pane: Pane[Any], rows: Iterable[Any], line: Filter, *, now: float, fence: Fence) -> list[Any]:
    """The rows that a filter accepts, in the pane's own order."""
    kept = [row for row in rows if line.accepts(RowSubject(pane, row, now, fence))]
    return ordered(pane, kept, pane.sort, fence)


def ordered(pane: Pane[Any], rows: Iterable[Any], sort: str, fence: Fence) -> list[Any]:
    """By a column title (`-TITLE` descending), then by key; None last. Trees stay trees: children follow parents."""
    descending, title = sort.startswith("-"), sort.removeprefix("-").upper()
    column = next((c for c in pane.columns if c.title.upper() == title), None)
    by_key = sorted(rows, key=pane.table.key)
    if pane.parent is not None or column is None:
        return by_key
    values = {id(row): value_of(pane, column, row, fence) for row in by_key}
    known = [row for row in by_key if values[id(row)] is not None]
    unknown = [row for row in by_key if values[id(row)] is None]
    try:
        known.sort(key=lambda row: values[id(row)], reverse=descending)
    except TypeError:  # a plugin that mixes types; the order of names is better than none
        known.sort(key=lambda row: str(values[id(row)]), reverse=descending)
    return known + unknown


def render(pane: Pane[Any], rows: Sequence[Any], form: str, *, now: float, fence: Fence) -> str:
    """All rows in one form, with a line break at the end."""
    if form == "name":
        return "".join(f"{pane.ref(row).kind}/{pane.table.key(row)}\n" for row in rows)
    if form in {"json", "yaml"}:
        records = [record(pane, row, fence) for row in rows]
        if form == "json":
            return json.dumps(records, indent=2, ensure_ascii=False) + "\n"
        import yaml

        return yaml.safe_dump(records, allow_unicode=True, sort_keys=False)
    columns = [c for c in pane.columns if form in {"wide", "csv"} or not c.wide]
    texts = [[cell_of(pane, column, row, now, fence).text for column in columns] for row in rows]
    if form == "csv":
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([column.title for column in columns])
        writer.writerows(texts)
        return out.getvalue()
    return _table(columns, texts)


def record(pane: Pane[Any], row: Any, fence: Fence) -> dict[str, Any]:
    """One row for machines: its key, its reference, and each column's value by lower-case title."""
    ref = pane.ref(row)
    names = {"key": pane.table.key(row), "kind": ref.kind, "namespace": ref.namespace, "name": ref.name}
    values = {_field(column.title): _plain(exported(pane, column, row, fence)) for column in pane.columns}
    return {**{key: value for key, value in names.items() if value}, **{k: v for k, v in values.items() if k != "name"}}


def _field(title: str) -> str:
    return "_".join("".join(c if c.isalnum() else " " for c in title.lower()).split())


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _table(columns: Sequence[Column[Any]], texts: Sequence[Sequence[str]]) -> str:
    widths = [max([width(column.title), *(width(line[n]) for line in texts)]) for n, column in enumerate(columns)]

    def line(cells: Sequence[str], padding: Callable[[int], str]) -> str:
        return "  ".join(fit(cell, widths[n], align=padding(n)) for n, cell in enumerate(cells)).rstrip() + "\n"

    head = line([column.title for column in columns], lambda n: columns[n].align)
    return head + "".join(line(cells, lambda n: columns[n].align) for cells in texts)
