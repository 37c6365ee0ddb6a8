"""What the overview shows, gathered from the kernel as values: tiles, findings, nodes out and runs. No drawing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.errors import UsageError
from console.model import Finding, InstanceId, Snapshot, SourceState, Tone
from console.plugin import Cell, Table, Tile

if TYPE_CHECKING:
    from console.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Panel:
    """One system on the overview: its tile (None: it has none to show yet), and how old what it is made of is."""

    instance: InstanceId
    title: str
    tile: Tile | None
    state: SourceState = SourceState.LOADING
    error: str = ""
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class Health:
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
    """The connection to the platform."""
    try:
        return judged(snapshots(kernel, kernel.platform))
    except UsageError as error:
        return Health(SourceState.STALE, error.what)


def panels(kernel: Runtime) -> list[Panel]:
    """One panel an instance, in the order in which they were opened; broken plugins last."""
    made: list[Panel] = []
    for instance in kernel.instances:
        plugin = kernel.plugin(instance.id)
        health = judged(snapshots(kernel, instance.id))
        tile = None
        if plugin.tile is not None and health.state is not SourceState.LOADING:
            nothing = Tile(Tone.BAD, 0, 0, (Cell("its plugin failed", Tone.BAD),))
            tile = kernel.fence.call(f"{plugin.system} tile", nothing, plugin.tile.load(), kernel.facts(instance.id))
        title = instance.title or f"{instance.id.system} {instance.id.name}"
        made.append(Panel(instance.id, title, tile, health.state, health.error, health.since))
    for broken in kernel.broken:
        tile = Tile(Tone.BAD, 0, 0, (Cell(broken.reason, Tone.BAD),))
        made.append(Panel(InstanceId(broken.plugin, ""), broken.plugin, tile, SourceState.LIVE))
    return made


def wanted(kernel: Runtime, instance: InstanceId) -> set[Table[Any]]:
    """Tables that tile, rules and hooks of an instance read, as far as its manifest says so."""
    plugin = kernel.plugin(instance)
    tables: set[Table[Any]] = set()
    if plugin.hooks is not None:
        tables.update(plugin.hooks.load().reads)
    if plugin.rules is not None:
        tables.update(rule.reads for rule in plugin.rules.load())
    panes = kernel.panes(instance)
    return tables or ({panes[0].table} if panes else set())


def findings(kernel: Runtime) -> list[Finding]:
    """What is wrong, worst first."""
    found: list[Finding] = []
    for instance in kernel.instances:
        plugin = kernel.plugin(instance.id)
        if plugin.rules is None:
            continue
        facts = kernel.facts(instance.id)
        for rule in plugin.rules.load():
            for row in list(facts.rows(rule.reads).values()):
                nothing: tuple[Finding, ...] = ()
                found += kernel.fence.call(rule.id, nothing, lambda r=rule, f=facts, x=row: tuple(r.check(f, x, f.now)))
    return sorted(found, key=lambda finding: (-finding.severity, finding.since or 0.0, str(finding.subject)))
