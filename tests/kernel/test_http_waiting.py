"""httpcore waits by asyncio's own means: the same errors, and no anyio on the way to the first rows."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

import httpcore
import pytest
from httpcore._synchronization import AsyncEvent, AsyncLock, AsyncShieldCancellation

from console.http import waiting


def test_http_comes_without_anyio() -> None:
    program = "import console.http, json, sys; print(json.dumps([n for n in sys.modules if n.startswith('anyio')]))"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert json.loads(found.stdout) == []


def test_others_get_the_real_anyio() -> None:
    program = "import console.http, anyio, httpcore._backends.anyio as b; print(anyio.run.__name__, b.AnyIOBackend)"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.startswith("run <class 'httpcore._backends.anyio.AnyIOBackend'>")


async def test_a_pool_that_stays_full_times_out() -> None:
    event = AsyncEvent()
    with pytest.raises(httpcore.PoolTimeout):
        await event.wait(timeout=0.01)
    event.set()
    await event.wait(timeout=None)


async def test_a_deadline_leaves_other_cancellations_alone() -> None:
    async def wait() -> None:
        with waiting.fail_after(60):
            await asyncio.Event().wait()

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_locks_exclude_and_a_shield_changes_nothing() -> None:
    lock, entered = AsyncLock(), asyncio.Event()

    async def enter() -> None:
        async with lock:
            entered.set()

    async with lock:
        task = asyncio.create_task(enter())
        await asyncio.sleep(0)
        assert not entered.is_set()
    with AsyncShieldCancellation():
        await task
    assert entered.is_set()
