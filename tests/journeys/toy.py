"""A small system in memory, with hooks: what journeys drain. It counts every effect that its server ever saw."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from console.audit import AuditLog, Person
from console.errors import Conflict, Temporary
from console.gate import Gate, Rules
from console.model import Answer, InstanceId, NodeName, Reason, Snapshot, SourceState, Verdict
from console.plugin import Deferred, Facts, Hooks, Index, Instance, Json, Plugin, Table, Target
from console.workflow.execution import Equipment
from console.workflow.steps import Ctx, Done, Go, Outcome, Phase, Step, StepKind, Wait
from tests.kernel.workflow.memory import AuditList, Granted, Journals, LeaseTable, LoopClock, Network

TOY = InstanceId("toy", "one")


@dataclass(frozen=True)
class Thing:
    name: str
    uid: str


THINGS: Table[Thing] = Table("things", lambda thing: thing.name)


@dataclass
class Server:
    """The cluster: a cordon, and things that go away some time after they were asked to."""

    network: Network = field(default_factory=Network)
    things: dict[str, Thing] = field(default_factory=dict[str, Thing])
    cordoned: bool = False
    by: str = ""
    effects: list[str] = field(default_factory=list[str])
    calls: list[tuple[float, str, str]] = field(default_factory=list[tuple[float, str, str]])
    budget: int = 100
    leaving: set[str] = field(default_factory=set[str])
    takes: float = 5.0
    asking: int = 0
    most_asking: int = 0
    """The most evictions that were on their way at once."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def cordon(self, who: str, *, wanted: bool, run: str) -> None:
        number = await self.network.ask("cordon")
        self.calls.append((asyncio.get_running_loop().time(), who, "cordon"))
        if self.cordoned != wanted or self.by != run:
            self.effects.append("cordon" if wanted else "uncordon")
        self.cordoned, self.by = wanted, run if wanted else ""
        self.publish()
        self.network.answered(number)

    async def evict(self, who: str, name: str, uid: str) -> None:
        self.asking += 1
        self.most_asking = max(self.most_asking, self.asking)
        try:
            number = await self.network.ask(f"evict {name}")
        finally:
            self.asking -= 1
        self.calls.append((asyncio.get_running_loop().time(), who, f"evict {name}"))
        thing = self.things.get(name)
        if thing is None or thing.uid != uid:
            raise Conflict(f"{name} is another one now")
        if name not in self.leaving:
            if self.budget <= 0:
                raise Temporary(f"the budget lets {name} not go", delay=5.0)
            self.budget -= 1
            self.leaving.add(name)
            self.effects.append(f"evict {name}")
            asyncio.get_running_loop().call_later(self.takes, self.gone, name)
        self.network.answered(number)

    def gone(self, name: str) -> None:
        self.things.pop(name, None)
        self.leaving.discard(name)
        self.publish()

    def publish(self) -> None:
        changed, self.changed = self.changed, asyncio.Event()
        changed.set()


@dataclass
class Caller:
    """One process's client of the server."""

    server: Server
    who: str

    async def aclose(self) -> None: ...


@dataclass
class ToyFacts:
    server: Server
    clock: LoopClock
    state: SourceState = SourceState.LIVE

    @property
    def instance(self) -> InstanceId:
        return TOY

    @property
    def now(self) -> float:
        return self.clock.now()

    def snapshot(self, table: Table[Any]) -> Snapshot[Any]:
        down = self.server.network.down
        state = SourceState.STALE if down else self.state
        return Snapshot(dict(self.server.things), state, error="no answer" if down else "", complete=True)

    def rows(self, table: Table[Any]) -> Mapping[str, Any]:
        return self.server.things

    def get(self, table: Table[Any], key: str) -> Any:
        return self.server.things.get(key)

    def by(self, index: Index[Any], key: str) -> Sequence[Any]:
        return ()

    def others(self, system: str) -> Sequence[Facts]:
        return ()


@dataclass
class Want:
    close: Callable[[], None] = lambda: None


@dataclass
class ToyKernel:
    """What console.runtime.Runtime gives, over the toy server."""

    server: Server
    who: str
    clock: LoopClock
    hooks: Hooks

    @property
    def instances(self) -> Sequence[Instance]:
        return [Instance(TOY, None)]

    def plugin(self, instance: InstanceId, /) -> Plugin:
        hooks = self.hooks

        class Loaded:
            def load(self) -> Hooks:
                return hooks

        nothing: Deferred[Any] = Deferred("nowhere:NOTHING")
        loaded = cast("Deferred[Hooks]", Loaded())
        return Plugin("toy", "Toy", nothing, nothing, nothing, nothing, nothing, hooks=loaded)

    def facts(self, instance: InstanceId, /) -> Facts:
        return ToyFacts(self.server, self.clock)

    async def client(self, instance: InstanceId, /) -> Caller:
        return Caller(self.server, self.who)

    def want(self, instance: InstanceId, table: Table[Any], /) -> Want:
        return Want()

    async def ready(self, instance: InstanceId, tables: Iterable[Table[Any]], /, within: float = 30.0) -> list[str]:
        return ["things: no answer"] if self.server.network.down else []

    async def changed(self) -> None:
        await self.server.changed.wait()


# --------------------------------------------------------------------------------------------------------------- hooks


async def _cordon_guard(ctx: Ctx) -> Outcome:
    server: Server = ctx.client.server
    return Done("cordoned by this run") if server.cordoned and server.by == ctx.run else Go()


async def _cordon_memory(ctx: Ctx) -> Mapping[str, Json]:
    server: Server = ctx.client.server
    await server.network.ask("read node")
    return {"cordoned": server.cordoned}


async def _cordon(ctx: Ctx) -> str:
    await ctx.client.server.cordon(ctx.client.who, wanted=True, run=ctx.run)
    return "was: schedulable"


async def _uncordon(ctx: Ctx) -> str:
    server: Server = ctx.client.server
    if server.by == ctx.run and not ctx.memory[""].get("cordoned"):
        await server.cordon(ctx.client.who, wanted=False, run=ctx.run)
    return "schedulable again"


async def _cordoned(ctx: Ctx) -> Outcome:
    return Done("cordoned") if ctx.client.server.cordoned else Wait("the cordon is not seen yet")


def _thing(ctx: Ctx) -> Thing | None:
    thing: Thing | None = ctx.facts.get(THINGS, str(ctx.step.params["thing"]))
    return thing if thing is not None and thing.uid == ctx.step.params["uid"] else None


async def _evict_guard(ctx: Ctx) -> Outcome:
    return Done("gone") if _thing(ctx) is None else Go()


async def _evict(ctx: Ctx) -> str:
    await ctx.client.server.evict(ctx.client.who, str(ctx.step.params["thing"]), str(ctx.step.params["uid"]))
    return "evicted"


async def _gone(ctx: Ctx) -> Outcome:
    return Done("gone") if _thing(ctx) is None else Wait(f"{ctx.step.params['thing']} is leaving", 5.0)


async def _empty(ctx: Ctx) -> Outcome:
    left = len(ctx.client.server.things)
    return Wait(f"{left} things are left", 2.0) if left else Done("nothing is left")


async def _go(_ctx: Ctx) -> Outcome:
    return Go()


KINDS: Mapping[str, StepKind] = {
    "cordon": StepKind(_cordon_guard, _cordoned, _cordon, _uncordon, _cordon_memory),
    "evict": StepKind(_evict_guard, _gone, _evict),
    "empty": StepKind(_go, _empty),
}


def toy_step(kind: str, name: str, phase: Phase, **params: Json) -> Step:
    return Step(name, name, "toy", "one", kind, phase, params=params, every=0.5)


def toy_steps(facts: Facts, target: Target) -> Sequence[Step]:
    things = facts.rows(THINGS)
    return (
        toy_step("cordon", "cordon", Phase.CORDON),
        *(toy_step("evict", f"evict {t.name}", Phase.EVICT, thing=t.name, uid=t.uid) for t in things.values()),
        toy_step("empty", "empty", Phase.VERIFY),
    )


def toy_verdict(facts: Facts, target: Target) -> Verdict:
    return Verdict((Reason(Answer.SAFE, "things", f"{len(facts.rows(THINGS))} things can go"),))


def toy_hooks(kinds: Mapping[str, StepKind] = KINDS) -> Hooks:
    return Hooks(
        (THINGS,), lambda _f, _n: (), toy_verdict, toy_steps, kinds, lambda f, _t: {"left": str(len(f.rows(THINGS)))}
    )


TARGET = Target("drain", (NodeName("node1"),))


@dataclass
class Desk:
    """One control node: its own clock skew, its own view of the network, shared stores."""

    server: Server
    journals: Journals
    leases: LeaseTable
    log: AuditLog
    sink: AuditList = field(default_factory=AuditList)
    kinds: Mapping[str, StepKind] = field(default_factory=lambda: KINDS)

    def equipment(self, who: str, skew: float = 0.0) -> Equipment:
        clock = LoopClock(skew)
        gate = Gate(
            rules=Rules(),
            log=self.log,
            clock=clock,
            who=Person(who, "here"),
            identity=_identity(who),
            rights=Granted(),
            sink=self.sink,
        )
        kernel = ToyKernel(self.server, who, clock, toy_hooks(self.kinds))
        return Equipment(kernel, self.journals, self.leases, gate, holder=who)


def _identity(who: str) -> Callable[[], Awaitable[str]]:
    async def ask() -> str:
        return f"user:{who}"

    return ask
