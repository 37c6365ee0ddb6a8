"""What `pilothouse doctor` says of an instance: who was found, how it is reached, as whom, and what is missing."""

from __future__ import annotations

from collections.abc import Sequence

from console.errors import ConsoleError
from console.plugin import Check, Found, Need
from plugins.redis.client import Client
from plugins.redis.config import Named


async def examine(client: Client) -> Sequence[Check]:
    """All lines of one instance. Raises nothing that can be said as a line."""
    topic = f"redis {client.name}"
    try:
        logins = await client.logins()
        survey = await client.round(fresh=True)
    except ConsoleError as error:
        return (Check(topic, Found.MISSING, error.what, error.next_step, Need.OPTIONAL),)
    how = "named in the configuration" if isinstance(client.settings, Named) else "found by its sets"
    servers = [one for one in survey.servers if one.info]
    lines = [
        Check(
            topic,
            Found.OK if servers else Found.MISSING,
            f"{how}: {len(servers)} of {len(survey.servers)} servers answer, "
            f"{sum(not one.problem for one in survey.sentinels)} of {len(survey.sentinels)} Sentinels",
            need=Need.OPTIONAL,
        ),
        Check(f"{topic}: login", Found.OK if servers else Found.UNKNOWN, logins.origin, need=Need.OPTIONAL),
    ]
    versions = sorted({one.info.version for one in servers if one.info})
    if versions:
        lines.append(Check(f"{topic}: version", Found.OK, ", ".join(versions), need=Need.OPTIONAL))
    silent = [(one.seat, one.problem) for one in (*survey.servers, *survey.sentinels) if one.problem]
    lines += [
        Check(f"{topic}: {seat.name}", Found.MISSING, problem, f"it was asked at {seat.address}", Need.OPTIONAL)
        for seat, problem in silent
    ]
    return lines
