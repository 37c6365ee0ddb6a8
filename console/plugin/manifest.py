"""The manifest of a plugin, the instances it finds, and what its client is made with."""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar, cast

from msgspec import Struct, field

from console.clock import Clock
from console.model import InstanceId
from console.plugin.acting import Hooks, Rule
from console.plugin.checking import Check
from console.plugin.panes import Cell, Pane, Tile
from console.plugin.platform import Platform
from console.plugin.rows import Facts, Source
from console.spending import Spending

API_VERSION = 1
T = TypeVar("T")


class Deferred(Struct, Generic[T], frozen=True):
    """A reference `package.module:NAME` that is imported when it is first needed."""

    target: str

    def load(self) -> T:
        """Import and return it. Raises ImportError or AttributeError as Python does."""
        module, _, name = self.target.partition(":")
        return cast("T", getattr(importlib.import_module(module), name))


class Client(Protocol):
    """What `connect` returns. Nothing connects before it is first used."""

    async def aclose(self) -> None: ...


class Instance(Struct, frozen=True):
    """One instance and the plugin's frozen settings for it.

    `marks` stand beside its name while it is open (`INSECURE TLS`); `remarks` are sentences said when it is opened.
    """

    id: InstanceId
    settings: Any
    title: str = ""
    marks: tuple[Cell, ...] = ()
    remarks: tuple[str, ...] = ()


class Reach(Struct, frozen=True):
    """How a client gets to its servers: `platform` finds and dials those inside it; `version` is the console's own.

    `platform` is None for the platform itself, and where no cluster is open. Each request to the servers is counted on
    `spending`; HttpClient does that where its Target has it.
    """

    clock: Clock
    version: str
    platform: Platform | None = None
    spending: Spending = field(default_factory=Spending)


class Offers(Struct, frozen=True):
    """What a platform implements for the kernel; each is called with the plugin's client (see console.offers)."""

    journal: Deferred[Callable[[Any], Any]]
    leases: Deferred[Callable[[Any], Any]]
    audit: Deferred[Callable[[Any], Any]]
    rights: Deferred[Callable[[Any], Any]]
    identity: Deferred[Callable[[Any], Awaitable[str]]]
    platform: Deferred[Callable[[Any], Platform]]
    tokens: Deferred[Callable[[Any], Any]] | None = None
    """Tokens with which nodes join (console.offers.Tokens); None where the platform has none."""
    setup: Deferred[Callable[[Sequence[str], Any, str], str]] | None = None
    """`setup(roles, subjects, namespace)`: what the platform's own tool applies (console.roles, offers.Subjects)."""
    writing: Deferred[Callable[[], None]] | None = None
    """Imports what writing needs, where that takes long: called in a thread by whoever is about to change something."""


class Plugin(Struct, frozen=True):
    """The manifest. Everything heavy is deferred; a field that a system does not need stays None.

    `configure(table)` turns the plugin's TOML table into frozen settings or raises ConfigError.
    `discover(settings)` names the instances that the settings name; the platform's are all contexts, the one that is
    meant first. `search(settings, platform)` looks for more on the platform, at the start and every minute after it.
    `find(client, word)` looks for a pane that no plugin declares (`:KIND`): (source, pane), or None.
    """

    system: str
    title: str
    configure: Deferred[Callable[[Mapping[str, Any]], Any]]
    discover: Deferred[Callable[[Any], Sequence[Instance]]]
    connect: Deferred[Callable[[Instance, Reach], Client]]
    sources: Deferred[Sequence[Source]]
    panes: Deferred[Sequence[Pane[Any]]]
    rules: Deferred[Sequence[Rule[Any]]] | None = None
    hooks: Deferred[Hooks] | None = None
    search: Deferred[Callable[[Any, Platform], Awaitable[Sequence[Instance]]]] | None = None
    tile: Deferred[Callable[[Facts], Tile]] | None = None
    find: Deferred[Callable[[Any, str], Awaitable[tuple[Source, Pane[Any]] | None]]] | None = None
    kinds: Deferred[Callable[[Any], Awaitable[Sequence[str]]]] | None = None
    """Words that `find` knows, for completion."""
    doctor: Deferred[Callable[[Any], Awaitable[Sequence[Check]]]] | None = None
    """What a client finds of what the console needs; raises nothing that it can say as a Check."""
    offers: Offers | None = None
    simulator: str = ""
    """Module that runs the simulator as a process of its own (`python -m MODULE`)."""
    api: int = API_VERSION
