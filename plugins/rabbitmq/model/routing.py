"""Exchanges and bindings, and where a message with a routing key would go."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from console.text import in_address
from plugins.rabbitmq.model.wire import Row, Wire, line, pairs, word

EXCHANGE_COLUMNS = (
    "name,vhost,type,durable,internal,auto_delete,policy,arguments,"
    "message_stats.publish_in_details.rate,message_stats.publish_out_details.rate"
)
BINDING_COLUMNS = "source,vhost,destination,destination_type,routing_key,arguments,properties_key"


class ExchangeWire(Wire, frozen=True, gc=False):
    """One entry of /api/exchanges."""

    name: str
    vhost: str
    type: str | None = None
    durable: bool | None = None
    internal: bool | None = None
    auto_delete: bool | None = None
    policy: str | None = None
    arguments: dict[str, Any] | list[Any] | None = None


class ExchangePage(Wire, frozen=True, gc=False):
    """A page of them."""

    items: tuple[ExchangeWire, ...] = ()
    page_count: int = 1
    total_count: int = 0


class ExchangeRow(Row, frozen=True, gc=False):
    """One exchange; the default exchange has an empty name."""

    at: str
    vhost: str
    name: str
    kind: str = ""
    durable: bool = True
    internal: bool = False
    auto_delete: bool = False
    policy: str = ""
    arguments: tuple[tuple[str, str], ...] = ()


class BindingWire(Wire, frozen=True, gc=False):
    """One entry of /api/bindings."""

    vhost: str
    source: str = ""
    destination: str = ""
    destination_type: str = "queue"
    routing_key: str = ""
    arguments: dict[str, Any] | list[Any] | None = None
    properties_key: str = ""


class BindingRow(Row, frozen=True, gc=False):
    """One binding from an exchange to a queue or another exchange."""

    at: str
    vhost: str
    source: str
    destination: str
    to: str
    """`queue` or `exchange`."""
    key: str
    arguments: tuple[tuple[str, str], ...] = ()


EXCHANGES = msgspec.json.Decoder(ExchangePage)
BINDINGS = msgspec.json.Decoder(list[BindingWire])


def exchange(wire: ExchangeWire) -> ExchangeRow:
    """The row of one entry."""
    return ExchangeRow(
        at=in_address(wire.vhost, wire.name or "amq.default"),
        vhost=word(wire.vhost),
        name=line(wire.name, 255),
        kind=word(wire.type),
        durable=wire.durable is not False,
        internal=bool(wire.internal),
        auto_delete=bool(wire.auto_delete),
        policy=word(wire.policy),
        arguments=pairs(wire.arguments),
    )


def binding(wire: BindingWire) -> BindingRow:
    """The row of one entry."""
    return BindingRow(
        at=in_address(wire.vhost, wire.source, wire.destination_type, wire.destination, wire.properties_key),
        vhost=word(wire.vhost),
        source=line(wire.source, 255),
        destination=line(wire.destination, 255),
        to=word(wire.destination_type),
        key=line(wire.routing_key, 255),
        arguments=pairs(wire.arguments),
    )


def destinations(kind: str, bindings: Iterable[BindingRow], key: str) -> list[BindingRow] | None:
    """The bindings by which an exchange of this kind passes on a message with `key`; None: headers decide, not the key.

    Kinds of plugins (consistent hash, random, delayed) choose by rules of their own: None for them too.
    """
    if kind == "fanout":
        return list(bindings)
    if kind == "direct":
        return [one for one in bindings if one.key == key]
    if kind == "topic":
        return [one for one in bindings if topic_matches(one.key, key)]
    return None


def topic_matches(pattern: str, key: str) -> bool:
    """AMQP's rule: words between dots, `*` is one word and `#` any number of them."""
    words = key.split(".") if key else []
    reached = {0}
    parts = pattern.split(".") if pattern else []
    for part in parts:
        if part == "#":
            reached = set(range(min(reached), len(words) + 1)) if reached else reached
        else:
            reached = {at + 1 for at in reached if at < len(words) and part in {"*", words[at]}}
    return len(words) in reached
