"""The process that works on one run: `python -m console.workflow.runner RUN [connection arguments]`.

With `--standby` alone it is told all of this later, and is ready then (console.workflow.standby).

It owns no terminal and outlives the one it was started from: SIGHUP is ignored, SIGTERM and SIGINT release the run
cleanly. What it has to say goes to the journal, and to the log that its starter gave it as stderr. Exit codes: 0 the
run ended, 1 it failed here, 2 usage, 6 it was asked to leave or another process goes on.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import logging
import os
import secrets
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from console import connection, paths
from console.config import load
from console.connection import OPTIONS
from console.discovery import Broken, discover
from console.errors import ConsoleError
from console.plugin import Deferred
from console.runtime import Runtime
from console.workflow import standby
from console.workflow.execution import Equipment, Execution, log
from console.workflow.journal import Fenced
from console.workflow.lease import LeaseLost
from console.workflow.watching import Watching

_DONE, _FAILED, _LEFT = 0, 1, 6
_FAREWELL = 25.0
"""Seconds to leave in order: longer than the longest act, so that what is on its way comes back."""


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """The run and which cluster is meant, in the command line's own options."""
    parser = argparse.ArgumentParser(prog="pilothouse-runner", description="Works on one run until it ends.")
    parser.add_argument("run")
    parser.add_argument("--config")
    for option in OPTIONS:
        parser.add_argument(*option.flags, dest=option.key, action="append" if option.listed else "store")
    return parser.parse_args(argv)


def prepare() -> None:
    """Import what every run needs of the platform. What fails here fails again when it is wanted, and is said then."""
    for plugin in discover():
        if isinstance(plugin, Broken) or plugin.offers is None:
            continue
        wanted: list[Deferred[Any] | None] = [plugin.configure, plugin.discover, plugin.sources, plugin.panes]
        wanted += [plugin.connect, plugin.hooks, plugin.offers.journal]
        with contextlib.suppress(Exception):
            for each in wanted:
                if each is not None:
                    each.load()
            if plugin.offers.writing is not None:
                plugin.offers.writing.load()()


async def equip(runtime: Runtime, run: str) -> Equipment:
    """What a run needs of an open runtime. Raises UsageError where no platform is open."""
    gate = await runtime.gate()
    holder = f"{gate.who.name}@{socket.gethostname()} run {run} pid {os.getpid()} {secrets.token_hex(3)}"
    return Equipment(
        kernel=runtime,
        journals=await runtime.offer(lambda offers: offers.journal),
        leases=await runtime.offer(lambda offers: offers.leases),
        gate=gate,
        holder=holder,
        most_out=runtime.settings.max_out,
        keep_days=runtime.settings.keep_runs,
        mirrors=paths.state_dir() / "runs",
    )


async def work(given: argparse.Namespace) -> int:
    """Open a runtime and work on the run; the exit code."""
    settings = load(Path(given.config) if given.config else paths.config_file())
    async with Runtime(settings, connection=connection.given(given)) as runtime:
        execution = Execution(given.run, await equip(runtime, given.run))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, _leave, execution, signal.Signals(number).name)
        log.info("run %s: process %d begins", given.run, os.getpid())
        watching = Watching(given.run, lambda: execution.state, settings.notify, runtime.clock)
        watching.expect()
        telling = asyncio.create_task(watching.keep())
        try:
            end = await execution.work()
            await watching.once()
        except (Fenced, LeaseLost) as error:
            log.warning("another process goes on: %s", error)
            return _LEFT
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
    log.info("run %s: %s", given.run, end.value if end else "left")
    return _DONE if end else _LEFT


def _leave(execution: Execution, name: str) -> None:
    """Leave in order; where no server answers that would wait for ever, and a crash is as safe: the lease expires."""
    execution.leave(f"asked to by {name}")
    asyncio.get_running_loop().call_later(_FAREWELL, os._exit, _LEFT)


def main(argv: Sequence[str] | None = None) -> int:
    """Run it; errors are told in one line."""
    words = list(sys.argv[1:] if argv is None else argv)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    if words == [standby.WORD]:
        prepare()
        words = standby.given()
        if not words:
            return _DONE
    given = arguments(words)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(process)d %(levelname)s %(name)s %(message)s", stream=sys.stderr
    )
    for noisy in ("httpx", "httpcore", "asyncio", "kubernetes", "urllib3"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    try:
        return asyncio.run(work(given))
    except ConsoleError as error:
        log.error("%s", error)
        return _FAILED
    except Exception:  # noqa: BLE001 - the last line of defence writes it down
        log.exception("run %s stopped by a defect of this console", given.run)
        return _FAILED


if __name__ == "__main__":
    code = main()
    gc.freeze()  # it ends at once, and whoever follows it hears of it
    raise SystemExit(code)
