"""Panes `rabbitmq.connections`, `.channels` and `.links` (shovels and federation)."""

from __future__ import annotations

from collections.abc import Sequence

from console.format import age, size, timestamp
from console.model import Ref, Tone
from console.plugin import Action, Cell, Column, Facts, Jump, Pane, Section
from plugins.rabbitmq.model import tables
from plugins.rabbitmq.model.governing import LinkRow
from plugins.rabbitmq.model.links import ChannelRow, ConnectionRow
from plugins.rabbitmq.panes.cells import count, counted, members, optional, rate, rated, sized, texts
from plugins.rabbitmq.panes.later import run

_STATES = {"running": Tone.OK, "flow": Tone.WARN, "blocking": Tone.WARN, "blocked": Tone.BAD, "": Tone.MUTED}
_CALM = {"running", "flow", "idle", "starting", "tuning", "opening", ""}


def _state(state: str) -> Cell:
    return Cell(state or "-", _STATES.get(state, Tone.PLAIN))


def _bytes(rate: float | None) -> Cell:
    return optional("" if rate is None else f"{size(rate)}B/s")


def _described(row: ConnectionRow, _facts: Facts) -> Sequence[Section]:
    return (
        Section(
            "connection",
            (
                ("state", _state(row.state)),
                ("name given", optional(row.given)),
                ("client", optional(row.client)),
                ("user", optional(row.user)),
                ("vhost", optional(row.vhost)),
                ("member", optional(row.member)),
                ("from", optional(row.peer)),
                ("protocol", optional(row.protocol)),
                ("tls", Cell("-" if row.tls is None else "yes" if row.tls else "no")),
                ("since", optional(timestamp(row.since) if row.since else "")),
                ("from client", _bytes(row.received)),
                ("to client", _bytes(row.sent)),
            ),
        ),
    )


def _channel(row: ChannelRow, _facts: Facts) -> Sequence[Section]:
    return (
        Section(
            "channel",
            (
                ("state", _state(row.state)),
                ("user", optional(row.user)),
                ("vhost", optional(row.vhost)),
                ("member", optional(row.member)),
                ("consumers", count(row.consumers)),
                ("prefetch", count(row.prefetch)),
                ("unacked", count(row.unacked)),
                ("unconfirmed", count(row.unconfirmed)),
                ("in/s", rate(row.published)),
                ("out/s", rate(row.delivered)),
            ),
        ),
    )


CONNECTIONS: Pane[ConnectionRow] = Pane(
    name="rabbitmq.connections",
    title="rabbitmq connections",
    table=tables.CONNECTIONS,
    columns=(
        Column("NAME", lambda row: row.name, grow=True),
        texts("USER", lambda row: row.user),
        texts("VHOST", lambda row: row.vhost, hide_below=80),
        Column("STATE", lambda row: row.state or None, lambda row, _now: _state(row.state)),
        members("MEMBER", lambda row: row.member, hide_below=110),
        texts("GIVEN NAME", lambda row: row.given, hide_below=100),
        counted("CHANNELS", lambda row: row.channels, hide_below=90),
        sized("FROM/S", lambda row: row.received, hide_below=120),
        sized("TO/S", lambda row: row.sent, hide_below=120),
        texts("CLIENT", lambda row: row.client, hide_below=140),
        Column(
            "AGE",
            lambda row: None if row.since is None else -row.since,
            lambda row, now: Cell(age(row.since, now), Tone.MUTED),
            align="right",
            export=lambda row: None if row.since is None else timestamp(row.since),
        ),
    ),
    ref=lambda row: Ref("connection", row.name),
    sort="NAME",
    facets=lambda row: {"vhost": row.vhost, "user": row.user, "member": row.member, "connection": row.name},
    fault=lambda row: row.state not in _CALM,
    describe=_described,
    actions=(Action("close", "close", run("close_connection"), help="a client that is well made connects again"),),
    jumps=(Jump("its channels", "rabbitmq.channels", lambda row, _facts: {"connection": row.name}),),
    help="The connections of clients: who, from where, to which member, and whether they are held back.",
)

CHANNELS: Pane[ChannelRow] = Pane(
    name="rabbitmq.channels",
    title="rabbitmq channels",
    table=tables.CHANNELS,
    columns=(
        Column("NAME", lambda row: row.name, grow=True),
        texts("USER", lambda row: row.user, hide_below=80),
        texts("VHOST", lambda row: row.vhost, hide_below=90),
        Column("STATE", lambda row: row.state or None, lambda row, _now: _state(row.state)),
        counted("CONS", lambda row: row.consumers, help="consumers"),
        counted("PREFETCH", lambda row: row.prefetch, hide_below=90),
        counted("UNACKED", lambda row: row.unacked, help="given out and not acknowledged"),
        counted("UNCONFIRMED", lambda row: row.unconfirmed, hide_below=110),
        rated("IN/S", lambda row: row.published, hide_below=80),
        rated("OUT/S", lambda row: row.delivered, hide_below=80),
        members("MEMBER", lambda row: row.member, hide_below=130),
    ),
    ref=lambda row: Ref("channel", row.name),
    sort="NAME",
    facets=lambda row: {"vhost": row.vhost, "user": row.user, "member": row.member, "connection": row.connection},
    fault=lambda row: row.state not in _CALM,
    describe=_channel,
    jumps=(Jump("its connection", "rabbitmq.connections", lambda row, _facts: {"connection": row.connection}),),
    help="Channels within connections: consumers, what is on its way, and rates.",
)

_LINK_TONES = {"running": Tone.OK, "starting": Tone.BUSY}


LINKS: Pane[LinkRow] = Pane(
    name="rabbitmq.links",
    title="rabbitmq shovels and federation",
    table=tables.LINKS,
    columns=(
        Column("NAME", lambda row: row.name, grow=True),
        Column("KIND", lambda row: row.kind),
        texts("VHOST", lambda row: row.vhost, hide_below=80),
        Column(
            "STATE",
            lambda row: row.state or None,
            lambda row, _now: Cell(row.state or "-", _LINK_TONES.get(row.state, Tone.BAD)),
        ),
        texts("FROM", lambda row: row.source, hide_below=90),
        texts("TO", lambda row: row.target, hide_below=90),
        members("MEMBER", lambda row: row.member, hide_below=120),
        Column("WHY", lambda row: row.error or None, lambda row, _now: optional(row.error, Tone.BAD), hide_below=110),
    ),
    ref=lambda row: Ref("link", row.name, row.vhost),
    aliases=("shovels", "federation"),
    sort="NAME",
    facets=lambda row: {"vhost": row.vhost, "kind": row.kind.partition(" ")[0]},
    limits={"shovels": {"kind": "shovel"}, "federation": {"kind": "federation"}},
    fault=lambda row: row.state not in _LINK_TONES,
    help="Shovels and federation links, where their management plugins are enabled.",
)
