"""The runner with leases of seconds, so that take-overs can be watched: `python -m tests.journeys.quick RUN ...`."""

from __future__ import annotations

from dataclasses import replace

from console.runtime import Runtime
from console.workflow import runner
from console.workflow.execution import Equipment

LEASE, LONGEST_ACT = 9.0, 4.0
_equip = runner.equip


async def equip(runtime: Runtime, run: str) -> Equipment:
    """The runner's own equipment, with short leases."""
    return replace(await _equip(runtime, run), lease=LEASE, longest_act=LONGEST_ACT)


if __name__ == "__main__":
    runner.equip = equip
    raise SystemExit(runner.main())
