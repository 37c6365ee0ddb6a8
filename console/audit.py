"""Who did what: the local append-only record (JSON lines, 0600), and the person behind a shared login.

Owns the file's form and who is named in it. The shared record is a platform's (console.offers.AuditSink). Refuses to
rewrite or shorten what was written.
"""

from __future__ import annotations

import getpass
import json
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec import to_builtins

from console.model import Ref
from console.offers import AuditEntry
from console.text import clean


@dataclass(frozen=True, slots=True)
class Person:
    """The person at the keyboard and where from, as far as this host knows; the API identity is asked of the server."""

    name: str
    origin: str

    def __str__(self) -> str:
        return f"{self.name} from {self.origin}"


def person(environ: Mapping[str, str] | None = None, host: str = "") -> Person:
    """Who sits there: `SUDO_USER` before `LOGNAME`, since root reads a shared admin.conf; and the SSH client."""
    environ = os.environ if environ is None else environ
    user = environ.get("SUDO_USER") or environ.get("LOGNAME") or environ.get("USER") or _login()
    host = host or socket.gethostname()
    connection = environ.get("SSH_CONNECTION") or environ.get("SSH_CLIENT") or ""
    client = connection.split(" ", 1)[0]
    return Person(clean(user, 64), clean(f"{host} (ssh from {client})" if client else host, 200))


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no name for this uid, as in some containers
        return f"uid {os.getuid()}"


class AuditLog:
    """The local file. Lines are appended in one write each, so that several processes may share it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, entry: AuditEntry) -> None:
        """Write one line and sync it. Raises OSError: what cannot be recorded must not be done."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        line = json.dumps(to_builtins(entry), ensure_ascii=False, separators=(",", ":")) + "\n"
        handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, line.encode())
            os.fsync(handle)
        finally:
            os.close(handle)

    def read(self, most: int = 1000) -> Sequence[AuditEntry]:
        """The newest entries, newest first; lines that are none (a torn one) are left out."""
        try:
            lines = self.path.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return ()
        entries = (_entry(line) for line in reversed(lines[-most:]))
        return [entry for entry in entries if entry is not None]


def _entry(line: str) -> AuditEntry | None:
    try:
        content: dict[str, Any] = json.loads(line)
        subject: dict[str, str] = content.pop("subject")
        return AuditEntry(subject=Ref(**subject), **content)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
