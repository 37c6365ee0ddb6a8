"""The console on the screen. The only module of the kernel that imports the screens, and inside one function."""

from __future__ import annotations

import argparse
import asyncio
import gc
import importlib
import os
import sys
from typing import TYPE_CHECKING

from console import connection
from console.cli.exits import ExitCode
from console.cli.session import settings_of
from console.errors import UsageError

if TYPE_CHECKING:
    from console.config import Settings
    from console.runtime import Runtime

COLLECTED = (5_000, 50, 50)
"""How often the garbage collector looks while the screen lives: often and little, 2 ms each time."""

HANDED_ON = 0.001
"""Seconds for which a thread that imports may keep the loop waiting; Python's own 5 ms add up over several threads."""


def main(arguments: argparse.Namespace) -> int:
    """Open the screen on the cluster of the kubeconfig."""
    return show(arguments, settings_of(arguments))


def show(arguments: argparse.Namespace, settings: Settings, *, tour: bool = False) -> int:
    """Run the app until it ends. The kernel is opened after the first paint."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("the screen needs a terminal", next_step="for scripts there is `pilothouse get PANE -o json`")
    if settings.low_bandwidth:  # read by Textual at import
        os.environ.update(TEXTUAL_ANIMATIONS="none", TEXTUAL_SMOOTH_SCROLL="0", TEXTUAL_FPS="10")
    from screens.app import Opening, PilothouseApp

    sys.setswitchinterval(HANDED_ON)
    probes: set[asyncio.Future[None]] = set()

    async def kernel() -> Runtime:
        gc.freeze()  # what was imported and painted stays: searching it for garbage stops the loop for 20 ms
        for module in ("console.runtime", "console.own"):  # in a thread, so that keys are answered meanwhile
            await asyncio.to_thread(importlib.import_module, module)
        from console import own
        from console.runtime import Runtime

        if file := os.environ.get("PILOTHOUSE_LOOP_PROBE"):
            from console.probe import record

            probes.add(asyncio.ensure_future(record(file)))
        runtime = Runtime(settings, connection=connection.given(arguments))
        try:
            await runtime.open()
            await own.attach(runtime)
        except BaseException:
            await runtime.aclose()
            raise
        gc.freeze()
        gc.set_threshold(*COLLECTED)
        return runtime

    app = PilothouseApp(
        Opening(
            kernel=kernel,
            theme=settings.theme,
            low_bandwidth=settings.low_bandwidth,
            start=settings.start,
            tour=tour,
        )
    )
    app.run()
    return app.return_code or ExitCode.DONE
