"""Starts the plugins' simulators as processes of their own, so that they cost the screen's event loop nothing.

The platform's prints the path of a kubeconfig (in the plugin's own words: its connection) as its first line; the other
systems' say when they are ready, and nobody waits for them. They meet in one folder (console.simulating), listen on
loopback, on free ports, with secrets of their own, and run until they are told to end.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from console import paths
from console.errors import ConsoleError, UsageError

START_WITHIN = 20.0


class Sandbox(Struct, frozen=True):
    """Running simulators: the connection file to open, and the process id of the platform's."""

    connection: Path
    pid: int


@contextlib.contextmanager
def running(module: str, arguments: Sequence[str] = (), *, beside: Sequence[str] = ()) -> Generator[Sandbox]:
    """The platform's simulator `module`, and those of other systems beside it; all are ended on the way out."""
    with tempfile.TemporaryDirectory(prefix="sandbox-", dir=paths.runtime_dir(), ignore_cleanup_errors=True) as folder:
        log = paths.state_dir() / "sandbox.log"
        with log.open("wb") as errors:
            log.chmod(0o600)
            child = _started(module, ["--directory", folder, *arguments], errors, said=subprocess.PIPE)
            others = [_started(one, ["--directory", folder], errors, said=subprocess.DEVNULL) for one in beside]
        try:
            yield Sandbox(Path(_first_line(child, log)), child.pid)
        finally:
            for one in (*others, child):
                one.terminate()
            for one in (*others, child):
                _ended(one)


def _started(module: str, arguments: Sequence[str], errors: BinaryIO, *, said: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=said,
        stderr=errors,
        start_new_session=True,
        text=True,
    )


def _ended(child: subprocess.Popen[str]) -> None:
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(5)
    if child.poll() is None:
        child.kill()
        child.wait()
    if child.stdout is not None:
        child.stdout.close()


def scenarios(module: str) -> str:
    """What the simulator can make go wrong, a line each."""
    done = subprocess.run(
        [sys.executable, "-m", module, "--list"], capture_output=True, text=True, timeout=START_WITHIN, check=False
    )
    if done.returncode:
        raise ConsoleError("the sandbox cannot name its scenarios", where=module)
    return done.stdout


def _first_line(child: subprocess.Popen[str], log: Path) -> str:
    line = child.stdout.readline().strip() if child.stdout else ""
    if not line:
        said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        code = child.wait(START_WITHIN)
        if code == 2:  # noqa: PLR2004 - argparse: it did not understand us
            raise UsageError(said[-1] if said else "the sandbox does not know that", where="sandbox")
        raise ConsoleError(f"the sandbox ended with code {code}: {said[-1] if said else ''}", where=str(log))
    return line
