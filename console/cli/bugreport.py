"""`pilothouse bugreport`: versions, the configuration without secrets, the last log lines. Sends nothing anywhere."""

from __future__ import annotations

import argparse
import os
import platform
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from console import logfile, paths
from console.cli.exits import ExitCode
from console.cli.machine import LIBRARIES
from console.discovery import Broken, discover
from console.version import VERSION

LINES = 200
_SECRET = re.compile(r"pass|token|secret|key|credential|auth", re.IGNORECASE)
_IN_TEXT = re.compile(r"(?i)((?:bearer|token|password|secret|passwd)[\"'=: ]+)\S+|(://[^/\s:@]+:)[^@\s]+@")
_JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*|\b[a-z0-9]{6}\.[a-z0-9]{16}\b")


def main(arguments: argparse.Namespace) -> int:
    """Print the report; read it before you send it to anybody."""
    config = Path(arguments.config) if arguments.config else paths.config_file()
    log = Path(arguments.log_file) if arguments.log_file else logfile.path()
    sys.stdout.write("\n".join(_report(config, log)) + "\n")
    return ExitCode.DONE


def _report(config: Path, log: Path) -> Iterator[str]:
    yield f"pilothouse {VERSION}"
    yield f"python {platform.python_version()} on {platform.platform()}"
    yield "libraries " + ", ".join(f"{name} {metadata.version(name)}" for name in LIBRARIES)
    for plugin in discover():
        if isinstance(plugin, Broken):
            yield f"plugin {plugin.name}: broken: {plugin.reason}"
        else:
            yield f"plugin {plugin.system}: API {plugin.api}"
    shown = ("TERM", "COLORTERM", "LANG", "LC_ALL", "NO_COLOR", "TMUX", "SSH_CONNECTION", "TERM_PROGRAM")
    yield "terminal " + ", ".join(f"{name}={'set' if name in {'TMUX', 'SSH_CONNECTION'} else os.environ[name]}"
                                  for name in shown if name in os.environ)  # fmt: skip
    yield f"kubeconfig {'from KUBECONFIG' if os.environ.get('KUBECONFIG') else 'by default'}"
    yield f"configuration {config}:"
    yield from (f"  {line}" for line in _configuration(config))
    yield f"last log lines of {log}:"
    yield from (f"  {line}" for line in _tail(log))


def _configuration(config: Path) -> Iterator[str]:
    try:
        table = tomllib.loads(config.read_text(encoding="utf-8"))
    except FileNotFoundError:
        yield "none: all defaults"
    except (OSError, ValueError) as error:
        yield f"cannot be read: {error}"
    else:
        yield from _redacted(table, "")


def _redacted(table: Mapping[str, Any], prefix: str) -> Iterator[str]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _redacted(value, f"{prefix}{key}.")  # pyright: ignore[reportUnknownArgumentType]
        else:
            yield f"{prefix}{key} = {'(hidden)' if _SECRET.search(key) else redact(repr(value))}"


def redact(text: str) -> str:
    """Text without what looks like a credential: bearer tokens, JWTs, join tokens, passwords in URLs."""
    text = _IN_TEXT.sub(lambda found: (found[1] or found[2]) + "(hidden)" + ("@" if found[2] else ""), text)
    return _JWT.sub("(hidden)", text)


def _tail(log: Path) -> list[str]:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        return [f"cannot be read: {error.strerror}"]
    return [redact(line) for line in lines[-LINES:]] or ["empty"]
