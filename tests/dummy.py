"""A system that does not exist, as a plugin with two instances. It uses the public plugin API alone: that is its proof.

It has a watched table, a poll, a join, panes, an action, a rule, a tile and a drain hook.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from console.model import Answer, Finding, InstanceId, Member, NodeName, Reason, Ref, Severity, Tone, Verdict
from console.plugin import (
    Act,
    Action,
    Ask,
    Cell,
    Column,
    Deferred,
    Effect,
    Facts,
    Feed,
    Hooks,
    Index,
    Instance,
    Join,
    Pane,
    Plugin,
    Poll,
    Reach,
    Rule,
    Table,
    Target,
    Tile,
    Touch,
    Watch,
)
from console.runtime import Runtime
from console.workflow.steps import Ctx, Done, Go, Outcome, Phase, Step, StepKind
from tests.values import replace


@dataclass(frozen=True, slots=True)
class Widget:
    name: str
    node: str
    size: int = 0
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Shelf:
    node: str
    widgets: int
    broken: int


WIDGETS = Table[Widget]("widgets", lambda row: row.name)
NODES = Table[str]("shelf-names", lambda row: row)
SHELVES = Table[Shelf]("shelves", lambda row: row.node)
BY_NODE = Index[Widget](WIDGETS, "node", lambda row: (row.node,))


@dataclass
class Warehouse:
    """The server of one instance, in memory; tests change it and the watch sees it."""

    widgets: dict[str, Widget] = field(default_factory=dict[str, Widget])
    changes: asyncio.Queue[Widget | str] = field(default_factory=asyncio.Queue[Widget | str])
    error: Exception | None = None
    closed: bool = False
    polished: list[str] = field(default_factory=list[str])

    async def aclose(self) -> None:
        self.closed = True

    def put(self, widget: Widget) -> None:
        self.widgets[widget.name] = widget
        self.changes.put_nowait(widget)

    def drop(self, name: str) -> None:
        del self.widgets[name]
        self.changes.put_nowait(name)


WAREHOUSES: dict[str, Warehouse] = {}


async def follow(client: Warehouse, feed: Feed[Widget]) -> None:
    if client.error is not None:
        raise client.error
    feed.begin()
    names = list(client.widgets)
    for start in range(0, len(names), 500):
        feed.add([client.widgets[name] for name in names[start : start + 500]])
        await asyncio.sleep(0)
    feed.end()
    while True:
        change = await client.changes.get()
        if client.error is not None:
            raise client.error
        if isinstance(change, Widget):
            feed.change([change])
        else:
            feed.change(gone=[change])


async def shelf_names(client: Warehouse) -> Iterable[str]:
    return sorted({widget.node for widget in client.widgets.values()})


def shelf(node: str, facts: Facts) -> Iterable[Shelf]:
    widgets = facts.by(BY_NODE, node)
    yield Shelf(node, len(widgets), sum(widget.broken for widget in widgets))


SOURCES = (
    Watch(WIDGETS, follow),
    Poll(NODES, shelf_names, visible=5.0, hidden=None),
    Join(SHELVES, NODES, shelf, (Touch(WIDGETS, lambda row, _facts: (row.node,)),)),
)


async def polish(act: Act, row: Widget) -> str:
    act.client.polished.append(row.name)
    act.client.put(replace(row, broken=False))
    return f"{row.name} polished with {act.answers['cloth']}"


def _size(row: Widget, _now: float) -> Cell:
    return Cell(f"{row.size} cm", Tone.BAD if row.broken else Tone.OK)


PANES = (
    Pane(
        name="widgets",
        title="widgets",
        table=WIDGETS,
        aliases=("wi",),
        columns=(
            Column("NAME", lambda row: row.name, grow=True),
            Column("NODE", lambda row: row.node, hide_below=60),
            Column("SIZE", lambda row: row.size, cell=_size, align="right"),
        ),
        ref=lambda row: Ref("widget", row.name),
        facets=lambda row: {"node": row.node},
        fault=lambda row: row.broken,
        actions=(
            Action(
                id="polish",
                title="Polish",
                key="p",
                run=polish,
                effect=Effect.CHANGE,
                when=lambda row, _facts: None if row.broken else "it shines already",
                asks=lambda _row, _facts: (Ask("cloth", "With which cloth?", "silk"),),
            ),
        ),
    ),
    Pane(
        name="shelves",
        title="shelves",
        table=SHELVES,
        columns=(Column("NODE", lambda row: row.node), Column("WIDGETS", lambda row: row.widgets, align="right")),
        ref=lambda row: Ref("shelf", row.node),
    ),
)


def broken_widget(facts: Facts, row: Widget, now: float) -> Iterable[Finding]:
    if row.broken:
        yield Finding("D1", Severity.WARNING, Ref("widget", row.name), f"{row.name} is broken", node=NodeName(row.node))


RULES = (Rule("D1", Severity.WARNING, WIDGETS, broken_widget),)


def members(facts: Facts, node: NodeName) -> Sequence[Member]:
    return [Member(facts.instance, widget.name, node) for widget in facts.by(BY_NODE, node)]


def verdict(facts: Facts, target: Target) -> Verdict:
    broken = [w.name for node in target.nodes for w in facts.by(BY_NODE, node) if w.broken]
    if broken:
        return Verdict((Reason(Answer.NO, "widgets", f"{broken[0]} is broken, needs 0 broken, has {len(broken)}"),))
    return Verdict((Reason(Answer.SAFE, "widgets", "none is broken"),))


def steps(facts: Facts, target: Target) -> Sequence[Step]:
    name = facts.instance.name
    return [
        Step(f"dust-{name}-{node}", f"dust {node}", "dummy", name, "dust", Phase.QUIESCE, {"node": node})
        for node in target.nodes
        if facts.by(BY_NODE, node)
    ]


async def _go(_ctx: Ctx) -> Outcome:
    return Go()


async def _dust(ctx: Ctx) -> str:
    ctx.client.polished.append(f"dusted {ctx.step.params['node']}")
    return "dusted"


async def _dusted(ctx: Ctx) -> Outcome:
    return Done(f"{ctx.step.params['node']} has no dust")


HOOKS = Hooks(
    reads=(WIDGETS,), members=members, verdict=verdict, steps=steps, kinds={"dust": StepKind(_go, _dusted, act=_dust)}
)


def tile(facts: Facts) -> Tile:
    widgets = facts.rows(WIDGETS).values()
    up = sum(not widget.broken for widget in widgets)
    return Tile(Tone.OK if up == len(widgets) else Tone.WARN, up, len(widgets))


def configure(table: Mapping[str, object]) -> Mapping[str, object]:
    return table


def find_instances(_settings: object) -> Sequence[Instance]:
    return [Instance(InstanceId("dummy", name), None) for name in ("east", "west")]


def connect(instance: Instance, _reach: Reach) -> Warehouse:
    return WAREHOUSES[instance.id.name]


PLUGIN = Plugin(
    system="dummy",
    title="Dummy",
    configure=Deferred("tests.dummy:configure"),
    discover=Deferred("tests.dummy:find_instances"),
    connect=Deferred("tests.dummy:connect"),
    sources=Deferred("tests.dummy:SOURCES"),
    panes=Deferred("tests.dummy:PANES"),
    rules=Deferred("tests.dummy:RULES"),
    hooks=Deferred("tests.dummy:HOOKS"),
    tile=Deferred("tests.dummy:tile"),
)
EAST = InstanceId("dummy", "east")
WEST = InstanceId("dummy", "west")


async def shown(runtime: Runtime, is_so: Callable[[], object]) -> None:
    """Wait until the store has published what makes `is_so` true; other publications may come before."""
    async with asyncio.timeout(30):
        while not is_so():
            await runtime.changed()
