"""Starts a plugin's simulator as a process of its own, so that it costs the screen's event loop nothing.

The child prints the path of a kubeconfig (in the plugin's own words: its connection) as its first line and runs until
it is told to end. It listens on loopback, on a free port, with a secret of its own.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Generator, Sequence
from pathlib import Path

from msgspec import Struct

from console import paths
from console.errors import ConsoleError, UsageError

START_WITHIN = 20.0


class Sandbox(Struct, frozen=True):
    """A running simulator: the connection file to open, and its process id."""

    connection: Path
    pid: int


@contextlib.contextmanager
def running(module: str, arguments: Sequence[str] = ()) -> Generator[Sandbox]:
    """The simulator of `module`, ended on the way out."""
    with tempfile.TemporaryDirectory(prefix="sandbox-", dir=paths.runtime_dir(), ignore_cleanup_errors=True) as folder:
        log = paths.state_dir() / "sandbox.log"
        with log.open("wb") as errors:
            log.chmod(0o600)
            child = subprocess.Popen(
                [sys.executable, "-m", module, "--directory", folder, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
                text=True,
            )
        try:
            yield Sandbox(Path(_first_line(child, log)), child.pid)
        finally:
            child.terminate()
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
