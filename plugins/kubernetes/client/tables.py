"""The server's own printing of any kind (meta.k8s.io Table): columns with types, cells, and the objects' metadata."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from console.errors import BadAnswer
from console.text import clean

TABLE_HEADERS = {"Accept": "application/json;as=Table;g=meta.k8s.io;v=v1, application/json"}


class TableColumn(Struct, frozen=True):
    """`type` is string, integer, number, boolean or date; `priority` above 0 is for wide mode."""

    name: str
    type: str = "string"
    format: str = ""
    description: str = ""
    priority: int = 0


class TableRow(Struct, frozen=True):
    """Cells as the server sent them (texts cleaned), and what the object is called."""

    cells: tuple[str | int | float | bool | None, ...]
    name: str
    namespace: str
    uid: str
    labels: Mapping[str, str]
    created: str = ""


class Table(Struct, frozen=True):
    """What `kubectl get` prints."""

    columns: tuple[TableColumn, ...]
    rows: tuple[TableRow, ...]


class _Column(msgspec.Struct):
    name: str
    type: str = "string"
    format: str = ""
    description: str = ""
    priority: int = 0


class _Meta(msgspec.Struct, rename="camel"):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    labels: dict[str, str] | None = None
    creation_timestamp: str | None = None


class _Object(msgspec.Struct):
    metadata: _Meta = msgspec.field(default_factory=_Meta)


class _Row(msgspec.Struct):
    cells: list[Any]
    object: _Object | None = None


class _Table(msgspec.Struct, rename="camel"):
    kind: str
    column_definitions: list[_Column] | None = None
    rows: list[_Row] | None = None


_DECODER = msgspec.json.Decoder(_Table)


def read_table(body: bytes, where: str) -> Table:
    """A Table from its bytes; raises BadAnswer where the server sent something else."""
    try:
        table = _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadAnswer(f"the table cannot be read: {clean(str(error), 200)}", where=where) from error
    if table.kind != "Table":
        raise BadAnswer(f"the server cannot print this kind as a table: it sent a {clean(table.kind, 40)}", where=where)
    columns = tuple(
        TableColumn(clean(one.name, 80), one.type, one.format, clean(one.description, 400), one.priority)
        for one in table.column_definitions or []
    )
    return Table(columns, tuple(_row(row) for row in table.rows or []))


def _row(row: _Row) -> TableRow:
    meta = row.object.metadata if row.object else _Meta()
    return TableRow(
        cells=tuple(_cell(cell) for cell in row.cells),
        name=clean(meta.name, 253),
        namespace=clean(meta.namespace, 253),
        uid=meta.uid,
        labels={clean(key, 317): clean(value, 63) for key, value in (meta.labels or {}).items()},
        created=meta.creation_timestamp or "",
    )


def _cell(value: Any) -> str | int | float | bool | None:
    if value is None or isinstance(value, bool | int | float):
        return value
    return clean(value if isinstance(value, str) else msgspec.json.encode(value).decode())
