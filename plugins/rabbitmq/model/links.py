"""Connections and channels: who talks to which member, and how much is on its way."""

from __future__ import annotations

from typing import Any

import msgspec

from console.text import in_address
from plugins.rabbitmq.model.wire import Number, RateWire, Row, Wire, line, number, rate, whole, word

CONNECTION_COLUMNS = (
    "name,vhost,user,node,state,protocol,peer_host,peer_port,channels,ssl,connected_at,user_provided_name,"
    "client_properties.connection_name,client_properties.product,client_properties.version,"
    "recv_oct_details.rate,send_oct_details.rate"
)
CHANNEL_COLUMNS = (
    "name,vhost,user,node,number,state,connection_details.name,prefetch_count,consumer_count,messages_unacknowledged,"
    "messages_unconfirmed,confirm,message_stats.publish_details.rate,message_stats.deliver_get_details.rate"
)


class ClientWire(Wire, frozen=True, gc=False):
    """What a client says of itself: any value may be of any form."""

    connection_name: Any = None
    product: Any = None
    version: Any = None


class ConnectionWire(Wire, frozen=True, gc=False):
    """One entry of /api/connections; of one that is just being opened most is missing."""

    name: str
    vhost: str | None = None
    user: str | None = None
    node: str | None = None
    state: str | None = None
    protocol: Any = None
    peer_host: str | None = None
    peer_port: Number = None
    channels: Number = None
    ssl: bool | None = None
    connected_at: Number = None
    user_provided_name: Any = None
    client_properties: ClientWire | list[Any] | None = None
    recv_oct_details: RateWire | None = None
    send_oct_details: RateWire | None = None


class ConnectionPage(Wire, frozen=True, gc=False):
    """A page of them."""

    items: tuple[ConnectionWire, ...] = ()
    page_count: int = 1
    total_count: int = 0


class ConnectionRow(Row, frozen=True, gc=False):
    """One connection of a client. Rates in bytes a second, as the server sees them; `since` epoch seconds."""

    at: str
    name: str
    vhost: str = ""
    user: str = ""
    member: str = ""
    state: str = ""
    protocol: str = ""
    peer: str = ""
    client: str = ""
    given: str = ""
    """The name that the client gave to it."""
    channels: int | None = None
    tls: bool | None = None
    since: float | None = None
    received: float | None = None
    sent: float | None = None


class LinkWire(Wire, frozen=True, gc=False):
    """`connection_details`."""

    name: str = ""


class ChannelStatsWire(Wire, frozen=True, gc=False):
    """`message_stats` of a channel."""

    publish_details: RateWire | None = None
    deliver_get_details: RateWire | None = None


class ChannelWire(Wire, frozen=True, gc=False):
    """One entry of /api/channels."""

    name: str
    vhost: str | None = None
    user: str | None = None
    node: str | None = None
    number: Number = None
    state: str | None = None
    connection_details: LinkWire | list[Any] | None = None
    prefetch_count: Number = None
    consumer_count: Number = None
    messages_unacknowledged: Number = None
    messages_unconfirmed: Number = None
    confirm: bool | None = None
    message_stats: ChannelStatsWire | list[Any] | None = None


class ChannelPage(Wire, frozen=True, gc=False):
    """A page of them."""

    items: tuple[ChannelWire, ...] = ()
    page_count: int = 1
    total_count: int = 0


class ChannelRow(Row, frozen=True, gc=False):
    """One channel. Rates in messages a second."""

    at: str
    name: str
    connection: str = ""
    vhost: str = ""
    user: str = ""
    member: str = ""
    state: str = ""
    prefetch: int | None = None
    consumers: int | None = None
    unacked: int | None = None
    unconfirmed: int | None = None
    published: float | None = None
    delivered: float | None = None


CONNECTIONS = msgspec.json.Decoder(ConnectionPage)
CHANNELS = msgspec.json.Decoder(ChannelPage)


def connection(wire: ConnectionWire) -> ConnectionRow:
    """The row of one entry."""
    said = wire.client_properties if isinstance(wire.client_properties, ClientWire) else ClientWire()
    since = number(wire.connected_at)
    port = whole(wire.peer_port)
    return ConnectionRow(
        at=in_address(wire.name),
        name=line(wire.name, 255),
        vhost=word(wire.vhost),
        user=word(wire.user),
        member=word(wire.node),
        state=word(wire.state),
        protocol=line(wire.protocol, 40),
        peer=line(wire.peer_host, 100) + ("" if port is None else f":{port}"),
        client=" ".join(filter(None, (line(said.product, 60), line(said.version, 30)))),
        given=line(wire.user_provided_name or said.connection_name, 120),
        channels=whole(wire.channels),
        tls=wire.ssl,
        since=None if since is None else since / 1000,
        received=rate(wire.recv_oct_details),
        sent=rate(wire.send_oct_details),
    )


def channel(wire: ChannelWire) -> ChannelRow:
    """The row of one entry."""
    stats = wire.message_stats if isinstance(wire.message_stats, ChannelStatsWire) else ChannelStatsWire()
    link = wire.connection_details if isinstance(wire.connection_details, LinkWire) else LinkWire()
    return ChannelRow(
        at=in_address(wire.name),
        name=line(wire.name, 255),
        connection=line(link.name, 255),
        vhost=word(wire.vhost),
        user=word(wire.user),
        member=word(wire.node),
        state=word(wire.state),
        prefetch=whole(wire.prefetch_count),
        consumers=whole(wire.consumer_count),
        unacked=whole(wire.messages_unacknowledged),
        unconfirmed=whole(wire.messages_unconfirmed),
        published=rate(stats.publish_details),
        delivered=rate(stats.deliver_get_details),
    )
