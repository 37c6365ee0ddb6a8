"""What `pilothouse doctor` asks: how the instance is reached, as whom, until when, and what is missing."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING

from console.errors import Forbidden, SourceError
from console.format import duration, timestamp
from console.plugin import Check, Found, Need
from plugins.pulsar.model import wire

if TYPE_CHECKING:
    from plugins.pulsar.client import Client

_SOON = 30 * 86400.0


async def examine(client: Client) -> Sequence[Check]:
    """All lines about one instance; each question stands alone."""
    name = f"pulsar {client.settings.name}"
    checks = [
        _asked(f"{name} token", _token(client)),
        _asked(f"{name} brokers", _brokers(client)),
        _asked(f"{name} rights", _rights(client)),
        _asked(f"{name} bookies", _bookies(client), Need.OPTIONAL),
    ]
    return [*await asyncio.gather(*checks), _library(name)]


async def _asked(topic: str, asking: Awaitable[Check], need: Need = Need.ALWAYS) -> Check:
    try:
        check = await asking
    except SourceError as error:
        found = Found.MISSING if need is Need.ALWAYS else Found.UNKNOWN
        text = f"{error.where}: {error.what}" if error.where else error.what
        return Check(topic, found, text, error.next_step, need)
    return Check(topic, check.found, check.text, check.advice, check.need)


async def _token(client: Client) -> Check:
    token = await client.token.token()
    if not token.value:
        return Check(
            "", Found.OK, "none is sent: no Secret of the chart, no setting, no client.conf", need=Need.OPTIONAL
        )
    who, now, end = token.claims.role or "role not told", client.reach.clock.now(), token.claims.expires
    said = f"{who}, from {token.source}"
    if end is None:
        return Check("", Found.OK, f"{said}; it never expires")
    if end <= now:
        return Check("", Found.MISSING, f"{said}; EXPIRED {duration(now - end)} ago", "give a new token")
    left = f"{said}; good until {timestamp(end)} ({duration(end - now)})"
    if end - now < _SOON:
        return Check("", Found.MISSING, left, "make a new one soon", Need.OPTIONAL)
    return Check("", Found.OK, left)


async def _brokers(client: Client) -> Check:
    rows = await client.brokers.rows()
    silent = [row for row in rows if row.fault]
    versions = ", ".join(sorted({row.load.broker_version_string for row in rows if row.load is not None})) or "?"
    if not rows:
        return Check("", Found.MISSING, "there is none", "look at the brokers' pods")
    if silent:
        text = f"{len(silent)} of {len(rows)} do not answer: {silent[0].name}: {silent[0].fault}"
        return Check("", Found.MISSING, text, "look at their pods")
    way = "by pods" if client.members.found else f"by {', '.join(client.settings.admin)}"
    return Check("", Found.OK, f"{len(rows)} answer {way}, Pulsar {versions}")


async def _rights(client: Client) -> Check:
    """A superuser may list tenants and read the bulk answer of all topics; others see less."""
    try:
        await client.admin.get("/admin/v2/tenants", list[str])
        places = await client.brokers.places()
        if places:
            path = "/admin/v2/broker-stats/load-report"
            await client.admin.get(path, wire.LoadReport, base=places[0].url)
    except Forbidden as error:
        advice = "use a token of a superuser role (the chart's is `admin`)"
        return Check("", Found.MISSING, error.what, advice)
    return Check("", Found.OK, "tenants and brokers' numbers may be read")


async def _bookies(client: Client) -> Check:
    rows = await client.bookies.rows()
    silent = [row for row in rows if row.url and row.fault]
    if silent:
        text = f"{len(silent)} of {len(rows)} do not answer by HTTP: {silent[0].name}: {silent[0].fault}"
        return Check("", Found.MISSING, text, "look whether httpServerEnabled is set", Need.OPTIONAL)
    return Check("", Found.OK, f"{len(rows)} answer", need=Need.OPTIONAL)


def _library(name: str) -> Check:
    """Found, not imported: a native crash is for the child process alone."""
    if importlib.util.find_spec("pulsar") is None:
        text = "pulsar-client is not installed: no tail and no round trip, messages are peeked by REST"
        return Check(f"{name} messages", Found.MISSING, text, "install pulsar-client for this Python", Need.OPTIONAL)
    return Check(f"{name} messages", Found.OK, "pulsar-client is installed", need=Need.OPTIONAL)
