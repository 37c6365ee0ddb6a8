"""The runner is killed before and after every single call; another one goes on, and nothing is done twice.

Killed means: from that moment on nothing of the process reaches the server, neither what was to come nor a farewell.
Effects are counted in what the server was asked and granted, whoever asked.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from console.model import InstanceId
from console.runtime import Runtime
from console.workflow.events import End
from console.workflow.execution import Execution, carry_out
from console.workflow.journal import page
from console.workflow.runner import equip
from tests.journeys.small import NODE, OTHER, Small, quiet, small

LEASE_AND_GRACE = 46.0
STRIDE = 3


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Small]:
    async with small(tmp_path) as made:
        yield made


class Guillotine:
    """Counts the calls of one console's client, and lets none through from the chosen one on."""

    def __init__(self, connection: Any, *, after: bool) -> None:
        self.after = after
        self.calls = 0
        self.at = 0
        self.dead = asyncio.Event()
        self._send = connection.request
        connection.request = self._request

    def set(self, at: int) -> None:
        """Let `at` - 1 calls through from now on; 0: all."""
        self.calls, self.at = 0, at
        self.dead.clear()

    async def _request(self, *arguments: Any, **more: Any) -> Any:
        if self.dead.is_set():
            raise asyncio.CancelledError
        self.calls += 1
        last = self.at and self.calls == self.at
        if last and not self.after:
            self.dead.set()
            raise asyncio.CancelledError
        try:
            answer = await self._send(*arguments, **more)
        finally:  # also where the runner itself gave the call up while it was on its way
            if last:
                self.dead.set()
        if last:
            raise asyncio.CancelledError
        return answer


async def killed(run: str, desk: Runtime, blade: Guillotine, *, at: int) -> bool:
    """Work until that call; whether it was reached at all."""
    blade.set(at)
    work = asyncio.create_task(Execution(run, await equip(desk, run)).work())
    died = asyncio.create_task(blade.dead.wait())
    await asyncio.wait([work, died], return_when=asyncio.FIRST_COMPLETED)
    reached = blade.dead.is_set()
    await quiet(work, died)
    return reached


async def resumed(stage: Small, run: str, node: str, desk: Runtime) -> End | None:
    """Another control node goes on. The time for which it must wait for the dead one's leases is pushed on."""
    first = len(stage.asked)
    heir = asyncio.create_task(carry_out(run, await equip(desk, run)))
    names, pushed = {f"/leases/run-{run}", f"/leases/node-{node}"}, set[str]()
    while not heir.done():
        await asyncio.wait([heir], timeout=0.02)
        for name in names - pushed:
            mine = [each for each in stage.asked[first:] if each.path.endswith(name) and each.code < 300]
            if mine and all(each.method == "GET" for each in mine):
                pushed.add(name)
                stage.clock.push(LEASE_AND_GRACE)
    return await heir


async def one(
    stage: Small, kind: str, node: str, *, desks: tuple[Runtime, Runtime], blade: Guillotine, at: int
) -> bool:
    """One run, killed at a call and resumed; whether it came so far. Checks that it did all of it, and once."""
    before, effects = stage.pods(node), stage.effects()
    blade.set(0)
    run = await stage.begin(desks[0], kind, node)
    reached = await killed(run, desks[0], blade, at=at)
    if reached:
        assert await resumed(stage, run, node, desks[1]) is End.DONE, f"{kind} killed at call {at}"
    blade.set(0)
    done = stage.effects() - effects
    if kind == "drain":
        assert done == Counter([f"cordon {node}", *(f"evict {uid}" for uid in before.values())]), f"killed at {at}"
        assert stage.pods(node) == {}
    else:
        assert done == Counter([f"uncordon {node}"]), f"killed at {at}"
        assert f"zk-{(NODE, OTHER).index(node)}" in stage.pods(node)
        assert not stage.node(node)["spec"].get("unschedulable")
    stored = await (await desks[1].offer(lambda offers: offers.journal)).read(run)
    assert page(stored).state.end is End.DONE
    if kind == "rejoin":  # hundreds of journals would only make this slow
        store = await desks[1].offer(lambda offers: offers.journal)
        for stored in await store.list():
            await store.delete(stored.run)
    return reached


@pytest.mark.parametrize("offset", range(STRIDE))
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_killed_at_every_call_of_drain_and_rejoin_all_is_done_and_nothing_twice(
    stage: Small,
    after: bool,  # noqa: FBT001
    offset: int,
) -> None:
    """Every third call a turn, three turns."""
    async with stage.desk() as victim, stage.desk() as heir:
        desks = victim, heir
        platform = next(iter(victim.instances)).id
        client: Any = await victim.client(InstanceId(platform.system, platform.name))
        blade = Guillotine(client.connection, after=after)
        furthest = {"drain": 0, "rejoin": 0}
        for number, at in enumerate(range(1 + offset, 300, STRIDE)):
            node = (NODE, OTHER)[number % 2]
            came = False
            for kind in ("drain", "rejoin"):
                if await one(stage, kind, node, desks=desks, blade=blade, at=at):
                    furthest[kind], came = at, True
            stage.asked.clear()
            if not came:
                break
        print(f"killed {'after' if after else 'before'} every {STRIDE}rd call, from {1 + offset} to {furthest}")  # noqa: T201
        assert min(furthest.values()) > 25, furthest
