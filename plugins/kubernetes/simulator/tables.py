"""Server-side tables: the printer columns of each kind and the cells of an object, as `kubectl get` shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from plugins.kubernetes.simulator.cells import Column
from plugins.kubernetes.simulator.columns import COLUMNS
from plugins.kubernetes.simulator.kinds import Kind
from plugins.kubernetes.simulator.status import encode
from plugins.kubernetes.simulator.store import Entry
from plugins.kubernetes.simulator.world import World

Object = dict[str, Any]
_NAME = (
    "Name must be unique within a namespace. Is required when creating resources, although some resources may allow a "
    "client to request the generation of an appropriate name automatically."
)


def definitions(kind: Kind) -> list[Object]:
    """The column definitions of a kind; priority 1 is shown wide only."""
    made: list[Object] = []
    for column in columns(kind):
        name_format = "name" if column.title == "Name" else ""
        made.append(
            {
                "name": column.title,
                "type": column.type,
                "format": name_format,
                "description": _NAME if name_format else column.title,
                "priority": column.priority,
            }
        )
    return made


def columns(kind: Kind) -> tuple[Column, ...]:
    """The columns of a kind; name and age where it has none of its own."""
    return COLUMNS.get(kind.plural if not kind.group.startswith("metrics") else "", COLUMNS[""])


@dataclass(frozen=True, slots=True)
class Shape:
    """What a table carries besides cells: list metadata, how much of each object, and the column definitions."""

    meta: Object | None = None
    include: str = "Metadata"
    head: bool = True


def table(world: World, kind: Kind, entries: list[Entry], shape: Shape) -> bytes:
    """A Table of the entries; cells are computed when asked, as ages move. In watches only the first has a head."""
    now = world.clock.now()
    rows: list[Object] = []
    for entry in entries:
        row: Object = {"cells": [column.cell(entry, now) for column in columns(kind)]}
        if shape.include == "Metadata":
            partial = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": entry.meta}
            row["object"] = partial
        elif shape.include == "Object":
            row["object"] = msgspec.Raw(entry.full)
        rows.append(row)
    meta = shape.meta
    if meta is None:
        meta = {"resourceVersion": entries[0].meta["resourceVersion"]} if entries else {}
    made: Object = {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": meta}
    return encode(made | {"columnDefinitions": definitions(kind) if shape.head else None, "rows": rows})
