"""What `pilothouse doctor` says of an instance: where it is, how it is reached, as whom, and what is missing."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from console.errors import ConsoleError
from console.plugin import Check, Found, Need
from plugins.rabbitmq.client.broker import Broker, decode
from plugins.rabbitmq.model.wire import Wire, word

_MAY_LOOK = {"monitoring", "administrator"}


class WhoWire(Wire, frozen=True):
    """/api/whoami."""

    name: str = ""
    tags: list[str] | str = ""


_WHO = msgspec.json.Decoder(WhoWire)


async def examine(client: Broker) -> Sequence[Check]:
    """All lines of one instance. Raises nothing that can be said as a line."""
    topic = f"rabbitmq {client.place.named.name}"
    try:
        login = await client.endpoints.identity.login()
        who = decode(_WHO, await client.endpoints.read("/api/whoami"), "GET /api/whoami")
        members = list(await client.nodes())
    except ConsoleError as error:
        return (Check(topic, Found.MISSING, str(error), error.next_step, Need.OPTIONAL),)
    set_ = client.place.stands_on
    how = f"{set_.kind} {set_.namespace}/{set_.name}, through the cluster" if set_ else "named in the configuration"
    up = [row for row in members if row.running]
    versions = sorted({row.version for row in members if row.version})
    lines = [
        Check(
            topic,
            Found.OK if len(up) == len(members) else Found.MISSING,
            f"{how}: {len(up)} of {len(members)} members run, version {', '.join(versions) or '?'}",
            need=Need.OPTIONAL,
        ),
        _rights(topic, login.source, who),
    ]
    unseated = [row.name for row in members if not row.pod]
    if set_ is not None and unseated:
        advice = "its node is not known, so what a drain does to it is not known either"
        lines.append(Check(f"{topic}: pods", Found.UNKNOWN, f"no pod for {', '.join(unseated)}", advice, Need.OPTIONAL))
    return lines


def _rights(topic: str, source: str, who: WhoWire) -> Check:
    listed = who.tags.split(",") if isinstance(who.tags, str) else who.tags
    tags = sorted(word(tag.strip()) for tag in listed if tag.strip())
    text = f"{word(who.name)} (from {source}), tags {', '.join(tags) or 'none'}"
    if not _MAY_LOOK & set(tags):
        advice = "give it the tag monitoring: without it only its own vhosts are seen"
        return Check(f"{topic}: user", Found.MISSING, text, advice, Need.OPTIONAL)
    if "administrator" not in tags:
        text += "; users and rebalancing need administrator"
    return Check(f"{topic}: user", Found.OK, text, need=Need.OPTIONAL)
