"""The runner is killed (SIGKILL) before and after its writes to the real API server; another user's runner goes on.

Two small nodes, as on the simulator: each has a pod that moves and a member whose volume is there. They are drained and
brought back in turns. What was done is counted in the API server's audit log at the end, and compared with what the
same runs do whom nobody kills. EVERY_CALL=1 kills at every write (`before` or `after`: on that side),
without it at some of them.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from console import runs
from console.clock import SystemClock
from console.config import Settings
from console.offers import LeaseRecord, LeaseStore
from console.runtime import Runtime
from console.workflow.events import End
from console.workflow.execution import carry_out
from console.workflow.runner import equip
from console.workflow.standby import Standby
from console.workflow.starting import start
from plugins.kubernetes.model import marks
from tests.journeys import small
from tests.journeys.test_simulated import deployment
from tests.lab import counting
from tests.lab.killing import Door, user
from tests.lab.lab import Lab
from tests.lab.world.api import Api, Object
from tests.lab.world.topology import node

pytestmark = pytest.mark.lab
NODES = ("kills-1", "kills-2")
SPACE = "shop"
FIRST, SECOND = "first", "second"
LEASE_AND_GRACE = 46.0
MOST = 100
"""More writes than any of these runs has."""
MARKS = ("cordoned-at", "cordoned-by", "out-since", "reason", "run", "was-unschedulable")
PATIENCE = 180.0
POOL = {"key": "kills", "effect": "NoSchedule"}


class Ahead(SystemClock):
    """The machine's clock, but its monotonic time may be pushed on: what the dead left is then waited for no longer."""

    def __init__(self) -> None:
        self._pushed = 0.0
        self._news = asyncio.Event()

    def push(self, seconds: float) -> None:
        self._pushed += seconds
        self._news.set()
        self._news = asyncio.Event()

    def monotonic(self) -> float:
        return super().monotonic() + self._pushed

    async def sleep(self, seconds: float) -> None:
        until = self.monotonic() + seconds
        await asyncio.sleep(0)
        while (left := until - self.monotonic()) > 0:
            news = asyncio.ensure_future(self._news.wait())
            try:
                await asyncio.wait([news], timeout=left)
            finally:
                news.cancel()


class Impatient:
    """The store of leases; where a dead one is seen to hold one, the clock is pushed on a moment later."""

    def __init__(self, store: LeaseStore, clock: Ahead, holder: str) -> None:
        self._store, self._clock, self._holder = store, clock, holder
        self._pushing: asyncio.TimerHandle | None = None
        self.list, self.write, self.delete = store.list, store.write, store.delete

    async def read(self, name: str) -> LeaseRecord | None:
        record = await self._store.read(name)
        foreign = record is not None and record.holder not in {"", self._holder} and not name.startswith("out-")
        if foreign and self._pushing is None:
            self._pushing = asyncio.get_running_loop().call_later(0.3, self._push)
        return record

    def _push(self) -> None:
        self._pushing = None
        self._clock.push(LEASE_AND_GRACE)


@dataclass(frozen=True, slots=True)
class Done:
    """One run: which, where its runner was killed, when it began and ended (epoch s), what was on the node before."""

    run: str
    kind: str
    node: str
    fell: str
    began: float
    ended: float
    uids: frozenset[str]


@dataclass
class Stage:
    """The lab, the way of the first user's runners to it, and the second user's console."""

    lab: Lab
    api: Api
    door: Door
    desk: Runtime
    clock: Ahead
    folder: Path
    waiting: Standby
    done: list[Done] = field(default_factory=list[Done])

    def standby(self) -> Standby:
        """A process of another control node: its own state on disk."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("XDG_STATE_HOME", str(self.folder / "state"))
            return Standby()

    async def begin(self, kind: str, name: str) -> str:
        """A run that is written and that nobody works on yet, all decisions taken."""
        plan = await runs.plan(self.desk, runs.target(kind, [name], options=small.VOUCHED), within=PATIENCE)
        plan = runs.decided(plan, sorted({reason.decision for reason in plan.undecided}))
        assert plan.exit_code == 0, plan.verdict
        store = await self.desk.offer(lambda offers: offers.journal)
        return await start(plan, store, await self.desk.gate(), clock=self.clock, reason="kernel update")

    async def killed(self, run: str, *, at: int, after: bool) -> str:
        """The first user's runner works until it is killed at that write, or to the end; at which request it fell."""
        runner, self.waiting = self.waiting, self.standby()  # the next one imports meanwhile
        self.door.blade.set(runner.pid, at, after=after)
        told = ["--kubeconfig", str(self.folder / "door.kubeconfig")]
        assert runner.give(run, told, log=self.folder / "runner.log")
        runner.close()
        end = time.monotonic() + PATIENCE
        while os.waitpid(runner.pid, os.WNOHANG) == (0, 0):  # noqa: ASYNC222 - it does not block
            assert time.monotonic() < end, (self.folder / "runner.log").read_text()
            await asyncio.sleep(0.02)
        await self.door.cut()
        return self.door.blade.fell_on

    async def resumed(self, run: str) -> End | None:
        """The second user's runner goes on. It waits for the dead one's leases as everybody must, by its own clock."""
        use = await equip(self.desk, run)
        use = replace(use, leases=Impatient(use.leases, self.clock, use.holder))
        async with asyncio.timeout(PATIENCE):
            return await carry_out(run, use)

    def pods(self, name: str) -> dict[str, str]:
        """The pods of ours on a node that are not about to go: uid by name."""
        found = self.api.items(f"/api/v1/namespaces/{SPACE}/pods?fieldSelector=spec.nodeName%3D{name}")
        found = [pod["metadata"] for pod in found if "deletionTimestamp" not in pod["metadata"]]
        return {meta["name"]: meta["uid"] for meta in found}

    async def one(self, kind: str, name: str, *, at: int, after: bool) -> bool:
        """One run, killed at a write and resumed; whether it came so far."""
        pods, began = self.pods(name), time.time()
        run = await self.begin(kind, name)
        fell = await self.killed(run, at=at, after=after)
        if fell:
            assert await self.resumed(run) is End.DONE, f"{kind} killed {fell}"
        assert (await runs.look(self.desk, run)).state.end is End.DONE
        self.done.append(Done(run, kind, name, fell, began, time.time(), frozenset(pods.values())))
        _, now = self.api.call("GET", f"/api/v1/nodes/{name}")
        if kind == "drain":
            assert self.pods(name) == {}, f"killed {fell}"
        else:
            assert f"zk-{NODES.index(name)}" in self.pods(name), f"killed {fell}"
        assert bool(now["spec"].get("unschedulable")) is (kind == "drain"), f"killed {fell}"
        return bool(fell)


def furniture() -> list[Object]:
    """Two nodes, a Deployment of two pods that may stand on both, and a set of one member with a volume on each."""
    made: list[Object] = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}}]
    for number, name in enumerate(NODES):
        machine = node(name, f"10.9.8.{number + 1}", "", [POOL])
        machine["metadata"]["labels"]["pool"] = "spare"
        volume = small.local_volume(number, name)
        volume["spec"]["storageClassName"] = "local-storage"
        made += [machine, volume]
    members = small.members(2)
    members["spec"]["volumeClaimTemplates"][0]["spec"]["storageClassName"] = "local-storage"
    for each in (deployment(2), members):
        each["spec"]["template"]["spec"]["tolerations"] = [{"key": POOL["key"], "operator": "Exists"}]
        made.append(each)
    return made


async def ready(api: Api) -> None:
    """Return when all four pods are."""
    end = time.monotonic() + PATIENCE
    while True:
        found = api.items(f"/api/v1/namespaces/{SPACE}/pods")
        if sum(pod["status"].get("phase") == "Running" and "nodeName" in pod["spec"] for pod in found) == 4:
            return
        assert time.monotonic() < end, found
        await asyncio.sleep(0.2)


@pytest.fixture
async def stage(fresh_lab: Lab, tmp_path: Path) -> AsyncIterator[Stage]:
    for name in (FIRST, SECOND):
        user(fresh_lab.place, name, tmp_path / f"{name}.kubeconfig")
    clock, door = Ahead(), Door(fresh_lab.place, FIRST)
    async with AsyncExitStack() as stack:
        api = stack.enter_context(fresh_lab.api())
        api.apply_all(furniture())
        await ready(api)
        await stack.enter_async_context(door.open(tmp_path / "door.kubeconfig"))
        given = {"kubeconfig": (str(tmp_path / f"{SECOND}.kubeconfig"),)}
        desk = await stack.enter_async_context(Runtime(Settings(), clock=clock, connection=given))
        made = Stage(fresh_lab, api, door, desk, clock, tmp_path, Standby())
        yield made
        made.waiting.close()
        await asyncio.to_thread(os.waitpid, made.waiting.pid, 0)


def logged(stage: Stage) -> list[counting.Event]:
    """The audit log, once it has all that was asked until now."""
    mark = f"mark-{time.time_ns()}"
    stage.api.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": mark, "namespace": SPACE}})
    end = time.monotonic() + PATIENCE
    while True:
        log: list[counting.Event] = stage.lab.audit()
        if any(mark in str(event["requestURI"]) for event in log):
            return log
        assert time.monotonic() < end, "the audit log does not come"
        time.sleep(0.2)


def wanted(done: Done) -> Counter[str]:
    """What a run does whom nobody kills."""
    about, gone = f"nodes/{done.node}", "set" if done.kind == "drain" else "removed"
    content = ["spec.unschedulable", *(f"annotation {marks.PREFIX}{name}" for name in MARKS)]
    return Counter([*(f"{about}: {each} is {gone}" for each in content), *(f"evict {uid}" for uid in done.uids)])


def judge(stage: Stage) -> list[str]:
    """Whatever was not done exactly once in any of the runs, by the audit log of the server."""
    log, wrong = logged(stage), list[str]()
    found, cut_off = counting.effects(log, {FIRST, SECOND}), counting.cut_off(log, {FIRST, SECOND})
    print("evictions whose answer was cut off by a kill:", dict(cut_off))  # noqa: T201 - what a sweep is read by
    for done in stage.done:
        had = counting.between(found, done.began, done.ended)
        had = Counter({what[what.find("evict ") :] if "evict " in what else what: had[what] for what in had})
        much, little = had - wanted(done), wanted(done) - had - cut_off
        if much or little:
            wrong.append(f"{done}: too much {much}, too little {little}")
        since = [event for event in log if counting.asked_at(event) >= done.began]  # names of runs may come again
        users = [name for name, _ in counting.holders(since, f"run-{done.run}")]
        if users not in ([FIRST], [FIRST, SECOND], [SECOND]):
            wrong.append(f"{done}: its lease was held by {users}")
        told = counting.events(log, {FIRST, SECOND}, done.began, done.ended)
        if told > 2 or (told < 2 and not done.fell):  # of its begin and of its act; a killed one may leave one out
            wrong.append(f"{done}: {told} Events")
    places = [holder for _, holder in counting.holders(log, "out-0") if holder in {"", *NODES}]
    turns = [node if kind == "drain" else "" for kind, node in ((done.kind, done.node) for done in stage.done)]
    if places[-len(turns) :] != turns:
        wrong.append(f"the place of a node that is out: {places}")
    return wrong


def kills() -> Iterator[tuple[int, bool]]:
    """At which writes, and whether before or after them."""
    if every := os.environ.get("EVERY_CALL"):
        sides = {"before": (False,), "after": (True,)}.get(every, (False, True))
        yield from ((at, after) for after in sides for at in range(1, MOST))
    else:
        yield from ((at, bool(at % 2)) for at in range(2, 22, 5))


async def test_killed_at_its_writes_all_is_done_and_nothing_twice(stage: Stage) -> None:
    over, turn = set[tuple[str, bool]](), 0
    for at, after in kills():
        name, turn = NODES[turn % 2], turn + 1
        if {("drain", after), ("rejoin", after)} <= over:
            continue
        for kind in ("drain", "rejoin"):
            if not await stage.one(kind, name, at=at, after=after):
                over.add((kind, after))
    wrong = judge(stage)
    fell = Counter(f"{done.kind} {done.fell.partition(' ')[0]}" for done in stage.done if done.fell)
    print(f"killed {dict(fell)}, of {len(stage.done)} runs {len(stage.done)} ended, {len(wrong)} with second effects")  # noqa: T201
    assert wrong == []
    assert sum(fell.values()) > 4, fell
