"""Where a secret is: a file, an environment variable, or a command that prints it. Settings hold references alone.

Read when it is needed, kept by whoever reads it, never in an error or a log: not even what a command says on stderr,
for it may repeat the secret.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from console.errors import Unauthorized

COMMAND_WITHIN = 30.0
"""Seconds for a command that prints a secret."""
LIMIT = 64 * 1024


class Secret(Struct, frozen=True):
    """At most one of the three is given; none means that there is no secret (and it is false)."""

    file: str = ""
    env: str = ""
    command: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.file or self.env or self.command)

    def __str__(self) -> str:
        """Where it is, for `doctor` and errors."""
        if self.file:
            return f"file {self.file}"
        if self.env:
            return f"environment {self.env}"
        return f"command {self.command[0]}" if self.command else "none"


async def read(secret: Secret, where: str, environ: Mapping[str, str] | None = None) -> str:
    """The secret without its line end. `where` is what wants it (`[[kafka]] billing`), for errors.

    Raises Unauthorized that names the reference, where it cannot be read or is empty.
    """
    if secret.file:
        text = await asyncio.to_thread(_content, secret, where)
    elif secret.env:
        text = (os.environ if environ is None else environ).get(secret.env, "")
    else:
        text = await _printed(secret, where)
    text = text.strip("\r\n")
    if not text:
        raise Unauthorized(f"{secret} is empty", where=where, next_step="look whether it is the right one")
    return text


def _content(secret: Secret, where: str) -> str:
    try:
        with Path(secret.file).expanduser().open(encoding="utf-8") as file:
            return file.read(LIMIT)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise Unauthorized(f"{secret} cannot be read: {reason}", where=where) from error


async def _printed(secret: Secret, where: str) -> str:
    try:
        child = await asyncio.create_subprocess_exec(
            *secret.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise Unauthorized(f"{secret} cannot be started: {error.strerror}", where=where) from error
    try:
        async with asyncio.timeout(COMMAND_WITHIN):
            out, _ = await child.communicate()
    except TimeoutError as error:
        raise Unauthorized(f"{secret} printed nothing within {COMMAND_WITHIN:g} s", where=where) from error
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode:
        raise Unauthorized(f"{secret} ended with code {child.returncode}", where=where)
    return out[:LIMIT].decode("utf-8", "replace")
