"""From parsed arguments to settings, the log file and an open runtime; shared by all commands."""

from __future__ import annotations

import argparse
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console import connection, logfile, paths
from console.config import Settings, load

if TYPE_CHECKING:
    from console.runtime import Runtime


def settings_of(arguments: argparse.Namespace) -> Settings:
    """The configuration file with what the command line says on top; starts the log file."""
    named = getattr(arguments, "config", None)
    if named:  # a runner that is started from here reads the same file
        os.environ["PILOTHOUSE_CONFIG"] = str(Path(named).absolute())
    settings = load(paths.config_file())
    chosen: dict[str, Any] = {
        key: value
        for key in ("theme", "low_bandwidth", "utc", "read_only", "start")
        if (value := getattr(arguments, key, None)) not in {None, False}
    }
    logfile.start(
        Path(arguments.log_file) if getattr(arguments, "log_file", None) else None,
        getattr(arguments, "log_level", None) or "info",
    )
    return replace(settings, **chosen)


@asynccontextmanager
async def opened(arguments: argparse.Namespace) -> AsyncGenerator[Runtime]:
    """An open runtime for a headless command."""
    from console import own
    from console.runtime import Runtime

    async with Runtime(settings_of(arguments), connection=connection.given(arguments)) as runtime:
        await own.attach(runtime)
        yield runtime
