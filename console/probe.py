"""How late the event loop runs, for benchmarks. Off unless $PILOTHOUSE_LOOP_PROBE names a file.

It decides nothing and is not imported otherwise: two hundred looks a second would be a cost of their own.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

EVERY = 0.005
_WRITE_EVERY = 1.0


async def record(path: str) -> None:
    """Append lines until cancelled: when (monotonic s), how late (s), and the CPU that this process used meanwhile (s).

    What is late without having used CPU was kept waiting by the machine, not by this program.
    """
    loop = asyncio.get_running_loop()
    lines: list[str] = []
    flushed = loop.time()
    with Path(path).open("a", encoding="ascii") as file:  # noqa: ASYNC230 - a few lines a second
        while True:
            due, used = loop.time() + EVERY, time.process_time()
            await asyncio.sleep(EVERY)
            now = loop.time()
            lines.append(f"{now:.6f} {now - due:.6f} {time.process_time() - used:.6f}\n")
            if now - flushed >= _WRITE_EVERY:
                file.writelines(lines)
                file.flush()
                lines.clear()
                flushed = now
