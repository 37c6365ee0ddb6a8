"""A small invented system for tables: ships with a berth, a state and a cargo; a view of the store's shape; a host."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from textual.app import App, ComposeResult
from textual.widget import Widget

from console.fence import Fence
from console.format import age
from console.model import Delta, InstanceId, Ref, Snapshot, SourceState, Tone
from console.plugin import Cell, Column, Facts, Jump, Pane, Section, Table
from screens.widgets.table import LiveTable
from tests.clock import FakeClock
from tests.values import replace
from themes import LOOKS

NOW = 1_700_000_000.0
FLEET = InstanceId("harbour", "north")


@dataclass(frozen=True, slots=True)
class Ship:
    name: str
    port: str = "kiel"
    state: str = "sailing"
    cargo: float | None = 0
    built: float | None = NOW - 86_400 * 30
    captain: str = "mara"
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    flagship: str | None = None

    @property
    def key(self) -> str:
        return f"{self.port}/{self.name}"


_TONES = {"sailing": Tone.OK, "waiting": Tone.WARN, "sunk": Tone.BAD, "loading": Tone.BUSY}

COLUMNS: tuple[Column[Ship], ...] = (
    Column("NAME", value=lambda s: s.name),
    Column("STATE", value=lambda s: s.state, cell=lambda s, _now: Cell(s.state, _TONES.get(s.state, Tone.PLAIN))),
    Column("CARGO", value=lambda s: s.cargo, align="right"),
    Column("PORT", value=lambda s: s.port, hide_below=60),
    Column("CAPTAIN", value=lambda s: s.captain, grow=True),
    Column("BUILT", value=lambda s: s.built, wide=True),
    Column("AGE", value=lambda s: s.built, cell=lambda s, now: Cell(age(s.built, now)), align="right"),
)
SHIPS: Table[Ship] = Table("ships", lambda ship: ship.key)


def described(ship: Ship, _facts: Facts) -> tuple[Section, ...]:
    return (
        Section("ship", (("name", Cell(ship.name, Tone.ACCENT)), ("state", Cell(ship.state, _TONES[ship.state])))),
        Section("cargo", (("tons", Cell(str(ship.cargo))), ("captain", Cell(ship.captain)))),
    )


PANE: Pane[Ship] = Pane(
    name="ships",
    title="Ships",
    table=SHIPS,
    columns=COLUMNS,
    ref=lambda ship: Ref("ship", ship.name, ship.port),
    labels=lambda ship: ship.labels,
    facets=lambda ship: {"namespace": ship.port, "captain": ship.captain},
    fault=lambda ship: ship.state == "sunk",
    describe=described,
    jumps=(Jump("berths", "berths", lambda ship, _facts: {"port": ship.port} if ship.state == "waiting" else None),),
)


def _flagship(ship: Ship) -> str | None:
    return ship.flagship


TREE: Pane[Ship] = replace(PANE, parent=_flagship)


class ShipFacts:
    """As much of `Facts` as a description of a ship needs."""

    instance = FLEET
    now = NOW


class ShipView:
    """The shape of the store's view: publications are given by the test."""

    def __init__(self, ships: Iterable[Ship] = (), *, state: SourceState = SourceState.LIVE) -> None:
        self.facts = cast("Facts", ShipFacts())
        self.subscribers: list[Callable[[Snapshot[Ship], Delta], None]] = []
        live = state is SourceState.LIVE
        self.snapshot: Snapshot[Ship] = Snapshot(
            rows={ship.key: ship for ship in ships}, state=state, taken_at=NOW, since=NOW, complete=live
        )

    def subscribe(self, callback: Callable[[Snapshot[Ship], Delta], None]) -> Callable[[], None]:
        self.subscribers.append(callback)
        callback(self.snapshot, Delta(added=frozenset(self.snapshot.rows)))
        return lambda: self.subscribers.remove(callback)

    def publish(self, *ships: Ship, gone: Iterable[str] = (), **meta: Any) -> None:
        old, rows = self.snapshot.rows, dict(self.snapshot.rows)
        removed = frozenset(key for key in gone if rows.pop(key, None) is not None)
        rows.update((ship.key, ship) for ship in ships)
        added = frozenset(ship.key for ship in ships if ship.key not in old)
        changed = frozenset(ship.key for ship in ships if ship.key in old and old[ship.key] != ship)
        self.snapshot = replace(self.snapshot, rows=rows, generation=self.snapshot.generation + 1, **meta)
        for subscriber in tuple(self.subscribers):
            subscriber(self.snapshot, Delta(added, changed, removed))


class Host(App[None]):
    """An empty program around one widget, with our themes."""

    def __init__(self, widget: Widget, theme: str = "dark") -> None:
        super().__init__(ansi_color=True if theme == "ansi" else None)
        self.widget = widget
        self.wanted = theme
        self.said: list[str] = []

    def compose(self) -> ComposeResult:
        yield self.widget

    def on_mount(self) -> None:
        for look in LOOKS.values():
            self.register_theme(look.theme)
        self.theme = self.wanted

    def on_pane_view_said(self, event: Any) -> None:
        self.said.append(event.text)


def table_of(*ships: Ship, pane: Pane[Ship] = PANE, fence: Fence | None = None) -> LiveTable[Ship]:
    """A live table that holds these ships."""
    table = LiveTable(pane, FakeClock(NOW), fence)
    table.take(Snapshot({ship.key: ship for ship in ships}, SourceState.LIVE, NOW, complete=True), Delta())
    table.contents.rebuild()
    return table


def plain(widget: Widget) -> list[str]:
    """The lines of a widget as text, without what is blank at their ends."""
    return [widget.render_line(y).text.rstrip() for y in range(widget.size.height)]


def fleet(count: int, **same: Any) -> list[Ship]:
    return [Ship(f"ship-{number}", cargo=number % 97, **same) for number in range(count)]


def _broken(_row: Any, _now: float = 0) -> Any:
    raise RuntimeError("no such field")


def _odd(_ship: Ship, _now: float) -> Cell:
    seven: Any = 7
    return Cell(seven, Tone.OK)


def broken_pane() -> Pane[Ship]:
    """A pane whose every function raises, but for the name."""
    return replace(
        PANE,
        columns=(
            Column[Ship]("NAME", value=lambda ship: ship.name),
            Column[Ship]("BAD", value=_broken),
            Column[Ship]("ODD", value=lambda ship: ship.name, cell=_odd),
        ),
        facets=_broken,
        labels=_broken,
        describe=_broken,
        fault=_broken,
        parent=_broken,
    )
