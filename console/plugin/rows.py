"""Rows: tables and indexes as tokens, the sources that feed them, and the read-only facts over them.

Generic values have no slots: `Table[Pod](...)` would fail on a frozen class with slots (Python 3.11 to 3.13).
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

from msgspec import Struct

from console.model import InstanceId, Snapshot

R = TypeVar("R")
S = TypeVar("S")
R_contra = TypeVar("R_contra", contravariant=True)


class Table(Struct, Generic[R], frozen=True, eq=False):
    """Names the rows of one source; `key` gives a row's identity, stable over its life (`namespace/name`)."""

    name: str
    key: Callable[[R], str]


class Index(Struct, Generic[R], frozen=True, eq=False):
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


class Feed(Protocol[R_contra]):
    """What a `Watch` writes to. Synchronous; called on the event loop; rows are by the table's key."""

    def begin(self) -> None:
        """A full list starts; old rows stay until `end`."""
        ...

    def add(self, rows: Iterable[R_contra]) -> None:
        """One page of the list; painted at once."""
        ...

    def end(self) -> None:
        """The list is complete: rows that were not seen since `begin` are gone."""
        ...

    def change(self, rows: Iterable[R_contra] = (), gone: Iterable[str] = ()) -> None:
        """Rows that are new or different, and keys that are gone."""
        ...

    def heard(self) -> None:
        """The source answered: what we hold is true as of now."""
        ...

    def note(self, text: str) -> None:
        """How the source is degraded, by name; empty when it no longer is."""
        ...


class Watch(Struct, Generic[R], frozen=True):
    """Rows that stream in. `follow(client, feed)` runs until it raises; the kernel backs off and calls it again."""

    table: Table[R]
    follow: Callable[[Any, Feed[R]], Awaitable[None]]


class Poll(Struct, Generic[R], frozen=True):
    """Rows that are asked for: every `visible` seconds while somebody looks, else every `hidden` (None: never).

    `fetch` gives all rows at once, or page after page (an asynchronous generator): each page is shown when it comes.
    """

    table: Table[R]
    fetch: Callable[[Any], Awaitable[Iterable[R]] | AsyncIterable[Iterable[R]]]
    visible: float = 5.0
    hidden: float | None = 30.0


class Touch(Struct, Generic[S], frozen=True):
    """Which subjects of a join a changed row of `table` concerns, by their key; `EVERY` means all."""

    table: Table[S]
    subjects: Callable[[S, Facts], Iterable[str]]


EVERY = "*"


class Join(Struct, Generic[S, R], frozen=True):
    """Rows computed from other tables: `build(subject, facts)` gives the rows of one row of `of` (usually one).

    The store calls it again only for subjects that a change touches. Row keys must begin with the subject's key where
    a subject gives several rows. It must not look at `facts.now`, for it is not called again as time passes.
    """

    table: Table[R]
    of: Table[S]
    build: Callable[[S, Facts], Iterable[R]]
    touches: tuple[Touch[Any], ...] = ()


Source = Watch[Any] | Poll[Any] | Join[Any, Any]
