"""exec and port-forward over WebSocket. First version: refuses both."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from plugins.kubernetes.simulator.answers import Reply
from plugins.kubernetes.simulator.calls import Call
from plugins.kubernetes.simulator.status import bad_request
from plugins.kubernetes.simulator.world import World

Door = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def exec_in(world: World, call: Call) -> Reply:
    """GET .../pods/NAME/exec."""
    raise bad_request("Upgrade request required")


def forward(world: World, call: Call) -> Reply:
    """GET .../pods/NAME/portforward."""
    raise bad_request("Upgrade request required")
