"""From a plan to a run: a name, the first fact of its journal, and the process that works on it.

Owns the names of runs, the consent to a whole plan, and how the runner outlives the terminal. Refuses plans that may
not start (console.workflow.plan.refuse).
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Sequence
from pathlib import Path

from console.clock import Clock
from console.errors import Conflict, Refused
from console.gate import YES, Deed, Gate
from console.model import Ref
from console.offers import JournalStore
from console.plugin import Effect
from console.version import VERSION
from console.workflow import journal as journals
from console.workflow.events import Planned
from console.workflow.plan import Plan, refuse
from console.workflow.standby import opened

_LETTERS = "23456789abcdefghjkmnpqrstvwxyz"
_TRIES = 8


def run_name(kind: str) -> str:
    """A short name that a person can say: `d-7k2` for a drain, `r-m4x` for a rejoin."""
    return f"{kind[:1]}-{''.join(random.choices(_LETTERS, k=3))}"


async def start(  # noqa: PLR0913
    plan: Plan,
    store: JournalStore,
    gate: Gate,
    *,
    clock: Clock,
    reason: str,
    given: str = YES,
    run: str = "",
) -> str:
    """Write the plan as a new run and return its name; nothing acts yet. `given`: YES or the typed node name.

    Raises Refused: by the plan, the gate (read-only, production, missing rights), or for want of a reason.
    """
    refuse(plan)
    if not reason.strip():
        raise Refused("a run needs a reason: colleagues will read it", next_step="--reason TEXT")
    target = plan.target
    node = target.nodes[0] if len(target.nodes) == 1 else ",".join(target.nodes)
    rights = (*plan.rights, *await gate.standing())
    deed = Deed(target.run, Ref("node", node), _worst(plan), rights, reason)

    async def write() -> str:
        return await _write(plan, store, await _planned(plan, gate, reason, clock.now()), run)

    return await gate.perform(deed, write, given=given)


async def _planned(plan: Plan, gate: Gate, reason: str, now: float) -> Planned:
    return Planned(
        at=now,
        target=plan.target,
        steps=plan.steps,
        author=f"{gate.who.name} ({await gate.identity()})",
        origin=gate.who.origin,
        reason=reason,
        version=VERSION,
        proof=plan.proof,
        verdict=tuple(f"{each.answer.value} {each}" for each in plan.verdict.reasons),
    )


async def _write(plan: Plan, store: JournalStore, fact: Planned, wanted: str) -> str:
    for _ in range(_TRIES):
        name = wanted or run_name(plan.target.run)
        try:
            await journals.create(store, name, fact)
        except Conflict:
            if wanted:
                raise
            continue
        return name
    raise Conflict("no free name for the run was found", next_step="try again")


def _worst(plan: Plan) -> Effect:
    return Effect.DESTROY if any(step.effect is Effect.DESTROY for step in plan.steps) else Effect.CHANGE


def spawn_runner(run: str, connection: Sequence[str], *, log: Path) -> int:
    """Start the process that works on `run`; returns its pid.

    It has a session of its own, no terminal, and writes to `log` (0600). `connection` are the arguments that say which
    cluster is meant, as the command line takes them.
    """
    out = opened(log)
    try:
        # No subprocess.Popen: nobody here waits for it, and its object would complain when it is dropped.
        return os.posix_spawn(
            sys.executable,
            [sys.executable, "-m", "console.workflow.runner", run, *connection],
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, out, 1),
                (os.POSIX_SPAWN_DUP2, out, 2),
            ],
            setsid=True,
        )
    finally:
        os.close(out)
