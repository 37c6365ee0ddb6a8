"""What every test is given: the guard refuses and remembers, the home is empty, the clock moves only by hand."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path

import pytest

from tests.clock import FakeClock
from tests.conftest import GUARD

DOCUMENTATION = "192.0.2.1"  # an address that is nobody's


@pytest.mark.parametrize("host", [DOCUMENTATION, "2001:db8::1", "cluster.example"])
def test_a_connection_to_anywhere_is_refused_and_remembered(host: str) -> None:
    with pytest.raises(PermissionError, match="loopback"):
        socket.create_connection((host, 9), timeout=1)
    assert host in GUARD.attempts[0]
    GUARD.attempts.clear()


async def test_asyncio_is_guarded_too() -> None:
    with pytest.raises(PermissionError, match="loopback"):
        await asyncio.open_connection(DOCUMENTATION, 9)
    assert GUARD.attempts
    GUARD.attempts.clear()


def test_loopback_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        assert GUARD.attempts == []


def test_the_home_is_empty_and_ours(home: Path) -> None:
    assert Path.home() == home
    assert [path.name for path in home.iterdir()] == ["run"]
    assert "KUBECONFIG" not in os.environ


async def test_sleepers_wake_at_their_own_moment(clock: FakeClock) -> None:
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, *naps: float) -> None:
        for nap in naps:
            await clock.sleep(nap)
            woken.append((name, clock.monotonic() - start))

    start = clock.monotonic()
    tasks = [asyncio.ensure_future(sleeper("a", 10, 10)), asyncio.ensure_future(sleeper("b", 15))]
    await clock.advance(19)
    assert woken == [("a", 10), ("b", 15)]
    await clock.advance(1)
    assert woken[-1] == ("a", 20)
    await asyncio.gather(*tasks)


async def test_driving_takes_hours_in_no_time_and_a_set_date_moves_no_duration(clock: FakeClock) -> None:
    async def work() -> float:
        start = clock.monotonic()
        await clock.sleep(3600)
        clock.set_wall(0)
        await clock.sleep(3600)
        return clock.monotonic() - start

    assert await clock.drive(work()) == 7200
    assert clock.now() == 3600


async def test_a_cancelled_sleeper_is_forgotten(clock: FakeClock) -> None:
    task = asyncio.ensure_future(clock.sleep(5))
    await clock.settle()
    task.cancel()
    await clock.advance(10)
    assert task.cancelled()
