"""A scripted system for tests of screens: boats in harbours, rows from a list that the test changes. No cluster."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from console import own
from console.config import Settings
from console.errors import Conflict, Rejected, Unreachable
from console.model import Answer, Finding, InstanceId, Prospect, Reason, Ref, Severity, Tone, Verdict
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
    Forward,
    Hooks,
    Instance,
    Jump,
    LogQuery,
    Logs,
    Manifest,
    Offers,
    Pane,
    Plugin,
    Reach,
    Rule,
    Shell,
    Stream,
    Table,
    Target,
    Terminal,
    Tile,
    Watch,
)
from console.runtime import Runtime
from console.workflow.steps import Ctx, Go, Outcome, Phase, Step, StepKind
from tests.clock import FakeClock
from tests.kernel.workflow.memory import AuditList, Granted, Journals, LeaseTable
from tests.screens.far import Echo, Parrot

INSTANCE = InstanceId("fleet", "north")


@dataclass(frozen=True, slots=True)
class Boat:
    """One row."""

    name: str
    harbour: str
    knots: int = 5
    sunk: bool = False
    captain: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """A row whose kind is `node`, for plans."""

    name: str
    ready: bool = True


@dataclass(slots=True)
class Sea:
    """What the fleet's client sees and does; a test changes it and calls `publish`."""

    boats: dict[str, Boat] = field(default_factory=dict[str, Boat])
    nodes: dict[str, Node] = field(default_factory=dict[str, Node])
    done: list[str] = field(default_factory=list[str])
    logs: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    queries: list[LogQuery] = field(default_factory=list[LogQuery])
    storm: str = ""
    journals: Journals = field(default_factory=Journals)
    leases: LeaseTable = field(default_factory=LeaseTable)
    audited: AuditList = field(default_factory=AuditList)
    rights: Granted = field(default_factory=Granted)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    log_added: asyncio.Event = field(default_factory=asyncio.Event)

    def publish(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()

    def add(self, *boats: Boat) -> None:
        self.boats.update({f"{boat.harbour}/{boat.name}": boat for boat in boats})
        self.publish()

    def say(self, source: str, *lines: str) -> None:
        self.logs.setdefault(source, []).extend(lines)
        self.log_added.set()
        self.log_added = asyncio.Event()

    async def aclose(self) -> None:
        self.done.append("closed")


SEAS: dict[str, Sea] = {}
BOATS: Table[Boat] = Table("boats", lambda boat: f"{boat.harbour}/{boat.name}")
NODES: Table[Node] = Table("nodes", lambda node: node.name)


async def _follow(sea: Sea, feed: Feed[Any], rows: str) -> None:
    while True:
        if sea.storm:
            raise Unreachable(sea.storm, where="https://north:6443")
        changed = sea.changed
        feed.begin()
        feed.add(list(getattr(sea, rows).values()))
        feed.end()
        await changed.wait()


async def follow_boats(sea: Sea, feed: Feed[Boat]) -> None:
    await _follow(sea, feed, "boats")


async def follow_nodes(sea: Sea, feed: Feed[Node]) -> None:
    await _follow(sea, feed, "nodes")


async def _sink(act: Act, boat: Boat) -> str:
    act.client.done.append(f"sank {boat.name}")
    return f"{boat.name} is sunk"


async def _steer(act: Act, boat: Boat) -> str:
    if boat.sunk:
        raise Rejected("a sunk boat does not steer", where=boat.name)
    act.client.done.append(f"steered {boat.name} {act.answers['course']}")
    return f"{boat.name} steers {act.answers['course']}"


async def _hail(act: Act, boat: Boat) -> str:
    act.client.done.append(f"hailed {boat.name}")
    return f"{boat.name} answers"


async def _read(sea: Sea, boat: Boat, reveal: bool) -> str:  # noqa: FBT001
    secret = boat.captain or "nobody"
    return f"kind: Boat\nname: {boat.name}\nharbour: {boat.harbour}\ncaptain: {secret if reveal else '(masked)'}\n"


async def _write(sea: Sea, boat: Boat, text: str, dry_run: bool) -> str:  # noqa: FBT001
    if "conflict" in text:
        raise Conflict("somebody else changed the boat first", where=boat.name)
    if "bad" in text:
        raise Rejected("knots must be a number", where=boat.name)
    if not dry_run:
        sea.done.append(f"wrote {boat.name}")
    return f"{boat.name} written"


async def follow_log(sea: Sea, boat: Boat, query: LogQuery) -> AsyncIterator[str]:
    sea.queries.append(query)
    seen = 0
    while True:
        added = sea.log_added
        lines = sea.logs.get(query.source, [])
        for line in lines[seen:]:
            yield line
        seen = len(lines)
        if not query.follow:
            return
        await added.wait()


async def _shell(sea: Sea, boat: Boat, target: str) -> Terminal:
    return Parrot()


async def _port(sea: Sea, boat: Boat, port: int) -> Stream:
    return Echo()


ACTIONS: tuple[Action[Boat], ...] = (
    Action("hail", "hail", _hail, key="h", help="call the crew"),
    Action(
        "steer",
        "steer",
        _steer,
        key="g",
        help="give a course",
        asks=lambda _boat, _facts: (Ask("course", "course in degrees", "90", number=True),),
    ),
    Action(
        "sink",
        "sink",
        _sink,
        key="ctrl+d",
        effect=Effect.DESTROY,
        when=lambda boat, _facts: "it is sunk already" if boat.sunk else None,
    ),
)
BOAT_PANE: Pane[Boat] = Pane(
    name="boats",
    title="boats",
    table=BOATS,
    columns=(
        Column("NAME", lambda boat: boat.name, width=0),
        Column("HARBOUR", lambda boat: boat.harbour),
        Column("STATE", lambda boat: boat.sunk, lambda boat, _now: _state(boat)),
        Column("KNOTS", lambda boat: boat.knots, align="right"),
        Column("CAPTAIN", lambda boat: boat.captain, grow=True),
    ),
    ref=lambda boat: Ref("boat", boat.name, boat.harbour),
    aliases=("bo", "boat", "anns"),
    limits={"anns": {"captain": "ann"}},
    sort="NAME",
    facets=lambda boat: {"namespace": boat.harbour, "captain": boat.captain},
    fault=lambda boat: boat.sunk,
    actions=ACTIONS,
    jumps=(Jump("same harbour", "boats", lambda boat, _facts: {"namespace": boat.harbour}),),
    manifest=Manifest(_read, _write),
    logs=Logs(lambda boat, _facts: (f"{boat.name}/deck", f"{boat.name}/engine"), follow_log),
    shell=Shell(lambda boat, _facts: ("deck", "engine"), _shell),
    forward=Forward(lambda boat, _facts: (8080,), _port),
)
NODE_PANE: Pane[Node] = Pane(
    name="nodes",
    title="nodes",
    table=NODES,
    columns=(Column("NAME", lambda node: node.name), Column("READY", lambda node: node.ready)),
    ref=lambda node: Ref("node", node.name),
    aliases=("no", "node"),
)
SOURCES = (Watch(BOATS, follow_boats), Watch(NODES, follow_nodes))
PANES = (NODE_PANE, BOAT_PANE)


def _state(boat: Boat) -> Cell:
    return Cell("sunk", Tone.BAD) if boat.sunk else Cell("afloat", Tone.OK)


def _check(_facts: Facts, boat: Boat, _now: float) -> Iterable[Finding]:
    if boat.sunk:
        yield Finding("fleet.F1", Severity.HIGH, Ref("boat", boat.name, boat.harbour), "is sunk", ("no bubbles",))


RULES = (Rule("fleet.F1", Severity.HIGH, BOATS, _check),)


def tile(facts: Facts) -> Tile:
    boats = list(facts.rows(BOATS).values())
    afloat = sum(not boat.sunk for boat in boats)
    return Tile(Tone.OK if afloat == len(boats) else Tone.WARN, afloat, len(boats), (Cell(f"{len(boats)} boats"),))


VERDICTS: dict[str, Verdict] = {}
"""What a plan says of a node; SAFE where nothing stands here."""
PROSPECTS: list[Prospect] = []
"""What a plan says of single things."""


def _verdict(_facts: Facts, target: Target) -> Verdict:
    return Verdict.merged(
        VERDICTS.get(node, Verdict((Reason(Answer.SAFE, "boats", "no boat is lost"),))) for node in target.nodes
    )


def _steps(_facts: Facts, target: Target) -> Sequence[Step]:
    node = target.nodes[0]
    cordon = Step("cordon", f"cordon {node}", "fleet", "north", "cordon", Phase.CORDON)
    params = {"pod": "anna", "namespace": "kiel"}
    move = Step("move", "move anna", "fleet", "north", "move", Phase.EVICT, after=("cordon",), params=params)
    return (cordon, move)


async def _go(_ctx: Ctx) -> Outcome:
    return Go()


async def _back(_ctx: Ctx) -> str:
    return "as it was"


KINDS = {"cordon": StepKind(_go, _go, _back, undo=_back), "move": StepKind(_go, _go, _back)}


def _prospects(_facts: Facts, _target: Target) -> tuple[Prospect, ...]:
    return tuple(PROSPECTS)


HOOKS = Hooks(
    reads=(NODES,),
    members=lambda _facts, _node: (),
    verdict=_verdict,
    steps=_steps,
    kinds=KINDS,
    prospects=_prospects,
)


def configure(table: Mapping[str, Any]) -> Mapping[str, Any]:
    return table


def discover(_settings: Any) -> Sequence[Instance]:
    return tuple(Instance(InstanceId("fleet", name), None) for name in SEAS)


def connect(instance: Instance, _reach: Reach) -> Sea:
    return SEAS[instance.id.name]


async def find(_sea: Sea, word: str) -> tuple[Any, Pane[Any]] | None:
    if word != "gulls":
        return None
    table: Table[Node] = Table("gulls", lambda node: node.name)

    async def follow(sea: Sea, feed: Feed[Node]) -> None:
        feed.begin()
        feed.add([Node("gull-1")])
        feed.end()
        await asyncio.Event().wait()

    pane: Pane[Node] = Pane("gulls", "gulls", table, (Column("NAME", lambda n: n.name),), lambda n: Ref("gull", n.name))
    return Watch(table, follow), pane


async def kinds(_sea: Sea) -> Sequence[str]:
    return ("gulls",)


def journal(sea: Sea) -> Journals:
    return sea.journals


def leases(sea: Sea) -> LeaseTable:
    return sea.leases


def audit(sea: Sea) -> AuditList:
    return sea.audited


def rights(sea: Sea) -> Granted:
    return sea.rights


async def identity(_sea: Sea) -> str:
    return "jane"


_HERE = "tests.screens.fleet"
PLUGIN = Plugin(
    system="fleet",
    title="Fleet",
    configure=Deferred(f"{_HERE}:configure"),
    discover=Deferred(f"{_HERE}:discover"),
    connect=Deferred(f"{_HERE}:connect"),
    sources=Deferred(f"{_HERE}:SOURCES"),
    panes=Deferred(f"{_HERE}:PANES"),
    rules=Deferred(f"{_HERE}:RULES"),
    tile=Deferred(f"{_HERE}:tile"),
    find=Deferred(f"{_HERE}:find"),
    kinds=Deferred(f"{_HERE}:kinds"),
    hooks=Deferred(f"{_HERE}:HOOKS"),
    offers=Offers(
        journal=Deferred(f"{_HERE}:journal"),
        leases=Deferred(f"{_HERE}:leases"),
        audit=Deferred(f"{_HERE}:audit"),
        rights=Deferred(f"{_HERE}:rights"),
        identity=Deferred(f"{_HERE}:identity"),
        platform=Deferred(f"{_HERE}:platform"),
    ),
)


def sea() -> Sea:
    """A small sea: three boats in two harbours, two nodes."""
    made = Sea()
    made.add(Boat("anna", "kiel", 7), Boat("bertha", "kiel", 3), Boat("clara", "oslo", 9, captain="ann"))
    made.nodes = {name: Node(name) for name in ("node1", "node2")}
    SEAS.clear()
    VERDICTS.clear()
    PROSPECTS.clear()
    SEAS.update({"north": made, "south": Sea()})
    return made


async def opened(settings: Settings | None = None, clock: Any = None) -> Runtime:
    """An open kernel on the scripted fleet."""
    runtime = Runtime(settings or Settings(), clock=clock or FakeClock(), plugins=[PLUGIN])
    await runtime.open()
    await own.attach(runtime)
    return runtime
