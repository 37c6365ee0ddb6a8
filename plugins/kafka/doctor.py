"""What `pilothouse doctor` says of a cluster: how it is reached, as whom, and which rights and requests are missing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from console.errors import ConsoleError, Forbidden, NotFound
from console.plugin import Check, Found, Need
from plugins.kafka.client import Client, asking


async def examine(client: Client) -> Sequence[Check]:
    """Lines in the order in which things are needed; what cannot be reached ends the list."""
    name = client.cluster.name
    servers = ", ".join(f"{host}:{port}" for host, port in client.cluster.bootstrap)
    way = "through the platform" if client.cluster.found is not None else "directly"
    try:
        metadata = await client.metadata.get()
    except ConsoleError as error:
        advice = error.next_step or "look at bootstrap, protocol and credentials"
        return [Check(f"kafka {name}", Found.MISSING, f"{servers} {way}: {error.what}", advice)]
    who = client.login.who if client.login else "nobody"
    told = client.login.told if client.login else ""
    release = await client.release(metadata.nodes[0].id) if metadata.nodes else ""
    checks = [
        Check(
            f"kafka {name}", Found.OK, f"{len(metadata.nodes)} brokers, release {release or '?'}, {way} by {servers}"
        ),
        Check(f"kafka {name} login", Found.OK, f"as {who}, by {told}"),
    ]
    wire = await client.wire()
    if await wire.version("OffsetFetch") < 8:  # noqa: PLR2004
        checks.append(
            Check(
                f"kafka {name} groups",
                Found.OK,
                f"older than 3.0: one request a group, {client.cluster.groups_a_cycle} a coordinator and cycle",
            )
        )
    checks += [
        await _asked(f"kafka {name} {topic}", ask, need)
        for topic, ask, need in (
            ("configs", client.configs.get, Need.ALWAYS),
            ("quorum", client.quorum.get, Need.OPTIONAL),
            ("reassignments", lambda: asking.reassignments(wire), Need.OPTIONAL),
            ("ACLs", lambda: asking.acls(wire), Need.OPTIONAL),
        )
    ]
    return [*checks, *await _exporter(client)]


async def _exporter(client: Client) -> Sequence[Check]:
    """A line where one is deployed."""
    topic = f"kafka {client.cluster.name} exporter"
    try:
        found = await client.exporter.get()
    except ConsoleError as error:
        return [Check(topic, Found.UNKNOWN, error.what, error.next_step, Need.OPTIONAL)]
    return [
        Check(
            topic,
            Found.MISSING if row.why else Found.OK,
            row.why or row.detail,
            "look at its pod and its log" if row.why else "",
            Need.OPTIONAL,
        )
        for row in found
    ]


async def _asked(topic: str, ask: Callable[[], Awaitable[Any]], need: Need) -> Check:
    try:
        await ask()
    except NotFound as error:
        return Check(topic, Found.OK, error.what, need=need)
    except Forbidden as error:
        return Check(topic, Found.MISSING, f"not allowed: {error.what}", error.next_step, need)
    except ConsoleError as error:
        return Check(topic, Found.UNKNOWN, error.what, error.next_step, need)
    return Check(topic, Found.OK, "can be read", need=need)
