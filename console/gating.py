"""The gate of a context, from the configuration and what its platform offers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from console import paths
from console.audit import AuditLog, person
from console.clock import Clock
from console.gate import Gate, Rules
from console.plugin import Deferred, Offers

Offering = Callable[[Callable[[Offers], Deferred[Callable[[Any], Any]]]], Awaitable[Any]]


async def made(rules: Rules, clock: Clock, *, offers: Offers | None, client: Any, offer: Offering) -> Gate:
    """`offer` makes one of the platform's offers; without `offers` there is this host's record alone."""
    log = AuditLog(paths.state_dir() / "audit.jsonl")
    if offers is None:
        return Gate(rules=rules, log=log, clock=clock, who=person(), identity=_nobody)
    identity = await asyncio.to_thread(offers.identity.load)
    return Gate(
        rules=rules,
        log=log,
        clock=clock,
        who=person(),
        identity=lambda: identity(client),
        rights=await offer(lambda offers: offers.rights),
        sink=await offer(lambda offers: offers.audit),
    )


async def _nobody() -> str:
    return "?"
