"""The plugin API: what a plugin declares, and what the kernel hands to it. Built-in plugins use nothing else.

A plugin is a manifest (`Plugin`) of names and deferred references, so that loading it imports nothing heavy:

    tables       tokens (`Table`, `Index`) that name rows; pure, in the plugin's model
    sources      how rows come: `Watch` (a stream), `Poll` (asked again), `Join` (computed from other tables)
    panes        how rows look, and what can be done with them (`Column`, `Action`, `Jump`, abilities)
    rules        what is wrong (`Rule`), in checks
    hooks        what a node drain and rejoin must do here (`Hooks`), in maintenance
    offers       implementations of kernel protocols, for a platform such as Kubernetes

Plugins never import each other; they meet in `Facts`. All functions here but those that are `async` are pure: no I/O,
no clock (`now` is an argument or `facts.now`). The kernel fences every call: a raise becomes a `?` cell and a finding.
"""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, cast

from console.clock import Clock
from console.model import Finding, InstanceId, Member, NodeName, Ref, Severity, Snapshot, Tone, Verdict

API_VERSION = 1

R = TypeVar("R")
S = TypeVar("S")
T = TypeVar("T")
Json = str | int | float | bool | None | Sequence["Json"] | Mapping[str, "Json"]
Sortable = str | float | tuple[Any, ...] | None


@dataclass(frozen=True, slots=True)
class Deferred(Generic[T]):
    """A reference `package.module:NAME` that is imported when it is first needed."""

    target: str

    def load(self) -> T:
        """Import and return it. Raises ImportError or AttributeError as Python does."""
        module, _, name = self.target.partition(":")
        return cast("T", getattr(importlib.import_module(module), name))


# ---------------------------------------------------------------------------------------------------------------- rows


@dataclass(frozen=True, slots=True, eq=False)
class Table(Generic[R]):
    """Names the rows of one source; `key` gives a row's identity, stable over its life (`namespace/name`)."""

    name: str
    key: Callable[[R], str]


@dataclass(frozen=True, slots=True, eq=False)
class Index(Generic[R]):
    """Rows of a table by another key (pods by node). The store keeps it up to date once somebody asked for it."""

    table: Table[R]
    name: str
    keys: Callable[[R], Iterable[str]]


class Facts(Protocol):
    """Read-only view of one instance's rows, for joins, rules, hooks, actions and descriptions."""

    @property
    def instance(self) -> InstanceId: ...

    @property
    def now(self) -> float:
        """Epoch seconds at which the question is asked."""
        ...

    def snapshot(self, table: Table[R]) -> Snapshot[R]: ...

    def rows(self, table: Table[R]) -> Mapping[str, R]: ...

    def get(self, table: Table[R], key: str) -> R | None: ...

    def by(self, index: Index[R], key: str) -> Sequence[R]:
        """The rows whose index keys contain `key`, in no particular order."""
        ...

    def others(self, system: str) -> Sequence[Facts]:
        """The facts of all instances of another system."""
        ...


class Feed(Protocol[R]):
    """What a `Watch` writes to. Synchronous; called on the event loop; rows are by the table's key."""

    def begin(self) -> None:
        """A full list starts; old rows stay until `end`."""
        ...

    def add(self, rows: Iterable[R]) -> None:
        """One page of the list; painted at once."""
        ...

    def end(self) -> None:
        """The list is complete: rows that were not seen since `begin` are gone."""
        ...

    def change(self, rows: Iterable[R] = (), gone: Iterable[str] = ()) -> None:
        """Rows that are new or different, and keys that are gone."""
        ...

    def heard(self) -> None:
        """The source answered: what we hold is true as of now."""
        ...

    def note(self, text: str) -> None:
        """How the source is degraded, by name; empty when it no longer is."""
        ...


@dataclass(frozen=True, slots=True)
class Watch(Generic[R]):
    """Rows that stream in. `follow(client, feed)` runs until it raises; the kernel backs off and calls it again."""

    table: Table[R]
    follow: Callable[[Any, Feed[R]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Poll(Generic[R]):
    """Rows that are asked for again: every `visible` seconds while somebody looks, else every `hidden` (None: never)."""

    table: Table[R]
    fetch: Callable[[Any], Awaitable[Iterable[R]]]
    visible: float = 5.0
    hidden: float | None = 30.0


@dataclass(frozen=True, slots=True)
class Touch(Generic[S]):
    """Which subjects of a join a changed row of `table` concerns, by their key; `EVERY` means all."""

    table: Table[S]
    subjects: Callable[[S, Facts], Iterable[str]]


EVERY = "*"


@dataclass(frozen=True, slots=True)
class Join(Generic[S, R]):
    """Rows computed from other tables: `build(subject, facts)` gives the rows of one row of `of` (usually one).

    The store calls it again only for subjects that a change touches. Row keys must begin with the subject's key where
    a subject gives several rows. It must not look at `facts.now`, for it is not called again as time passes.
    """

    table: Table[R]
    of: Table[S]
    build: Callable[[S, Facts], Iterable[R]]
    touches: tuple[Touch[Any], ...] = ()


Source = Watch[Any] | Poll[Any] | Join[Any, Any]


# --------------------------------------------------------------------------------------------------------------- panes


class Cell(NamedTuple):
    """Text of one cell and what it means."""

    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Column(Generic[R]):
    """One column. `value` sorts and is exported (None sorts last); `cell(row, now)` gives the text, default `str(value)`.

    `width`: cells, 0 = as wide as its content; `hide_below`: hidden on panes narrower than that; `wide`: only in wide
    mode; `grow`: takes the room that is left.
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


class Effect(StrEnum):
    """READ changes nothing; CHANGE can be undone or heals by itself; DESTROY loses data or identity (typed name)."""

    READ = "read"
    CHANGE = "change"
    DESTROY = "destroy"


@dataclass(frozen=True, slots=True)
class Right:
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


@dataclass(frozen=True, slots=True)
class Ask:
    """One question before an action: free text, a whole number, a choice, or yes/no; answered as text."""

    id: str
    title: str
    default: str = ""
    choices: tuple[str, ...] = ()
    number: bool = False
    help: str = ""


@dataclass(frozen=True, slots=True)
class Act:
    """What an action gets: the plugin's client, facts, and the answers to its questions."""

    client: Any
    facts: Facts
    answers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Action(Generic[R]):
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


@dataclass(frozen=True, slots=True)
class Section:
    """One block of the detail panel: a title and lines of (label, cell); an empty label continues the line before."""

    title: str
    lines: tuple[tuple[str, Cell], ...]


@dataclass(frozen=True, slots=True)
class Jump(Generic[R]):
    """A way from a row to another pane, limited by facets (`{"node": "node1"}`); None: there is none for this row."""

    title: str
    pane: str
    facets: Callable[[R, Facts], Mapping[str, str] | None]


@dataclass(frozen=True, slots=True)
class Manifest(Generic[R]):
    """YAML of a row. `read(client, row, reveal)` masks secret values unless `reveal`.

    `write(client, row, text, dry_run)` sends an edited text back and returns one sentence; raises Conflict when the
    object changed meanwhile, Rejected with the server's reasons.
    """

    read: Callable[[Any, R, bool], Awaitable[str]]
    write: Callable[[Any, R, str, bool], Awaitable[str]] | None = None
    rights: Callable[[R], Sequence[Right]] = lambda _row: ()


@dataclass(frozen=True, slots=True)
class LogQuery:
    """What to read of a log: one of a stream's sources; `since` in seconds back, `tail` in lines."""

    source: str
    follow: bool = True
    previous: bool = False
    since: float | None = None
    tail: int | None = 500
    timestamps: bool = False


@dataclass(frozen=True, slots=True)
class Logs(Generic[R]):
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


@dataclass(frozen=True, slots=True)
class Shell(Generic[R]):
    """An interactive shell in a row: `targets` names the containers, `open(client, row, target)` starts it."""

    targets: Callable[[R, Facts], Sequence[str]]
    open: Callable[[Any, R, str], Awaitable[Terminal]]
    rights: Callable[[R], Sequence[Right]] = lambda _row: ()


class Stream(Protocol):
    """One connection to a port: bytes both ways; `read` gives b"" at the end."""

    async def read(self, count: int) -> bytes: ...

    async def write(self, data: bytes) -> None: ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Forward(Generic[R]):
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


@dataclass(frozen=True, slots=True)
class Pane(Generic[R]):
    """A live table of one kind of thing. The first column is the row's name.

    `facets(row)` names what other panes may limit this one by (`namespace`, `node`, `owner`); `fault(row)` is what
    `ctrl-z` keeps; `parent(row)` makes a tree (the parent's row key, None for a root), children in key order.
    """

    name: str
    title: str
    table: Table[R]
    columns: tuple[Column[R], ...]
    ref: Callable[[R], Ref]
    aliases: tuple[str, ...] = ()
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


@dataclass(frozen=True, slots=True)
class Tile:
    """One line of the overview: how a system is, its members up and in all, and up to four short facts."""

    tone: Tone
    up: int
    total: int
    lines: tuple[Cell, ...] = ()


# --------------------------------------------------------------------------------------------------- judging and acting


@dataclass(frozen=True, slots=True)
class Rule(Generic[R]):
    """One thing that can be wrong. Evaluated again only for subjects of `reads` that changed."""

    id: str
    severity: Severity
    reads: Table[R]
    check: Callable[[Facts, R, float], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Target:
    """What a plan is asked about: nodes, the kind of run (`drain`, `rejoin`), options and the decisions taken."""

    run: str
    nodes: tuple[NodeName, ...]
    options: Mapping[str, Json] = field(default_factory=dict[str, Json])
    decisions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Hooks:
    """What a system does when nodes leave and come back. Steps are data, their code is in `kinds` (workflow.steps).

    `reads` are the tables that must be complete before anything is judged: where one is not, the verdict is UNKNOWN.
    `proof(facts, target)` gives what must be the same before and after (`{"members ready": "3/3"}`).
    """

    reads: tuple[Table[Any], ...]
    members: Callable[[Facts, NodeName], Sequence[Member]]
    verdict: Callable[[Facts, Target], Verdict]
    steps: Callable[[Facts, Target], Sequence[Any]]
    """Steps (console.workflow.steps.Step) for this target, each tagged with its phase."""
    kinds: Mapping[str, Any]
    """Step kinds (console.workflow.steps.StepKind) by the name that steps carry."""
    proof: Callable[[Facts, Target], Mapping[str, str]] = lambda _facts, _target: {}


class Client(Protocol):
    """What `connect` returns. Nothing connects before it is first used."""

    async def aclose(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance and the plugin's frozen settings for it."""

    id: InstanceId
    settings: Any
    title: str = ""


@dataclass(frozen=True, slots=True)
class Reach:
    """How a client gets to its servers: the dialer takes in-cluster names; `version` is the console's own."""

    clock: Clock
    version: str
    dial: Callable[[str, int], Awaitable[Stream]] | None = None


@dataclass(frozen=True, slots=True)
class Offers:
    """What a platform implements for the kernel; each is called with the plugin's client (see console.offers)."""

    journal: Deferred[Callable[[Any], Any]]
    leases: Deferred[Callable[[Any], Any]]
    audit: Deferred[Callable[[Any], Any]]
    rights: Deferred[Callable[[Any], Any]]
    identity: Deferred[Callable[[Any], Awaitable[str]]]
    dial: Deferred[Callable[[Any, str, int], Awaitable[Stream]]]


@dataclass(frozen=True, slots=True)
class Plugin:
    """The manifest. Everything heavy is deferred; a field that a system does not need stays None.

    `configure(table)` turns the plugin's TOML table into frozen settings or raises ConfigError.
    `discover(settings, platform)` names the instances; `platform` is the facts of the platform, None for the platform.
    `find(client, word)` looks for a pane that no plugin declares (`:KIND`): (source, pane), or None.
    """

    system: str
    title: str
    configure: Deferred[Callable[[Mapping[str, Any]], Any]]
    discover: Deferred[Callable[[Any, Facts | None], Sequence[Instance]]]
    connect: Deferred[Callable[[Instance, Reach], Client]]
    sources: Deferred[Sequence[Source]]
    panes: Deferred[Sequence[Pane[Any]]]
    rules: Deferred[Sequence[Rule[Any]]] | None = None
    hooks: Deferred[Hooks] | None = None
    tile: Deferred[Callable[[Facts], Tile]] | None = None
    find: Deferred[Callable[[Any, str], Awaitable[tuple[Source, Pane[Any]] | None]]] | None = None
    kinds: Deferred[Callable[[Any], Awaitable[Sequence[str]]]] | None = None
    """Words that `find` knows, for completion."""
    offers: Offers | None = None
    simulator: str = ""
    """Module that runs the simulator as a process of its own (`python -m MODULE`)."""
    api: int = API_VERSION
