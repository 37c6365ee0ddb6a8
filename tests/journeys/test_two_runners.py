"""Two runners at once, in hundreds of orders: leases and journal let exactly one act, whatever the clocks say."""

from __future__ import annotations

import asyncio
import random
from itertools import pairwise
from pathlib import Path

import pytest

from console.audit import AuditLog
from console.workflow import plan as plans
from console.workflow.codec import word
from console.workflow.events import End
from console.workflow.execution import carry_out
from console.workflow.journal import page
from console.workflow.starting import start
from tests.journeys.toy import TARGET, Desk, Server, Thing
from tests.kernel.workflow.memory import Journals, LeaseTable, Network

pytestmark = pytest.mark.looptime
ALL = ["cordon", "evict kafka-0", "evict web-1"]
SEEDS = range(200)
CHUNK = 20


async def made(folder: Path, network: Network) -> Desk:
    server = Server(network, {name: Thing(name, f"uid-{name}") for name in ("web-1", "kafka-0")})
    desk = Desk(server, Journals(network), LeaseTable(network), AuditLog(folder / "audit.jsonl"))
    equipment = desk.equipment("starter")
    plan = await plans.make(equipment.kernel, TARGET, leases=desk.leases)
    await start(plan, desk.journals, equipment.gate, clock=equipment.kernel.clock, reason="disk", run="d-1")
    return desk


async def both(desk: Desk, chance: random.Random) -> list[End | None]:
    """Two runners of the same run, a moment apart, on hosts whose clocks differ by up to a day."""

    async def late(who: str) -> End | None:
        await asyncio.sleep(chance.random() * chance.choice([0.01, 1.0, 5.0]))
        return await carry_out("d-1", desk.equipment(who, skew=chance.uniform(-86_400, 86_400)))

    return list(await asyncio.gather(late("one"), late("two")))


@pytest.mark.parametrize("first", range(0, len(SEEDS), CHUNK))
async def test_exactly_one_of_two_acts(tmp_path: Path, first: int) -> None:
    """Every call takes its own time, up to two seconds."""
    for seed in SEEDS[first : first + CHUNK]:
        chance = random.Random(seed)
        desk = await made(tmp_path, Network())
        slow = chance.choice([0.01, 0.2, 2.0])
        desk.server.network.pace = lambda chance=chance, slow=slow: chance.random() * slow
        ends = await both(desk, chance)
        assert End.DONE in ends, f"seed {seed}"
        assert sorted(desk.server.effects) == ALL, f"seed {seed}"
        assert len({who for _, who, _ in desk.server.calls}) == 1, f"seed {seed}: both acted"
        facts = [entry.fact for entry in page(await desk.journals.read("d-1")).entries]
        assert word(facts[-1]) == "finished", f"seed {seed}: written after the end"


@pytest.mark.parametrize("first", range(0, 60, CHUNK))
async def test_calls_that_outlast_a_lease_lead_to_a_take_over_and_to_no_late_act(tmp_path: Path, first: int) -> None:
    """Now and then a call takes longer than a lease and its grace: who was overtaken sends nothing afterwards."""
    for seed in range(first, first + CHUNK):
        chance = random.Random(seed)
        desk = await made(tmp_path, Network())
        desk.server.network.pace = lambda chance=chance: (
            chance.uniform(40, 120) if chance.random() < 0.03 else chance.random()
        )
        await both(desk, chance)
        if page(await desk.journals.read("d-1")).state.end is None:  # each lost what it held: a third one goes on
            desk.server.network.pace = None
            assert await carry_out("d-1", desk.equipment("three")) is End.DONE
        assert sorted(desk.server.effects) == ALL, f"seed {seed}"
        turns = [who for _, who, _ in desk.server.calls]
        changes = sum(before != after for before, after in pairwise(turns))
        assert changes <= len(set(turns)) - 1, f"seed {seed}: an act of an overtaken runner: {turns}"
