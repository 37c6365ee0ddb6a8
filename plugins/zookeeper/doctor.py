"""What `pilothouse doctor` says of an ensemble: who was found, by which way each is read, and what is missing."""

from __future__ import annotations

from collections.abc import Sequence

from console.errors import ConsoleError
from console.plugin import Check, Found, Need
from plugins.zookeeper.client import Client
from plugins.zookeeper.config import Named
from plugins.zookeeper.model.rows import ring


async def examine(client: Client) -> Sequence[Check]:
    """All lines of one ensemble. Raises nothing that can be said as a line."""
    topic = f"zookeeper {client.name}"
    try:
        members = await client.round()
    except ConsoleError as error:
        return (Check(topic, Found.MISSING, error.what, error.next_step, Need.OPTIONAL),)
    how = "named in the configuration" if isinstance(client.settings, Named) else "found by its set"
    read = [one for one in members if one.said]
    ways = ", ".join(sorted({one.read_by for one in read if one.read_by}))
    lines = [
        Check(
            topic,
            Found.OK if len(read) == len(members) else Found.UNKNOWN,
            f"{how}: {len(read)} of {len(members)} members can be read{f' by {ways}' if ways else ''}",
            need=Need.OPTIONAL,
        )
    ]
    if read:
        lines.append(Check(f"{topic}: quorum", Found.OK, ring(client.name, members).sentence, need=Need.OPTIONAL))
    lines += [
        Check(f"{topic}: {one.name}", Found.MISSING, one.problem, f"it was asked at {one.seat.address}", Need.OPTIONAL)
        for one in members
        if one.problem
    ]
    return lines
