"""What the overview shows, gathered from the kernel as values: tiles, connection, nodes out and runs. No drawing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct

from console.model import InstanceId, Snapshot, SourceState, Tone
from console.own import ID as OWN
from console.own import RUNS, RunRow
from console.plugin import Cell, Deferred, Facts, Table, Tile

if TYPE_CHECKING:
    from console.runtime import Runtime

T = TypeVar("T")


class Panel(Struct, frozen=True):
    """One system on the overview: its tile (None: it has none to show yet), and how old what it is made of is."""

    instance: InstanceId
    title: str
    tile: Tile | None
    state: SourceState = SourceState.LOADING
    error: str = ""
    since: float = 0.0


class Health(Struct, frozen=True):
    """The connection, judged by the sources that run: `error` is empty while one of them is live."""

    state: SourceState = SourceState.LOADING
    error: str = ""
    since: float = 0.0


def snapshots(kernel: Runtime, instance: InstanceId) -> list[Snapshot[Any]]:
    """Snapshots of the tables of an instance's panes that somebody wants now."""
    facts = kernel.facts(instance)
    found = [facts.snapshot(table) for table in {pane.table for pane in kernel.panes(instance)}]
    return [snapshot for snapshot in found if snapshot.state is not SourceState.LOADING or snapshot.rows]


def judged(found: list[Snapshot[Any]]) -> Health:
    """One state for several sources: live while one is, stale since the first of them went."""
    if any(snapshot.state is SourceState.LIVE for snapshot in found):
        return Health(SourceState.LIVE)
    stale = [s for s in found if s.state is not SourceState.LOADING and s.error != "nobody looked at it"]
    if not stale:
        return Health()
    first = min(stale, key=lambda snapshot: snapshot.since)
    return Health(first.state, first.error, first.since)


def connection(kernel: Runtime) -> Health:
    """The connection to the platform; where nobody asks it for anything, or there is none, to all that is looked at."""
    if kernel.context and kernel.demands.feeds(kernel.platform):
        return judged(snapshots(kernel, kernel.platform))
    instances = [instance.id for instance in kernel.instances if instance.id != OWN]
    if not instances:
        return Health(SourceState.STALE, "no cluster is open")
    return judged([snapshot for instance in instances for snapshot in snapshots(kernel, instance)])


class Declared(Struct, frozen=True):
    """What an instance's manifest declares for the overview, loaded: its tile, and the tables that are read for it."""

    tile: Callable[[Facts], Tile] | None = None
    reads: frozenset[Table[Any]] = frozenset()


async def declared(kernel: Runtime, instance: InstanceId) -> Declared:
    """Load it in a thread, part by part; a part that fails is a breakage and takes nothing else down."""
    plugin = kernel.plugin(instance)

    async def load(part: str, reference: Deferred[T] | None) -> T | None:
        if reference is None:
            return None
        try:
            return await asyncio.to_thread(reference.load)
        except Exception as error:  # noqa: BLE001  # importing a plugin's module may raise anything
            kernel.fence.caught(f"{plugin.system} {part}", error)
            return None

    tile, hooks = await load("tile", plugin.tile), await load("hooks", plugin.hooks)
    reads = set(hooks.reads if hooks is not None else ())
    panes = kernel.panes(instance)
    return Declared(tile, frozenset(reads or ({panes[0].table} if panes else set())))


def panels(kernel: Runtime, parts: Mapping[InstanceId, Declared]) -> list[Panel]:
    """One panel an instance, in the order in which they were opened; broken plugins last."""
    made: list[Panel] = []
    for instance in kernel.instances:
        if instance.id == OWN:
            continue
        system, health = instance.id.system, judged(snapshots(kernel, instance.id))
        tile = None
        draw = parts.get(instance.id, Declared()).tile
        if draw is not None and health.state is not SourceState.LOADING:
            nothing = Tile(Tone.BAD, 0, 0, (Cell("its plugin failed", Tone.BAD),))
            tile = kernel.fence.call(f"{system} tile", nothing, draw, kernel.facts(instance.id))
        title = f"{system} {instance.id.name}"
        made.append(Panel(instance.id, title, tile, health.state, health.error, health.since))
    for broken in kernel.broken:
        tile = Tile(Tone.BAD, 0, 0, (Cell(broken.reason, Tone.BAD),))
        made.append(Panel(InstanceId(broken.name, ""), broken.name, tile, SourceState.LIVE))
    return made


def at_work(kernel: Runtime) -> list[RunRow]:
    """Runs that are on their way, and drains whose nodes are still out, newest first."""
    rows = [row for row in kernel.facts(OWN).rows(RUNS).values() if not row.problem]
    back: dict[str, float] = {}
    for row in rows:
        if row.kind != "drain":
            back.update({node: max(row.began, back.get(node, 0.0)) for node in row.nodes})
    out = [row for row in rows if row.kind == "drain" and row.status == "done"]
    still = [row for row in out if any(back.get(node, 0.0) < row.began for node in row.nodes)]
    return sorted([*(row for row in rows if row.active), *still], key=lambda row: (not row.active, -row.began))


def nodes_out(kernel: Runtime) -> int:
    """How many nodes are drained, or being drained, and not yet back."""
    return len({node for row in at_work(kernel) if row.kind == "drain" for node in row.nodes})
