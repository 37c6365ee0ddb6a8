"""Server-side tables: the printer columns of each kind and the cells of an object, as `kubectl get` shows them."""

from __future__ import annotations

from typing import Any

import msgspec

from plugins.kubernetes.simulator.columns import COLUMNS, Column
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


def table(
    world: World, kind: Kind, entries: list[Entry], *, meta: Object | None = None, include: str = "Metadata"
) -> bytes:
    """A Table of the entries; cells are computed when asked, as ages move."""
    now = world.clock.now()
    rows: list[Object] = []
    for entry in entries:
        row: Object = {"cells": [column.cell(entry, now) for column in columns(kind)]}
        if include == "Metadata":
            head = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": entry.meta}
            row["object"] = head
        elif include == "Object":
            row["object"] = msgspec.Raw(entry.full)
        rows.append(row)
    if meta is None:
        meta = {"resourceVersion": entries[0].meta["resourceVersion"]} if entries else {}
    made: Object = {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": meta}
    return encode(made | {"columnDefinitions": definitions(kind), "rows": rows})
