"""`:KIND` for everything that no pane declares: any resource or CRD, with the columns that its server prints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from console.model import Ref, Tone
from console.plugin import Act, Action, Cell, Column, Effect, Pane, Poll, Sortable, Source, Table
from plugins.kubernetes.client.tables import TableColumn, TableRow
from plugins.kubernetes.model.addresses import Address
from plugins.kubernetes.model.tokens import parsed_time
from plugins.kubernetes.model.wire import key_of
from plugins.kubernetes.panes.cells import age_column
from plugins.kubernetes.panes.manifests import manifest

if TYPE_CHECKING:
    from plugins.kubernetes.client.api import Api
    from plugins.kubernetes.client.discovery import Resource

_OWN = frozenset({"name", "age", "namespace", "created at"})


class Printed(Struct, frozen=True):
    """One object as the server prints it."""

    namespace: str
    name: str
    uid: str
    created: float | None
    labels: tuple[tuple[str, str], ...]
    cells: tuple[str | int | float | bool | None, ...]

    @property
    def key(self) -> str:
        return key_of(self.namespace, self.name)


async def words(api: Api) -> Sequence[str]:
    """Every word that names a resource which can be listed."""
    found: dict[str, None] = {}
    for resource in await api.discovery.resources():
        if "list" in resource.verbs:
            found.update(dict.fromkeys((resource.plural, *resource.short_names)))
    return sorted(found)


async def find(api: Api, word: str) -> tuple[Source, Pane[Any]] | None:
    """A pane for what `word` means on this server, None where it means nothing that can be listed."""
    resource = await api.find(word)
    if resource is None or "list" not in resource.verbs:
        return None
    first = await api.table(resource.path())
    table: Table[Printed] = Table(resource.full_name, lambda row: row.key)

    async def fetch(client: Any) -> Iterable[Printed]:
        answer = await client.table(resource.path())
        return [_row(row, _shown(answer.columns)) for row in answer.rows]

    return Poll(table, fetch), _pane(resource, table, first.columns)


def _row(row: TableRow, shown: tuple[bool, ...]) -> Printed:
    cells = tuple(cell if show else None for cell, show in zip(row.cells, shown, strict=False))  # ages would change
    return Printed(row.namespace, row.name, row.uid, parsed_time(row.created), tuple(sorted(row.labels.items())), cells)


def _shown(columns: tuple[TableColumn, ...]) -> tuple[bool, ...]:
    return tuple(one.name.lower() not in _OWN for one in columns)


def _pane(resource: Resource, table: Table[Printed], columns: tuple[TableColumn, ...]) -> Pane[Printed]:
    def address(row: Printed) -> Address:
        return Address(resource.base, resource.plural, row.name, row.namespace, row.uid)

    async def delete(act: Act, row: Printed) -> str:
        await act.client.delete(address(row).path, uid=row.uid)
        return f"{row.name} is deleted"

    place = (Column[Printed]("NAMESPACE", lambda row: row.namespace),) if resource.namespaced else ()
    printed = [_column(at, one) for at, one in enumerate(columns) if one.name.lower() not in _OWN]
    deletes = Action[Printed](
        "delete",
        "delete",
        delete,
        help="and whatever it owns",
        key="ctrl+d",
        effect=Effect.DESTROY,
        rights=lambda row: (address(row).right("delete"),),
    )
    return Pane(
        name=resource.full_name,
        title=resource.plural,
        table=table,
        columns=(
            Column("NAME", lambda row: row.name, grow=True),
            *place,
            *printed,
            age_column(lambda row: row.created),
        ),
        ref=lambda row: Ref(resource.singular or resource.kind.lower(), row.name, row.namespace, row.uid),
        aliases=tuple(dict.fromkeys((resource.plural, resource.singular, *resource.short_names))),
        sort="NAME",
        labels=lambda row: dict(row.labels),
        facets=lambda row: {"namespace": row.namespace} if row.namespace else {},
        actions=(deletes,) if "delete" in resource.verbs else (),
        manifest=manifest(address) if "get" in resource.verbs else None,
        help=f"{resource.kind} ({resource.full_name}), as the server prints it.",
    )


def _column(at: int, one: TableColumn) -> Column[Printed]:
    def value(row: Printed) -> Sortable:
        found = row.cells[at] if at < len(row.cells) else None
        return found if found is None or isinstance(found, int | float) else str(found)

    def cell(row: Printed, _now: float) -> Cell:
        found = value(row)
        return Cell("-", Tone.MUTED) if found is None or found == "" else Cell(str(found))

    number = one.type in {"integer", "number"}
    return Column(
        one.name.upper(), value, cell, help=one.description, align="right" if number else "left", wide=one.priority > 0
    )
