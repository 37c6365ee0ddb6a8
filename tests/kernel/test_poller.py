"""How often a source is asked: as it wishes, and seldom where the server is slow."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from console import demand
from console.errors import Absent, Unreachable
from console.fence import Fence
from console.model import InstanceId, SourceState
from console.plugin import Poll, Table
from console.poller import ABSENT_DELAY, SHARE, Poller
from console.rows import Rows
from console.store import Store
from tests.clock import FakeClock

WORDS = Table[str]("words", lambda word: word)
SOME = InstanceId("dummy", "east")


async def asked_at(took: float, visible: float, until: float) -> list[float]:
    """When a server was asked whose every answer takes `took` seconds."""
    clock, times = FakeClock(), list[float]()

    async def fetch(_client: object) -> list[str]:
        times.append(clock.monotonic() - 1000)
        await clock.sleep(took)
        return ["word"]

    store = Store(clock)
    rows: Rows[str] = store.rows(SOME, WORDS)
    poller = Poller(Poll(WORDS, fetch, visible=visible, hidden=30.0), rows, clock=clock, fence=Fence())
    running = asyncio.ensure_future(poller.run(object()))
    while clock.monotonic() < 1000 + until:
        await clock.advance(0.5)
    running.cancel()
    return times


async def test_a_quick_server_is_asked_as_the_source_wishes() -> None:
    assert await asked_at(took=0.5, visible=5.0, until=12.0) == [0.0, 5.5, 11.0]


async def test_a_slow_server_rests_a_multiple_of_what_its_answer_took() -> None:
    assert await asked_at(took=4.0, visible=5.0, until=45.0) == [0.0, 4.0 + SHARE * 4.0, 2 * (4.0 + SHARE * 4.0)]


async def test_what_the_server_does_not_have_is_a_fact_and_no_failure() -> None:
    store, answers = Store(FakeClock()), [["word"], None, ["other"]]

    async def fetch(_client: object) -> list[str]:
        answer = answers.pop(0)
        if answer is None:
            raise Absent("functions are not enabled")
        return answer

    rows: Rows[str] = store.rows(SOME, WORDS)
    clock = FakeClock()
    poller = Poller(Poll(WORDS, fetch, visible=5.0, hidden=30.0), rows, clock=clock, fence=Fence())
    running = asyncio.ensure_future(poller.run(object()))
    seen: list[tuple[list[str], SourceState, str]] = []
    for seconds in (0.0, 6.0, ABSENT_DELAY):
        await clock.advance(seconds)
        seen.append((list(rows.live), rows.snapshot.state, rows.snapshot.note))
    running.cancel()
    assert seen == [
        (["word"], SourceState.LIVE, ""),
        ([], SourceState.LIVE, "functions are not enabled"),
        (["other"], SourceState.LIVE, ""),
    ]


@pytest.mark.parametrize("fails", [True, False])
async def test_who_loses_a_cancellation_is_cancelled_again(monkeypatch: pytest.MonkeyPatch, *, fails: bool) -> None:
    """Libraries may lose one that meets an answer or a failure: who waits for the end would wait for ever."""
    monkeypatch.setattr(demand, "AGAIN", 0.01)
    clock, asked = FakeClock(), asyncio.Event()

    async def fetch(_client: object) -> list[str]:
        asked.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.get_running_loop().create_future()
        if fails:
            raise Unreachable("cut", where="there")
        return ["word"]

    rows: Rows[str] = Store(clock).rows(SOME, WORDS)
    poller = Poller(Poll(WORDS, fetch, visible=5.0, hidden=30.0), rows, clock=clock, fence=Fence())
    running = asyncio.create_task(poller.run(object()))
    await asked.wait()
    await demand.end([running])
    assert running.cancelled()
