"""A system on a cluster as its contract meets it: both simulated, or both of the lab."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

import pytest

from console.clock import SYSTEM_CLOCK
from console.plugin import Reach
from console.simulating import Folder
from plugins.kubernetes.client import contexts
from plugins.kubernetes.config import Settings
from plugins.kubernetes.offers.hosting import Hosting
from plugins.kubernetes.simulator import ManualClock, serve
from plugins.kubernetes.simulator.neighbours import Neighbours

BOTH = ["simulator", pytest.param("lab", marks=pytest.mark.lab)]
"""For `params` of a fixture that gives its request to `ground`."""


class Played(Protocol):
    """A simulator that stands behind the sandbox's pods."""

    async def close(self) -> None: ...


@asynccontextmanager
async def ground(
    request: pytest.FixtureRequest, folder: Path, system: str, sandbox: Callable[[Folder], Awaitable[Played]]
) -> AsyncGenerator[Hosting]:
    """The platform of the side that the fixture's parameter names, with the servers of `system` behind its pods."""
    if request.param == "lab":
        request.getfixturevalue("staged")(system)
        async with reached(request.getfixturevalue("lab").kubeconfig) as hosting:
            yield hosting
        return
    platform = await serve(folder, clock=ManualClock())
    platform.world.neighbours = Neighbours(Folder(folder))
    played = await sandbox(Folder(folder))
    try:
        async with reached(platform.kubeconfig) as hosting:
            yield hosting
    finally:
        await played.close()
        await platform.close()


@asynccontextmanager
async def reached(kubeconfig: Path) -> AsyncGenerator[Hosting]:
    """The platform of a cluster, as its first context reaches it."""
    api = contexts.connect(contexts.discover(Settings(kubeconfig=(str(kubeconfig),)))[0], Reach(SYSTEM_CLOCK, "0"))
    try:
        yield Hosting(api)
    finally:
        await api.aclose()
