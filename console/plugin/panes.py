"""Panes as data: columns, actions, jumps, and what else can be done with a row (YAML, logs, shell, ports)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from msgspec import Struct, field

from console.model import Ref, Tone
from console.plugin.rows import Facts, Table

R = TypeVar("R")
Sortable = str | float | tuple[Any, ...] | None


class Cell(NamedTuple):
    """Text of one cell and what it means."""

    text: str
    tone: Tone = Tone.PLAIN


class Column(Struct, Generic[R], frozen=True):
    """One column. `value` sorts (None last); `cell(row, now)` is the text, else `str(value)`.

    `export(row)`: what machines get (JSON types), where that is not the value by which people sort.

    `width`: cells, 0 = as wide as its content; `hide_below`: hidden on panes narrower than that; `wide`: only in wide
    mode; `grow`: takes the room that is left.

    `of`: another table whose row of the same key the functions get, None where it has none, instead of the pane's own
    row. It is for what changes often and would otherwise make every row new (use of CPU); it is fed while the pane is
    looked at, and the filter does not look at it.

    `trend`: its value is a number whose way matters; the cell gets a sparkline, the details a chart (console.trends).
    """

    title: str
    value: Callable[[R], Sortable]
    cell: Callable[[R, float], Cell] | None = None
    help: str = ""
    align: str = "left"
    width: int = 0
    hide_below: int = 0
    wide: bool = False
    grow: bool = False
    export: Callable[[R], Any] | None = None
    of: Table[Any] | None = None
    trend: bool = False


class Effect(StrEnum):
    """READ changes nothing; CHANGE can be undone or heals by itself; DESTROY loses data or identity (typed name)."""

    READ = "read"
    CHANGE = "change"
    DESTROY = "destroy"


class Right(Struct, frozen=True):
    """One permission, in Kubernetes' words: `create pods/eviction in namespace pulsar`."""

    verb: str
    resource: str
    group: str = ""
    namespace: str = ""
    name: str = ""

    def __str__(self) -> str:
        kind = f"{self.resource}.{self.group}" if self.group else self.resource
        place = f" in namespace {self.namespace}" if self.namespace else ""
        return f"{self.verb} {kind}{place}"


class Ask(Struct, frozen=True):
    """One question before an action: free text, a whole number, a choice, or yes/no; answered as text.

    A `hidden` answer (a password) is masked while it is typed, and shown, logged and recorded nowhere.
    """

    id: str
    title: str
    default: str = ""
    choices: tuple[str, ...] = ()
    number: bool = False
    help: str = ""
    hidden: bool = False


class Act(Struct, frozen=True):
    """What an action gets: the plugin's client, facts, and the answers to its questions."""

    client: Any
    facts: Facts
    answers: Mapping[str, str] = field(default_factory=dict[str, str])


class Action(Struct, Generic[R], frozen=True):
    """Something a person can do to a row. One declaration feeds palette, footer, help, menu and command line.

    `run(act, row)` does it to one object and returns one sentence of what was done; the kernel calls it once a marked
    object, behind the gate, with a report per object. `when(row, facts)` is None or the reason why it cannot be used.
    `key` is a Textual key name (`c`, `ctrl+d`); empty: menu and palette only.
    """

    id: str
    title: str
    run: Callable[[Act, R], Awaitable[str]]
    help: str = ""
    key: str = ""
    effect: Effect = Effect.CHANGE
    when: Callable[[R, Facts], str | None] = lambda _row, _facts: None
    rights: Callable[[R], Sequence[Right]] = lambda _row: ()
    asks: Callable[[R, Facts], Sequence[Ask]] = lambda _row, _facts: ()


class Section(Struct, frozen=True):
    """One block of the detail panel: a title and lines of (label, cell); an empty label continues the line before."""

    title: str
    lines: tuple[tuple[str, Cell], ...]


class Jump(Struct, Generic[R], frozen=True):
    """A way from a row to another pane, limited by facets (`{"node": "node1"}`); None: there is none for this row."""

    title: str
    pane: str
    facets: Callable[[R, Facts], Mapping[str, str] | None]


class Manifest(Struct, Generic[R], frozen=True):
    """YAML of a row. `read(client, row, reveal)` masks secret values unless `reveal`.

    `write(client, row, text, dry_run)` sends an edited text back and returns one sentence; raises Conflict when the
    object changed meanwhile, Rejected with the server's reasons.
    """

    read: Callable[[Any, R, bool], Awaitable[str]]
    write: Callable[[Any, R, str, bool], Awaitable[str]] | None = None
    rights: Callable[[R], Sequence[Right]] = lambda _row: ()


class LogQuery(Struct, frozen=True):
    """What to read of a log: one of a stream's sources; `since` in seconds back, `tail` in lines."""

    source: str
    follow: bool = True
    previous: bool = False
    since: float | None = None
    tail: int | None = 500
    timestamps: bool = False


class Logs(Struct, Generic[R], frozen=True):
    """Logs of a row. `sources(row, facts)` names them (`pod/container`), the first is the default.

    `follow(client, row, query)` yields raw lines (uncleaned, no line end) until the log ends.
    """

    sources: Callable[[R, Facts], Sequence[str]]
    follow: Callable[[Any, R, LogQuery], AsyncIterator[str]]


class Terminal(Protocol):
    """The far end of an interactive shell: bytes both ways."""

    async def read(self) -> bytes:
        """Next output; empty at the end."""
        ...

    async def write(self, data: bytes) -> None: ...

    async def resize(self, columns: int, rows: int) -> None: ...

    async def close(self) -> int | None:
        """End it; the exit code where one is known."""
        ...


class Shell(Struct, Generic[R], frozen=True):
    """An interactive shell in a row: `targets` names the containers, `open(client, row, target)` starts it."""

    targets: Callable[[R, Facts], Sequence[str]]
    open: Callable[[Any, R, str], Awaitable[Terminal]]
    rights: Callable[[R], Sequence[Right]] = lambda _row: ()


class Stream(Protocol):
    """One connection to a port: bytes both ways; `read` gives b"" at the end."""

    async def read(self, count: int) -> bytes: ...

    async def write(self, data: bytes) -> None: ...

    async def close(self) -> None: ...


class Forward(Struct, Generic[R], frozen=True):
    """Ports of a row that a person may open on loopback: `open(client, row, port)` gives one connection."""

    ports: Callable[[R, Facts], Sequence[int]]
    open: Callable[[Any, R, int], Awaitable[Stream]]
    rights: Callable[[R], Sequence[Right]] = lambda _row: ()


def _no_labels(_row: Any) -> Mapping[str, str]:
    return {}


def _no_facets(_row: Any) -> Mapping[str, str]:
    return {}


def _no_sections(_row: Any, _facts: Facts) -> Sequence[Section]:
    return ()


def _no_fault(_row: Any) -> bool:
    return False


class Pane(Struct, Generic[R], frozen=True):
    """A live table of one kind of thing. The first column is the row's name.

    `facets(row)` names what other panes may limit this one by (`namespace`, `node`, `owner`); `fault(row)` is what
    `ctrl-z` keeps; `parent(row)` makes a tree (the parent's row key, None for a root), children in key order; `reads`
    are the other tables that descriptions, actions and jumps look into, fed while the pane is open. `limits` are those
    of the aliases that open it limited by facets (`ds`: `{"kind": "DaemonSet"}`).
    """

    name: str
    title: str
    table: Table[R]
    columns: tuple[Column[R], ...]
    ref: Callable[[R], Ref]
    aliases: tuple[str, ...] = ()
    limits: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    sort: str = ""
    labels: Callable[[R], Mapping[str, str]] = _no_labels
    facets: Callable[[R], Mapping[str, str]] = _no_facets
    fault: Callable[[R], bool] = _no_fault
    describe: Callable[[R, Facts], Sequence[Section]] = _no_sections
    parent: Callable[[R], str | None] | None = None
    actions: tuple[Action[R], ...] = ()
    jumps: tuple[Jump[R], ...] = ()
    manifest: Manifest[R] | None = None
    logs: Logs[R] | None = None
    shell: Shell[R] | None = None
    forward: Forward[R] | None = None
    help: str = ""
    reads: tuple[Table[Any], ...] = ()


class Tile(Struct, frozen=True):
    """One line of the overview: how a system is, its members up and in all, and up to four short facts."""

    tone: Tone
    up: int
    total: int
    lines: tuple[Cell, ...] = ()
