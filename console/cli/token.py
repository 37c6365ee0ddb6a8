"""`pilothouse token list|create|delete`: credentials with which nodes join; made to end soon, shown once.

The secret goes to stdout of `create` and nowhere else: not into the log, the records or an error.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from console.cli.exits import ExitCode
from console.cli.session import opened
from console.errors import ConsoleError, UsageError
from console.format import duration, timestamp
from console.gate import YES, Deed
from console.model import Ref
from console.offers import JoinToken, NewToken, Tokens
from console.output import render
from console.plugin import Cell, Column, Deferred, Effect, Offers, Pane, Table
from console.text import clean

if TYPE_CHECKING:
    from console.runtime import Runtime

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_TIME = re.compile(r"(?:\d+[smhd])+")
_SHORTEST, _LONGEST = 60, 7 * 86_400


def main(arguments: argparse.Namespace) -> int:
    """Do one of the verbs."""
    if arguments.verb == "create":
        seconds(arguments.ttl)  # before anything is asked of a server
    return asyncio.run(token(arguments))


def seconds(text: str) -> int:
    """`90m`, `2h`, `1d12h` in seconds. Raises UsageError, also for what is no time for a token to live."""
    if not _TIME.fullmatch(text):
        advice = "a standing credential is not made here" if text in {"0", "0s"} else "as in 30m, 2h, 1d12h"
        raise UsageError(f"`{text}` is no time for a token to live", next_step=advice)
    found = sum(int(part[:-1]) * _UNITS[part[-1]] for part in re.findall(r"\d+[smhd]", text))
    if not _SHORTEST <= found <= _LONGEST:
        raise UsageError(f"a token lives from 1 minute to 7 days, not {text}", next_step="2h is enough to join")
    return found


async def token(arguments: argparse.Namespace) -> int:
    """The command, inside a loop."""
    async with opened(arguments) as runtime:
        tokens: Tokens = await runtime.offer(_offered)
        match arguments.verb:
            case "list":
                _list(await tokens.list(), runtime, arguments.output)
            case "create":
                await _create(runtime, tokens, arguments)
            case _:
                await _delete(runtime, tokens, arguments.id)
                told = json.dumps({"id": arguments.id, "deleted": True}) if arguments.output == "json" else ""
                print(told or f"token {arguments.id} is deleted")
        return ExitCode.DONE


def _offered(offers: Offers) -> Deferred[Callable[[Any], Any]]:
    if offers.tokens is None:
        raise UsageError("nodes do not join this platform by tokens")
    return offers.tokens


def _list(tokens: Sequence[JoinToken], runtime: Runtime, output: str) -> None:
    if output == "json":
        print(json.dumps([_as_json(token) for token in tokens], indent=2, ensure_ascii=False))
        return
    sys.stdout.write(render(_PANE, list(tokens), "table", now=runtime.clock.now(), fence=runtime.fence))


async def _create(runtime: Runtime, tokens: Tokens, arguments: argparse.Namespace) -> None:
    """Make it; where its join line does not come about, it is deleted again: nobody has seen it."""
    gate, made = await runtime.gate(), list[NewToken]()
    expires = runtime.clock.now() + seconds(arguments.ttl)
    description = clean(arguments.description or f"made with pilothouse by {gate.who.name}", 200)

    async def create() -> str:
        made.append(await tokens.create(expires, description))
        return f"token {made[0].id} until {timestamp(expires)}"

    deed = Deed("create token", Ref("context", runtime.platform.name), Effect.CHANGE, tuple(tokens.to_create))
    await gate.perform(deed, create, given=arguments.name or YES)
    fresh, line = made[0], ""
    if arguments.print_join_command:
        try:
            line = await tokens.join_command(fresh.id)
        except ConsoleError:
            await _delete(runtime, tokens, fresh.id)
            print(f"pilothouse: token {fresh.id} was deleted again", file=sys.stderr)
            raise
    told: dict[str, Any] = {"id": fresh.id, "token": fresh.text, "expires": timestamp(fresh.expires)}
    if arguments.output == "json":
        print(json.dumps(told | ({"joinCommand": line} if line else {}), indent=2))
        return
    print(line or fresh.text)
    print(
        f"pilothouse: token {fresh.id} ends at {told['expires']}; "
        f"`pilothouse token delete {fresh.id}` once the node has joined",
        file=sys.stderr,
    )


async def _delete(runtime: Runtime, tokens: Tokens, name: str) -> None:
    """The id that was typed is the consent by name."""

    async def delete() -> str:
        await tokens.delete(name)
        return "deleted"

    deed = Deed("delete token", Ref("token", name), Effect.DESTROY, tuple(tokens.to_delete))
    await (await runtime.gate()).perform(deed, delete, given=name)


def _as_json(token: JoinToken) -> dict[str, Any]:
    return {
        "id": token.id,
        "expires": None if token.expires is None else timestamp(token.expires),
        "usages": list(token.usages),
        "groups": list(token.groups),
        "description": token.description,
    }


def _left(token: JoinToken, now: float) -> Cell:
    if token.expires is None:
        return Cell("never ends")
    return Cell(duration(token.expires - now) if token.expires > now else "expired")


_PANE: Pane[JoinToken] = Pane(
    name="tokens",
    title="tokens",
    table=Table("tokens", lambda token: token.id),
    columns=(
        Column("ID", lambda token: token.id),
        Column("TTL", lambda token: token.expires, _left),
        Column("EXPIRES", lambda token: timestamp(token.expires) if token.expires else "never"),
        Column("USAGES", lambda token: ",".join(token.usages)),
        Column("GROUPS", lambda token: ",".join(token.groups)),
        Column("DESCRIPTION", lambda token: token.description),
    ),
    ref=lambda token: Ref("token", token.id),
)
