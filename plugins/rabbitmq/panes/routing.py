"""Panes `rabbitmq.exchanges` and `rabbitmq.bindings`."""

from __future__ import annotations

from collections.abc import Sequence

from console.model import Ref
from console.plugin import Action, Ask, Cell, Column, Effect, Facts, Jump, Pane, Section
from plugins.rabbitmq.model import tables
from plugins.rabbitmq.model.routing import BindingRow, ExchangeRow
from plugins.rabbitmq.panes.cells import texts
from plugins.rabbitmq.panes.later import run

_SHOWN = 50


def exchange_name(row: ExchangeRow) -> str:
    """What people call it: the default exchange has no name of its own."""
    return row.name or "(default)"


def _flags(row: ExchangeRow) -> str:
    flags = (("transient", not row.durable), ("internal", row.internal), ("auto-delete", row.auto_delete))
    return ",".join(word for word, on in flags if on)


def describe(row: ExchangeRow, facts: Facts) -> Sequence[Section]:
    """What is bound to it."""
    bound = facts.by(tables.BINDINGS_BY_SOURCE, tables.place(row.vhost, row.name))
    lines = tuple((f"{one.to} {one.destination}", Cell(one.key or "(no key)")) for one in bound[:_SHOWN])
    if not row.name:
        lines = (("every queue", Cell("by its own name")),)
    found = (
        Section("exchange", (("type", Cell(row.kind)), ("flags", Cell(_flags(row) or "durable")))),
        Section("passes on to", lines),
        Section("arguments", tuple((key, Cell(value)) for key, value in row.arguments)),
    )
    return [section for section in found if section.lines]


EXCHANGES: Pane[ExchangeRow] = Pane(
    name="rabbitmq.exchanges",
    title="rabbitmq exchanges",
    table=tables.EXCHANGES,
    columns=(
        Column("NAME", exchange_name, grow=True),
        Column("VHOST", lambda row: row.vhost),
        Column("TYPE", lambda row: row.kind),
        texts("FLAGS", _flags, hide_below=80),
        texts("POLICY", lambda row: row.policy, hide_below=90),
    ),
    ref=lambda row: Ref("exchange", exchange_name(row), row.vhost),
    aliases=("exchanges",),
    sort="NAME",
    facets=lambda row: {"vhost": row.vhost, "exchange": row.name, "type": row.kind},
    describe=describe,
    jumps=(
        Jump("its bindings", "rabbitmq.bindings", lambda row, _facts: {"vhost": row.vhost, "from": row.name}),
        Jump("queues of its vhost", "rabbitmq.queues", lambda row, _facts: {"vhost": row.vhost}),
    ),
    actions=(
        Action(
            "route",
            "where would a key go",
            run("route"),
            help="to which queues and exchanges, by the bindings as they are now",
            key="w",
            effect=Effect.READ,
            asks=lambda _row, _facts: (Ask("key", "routing key"),),
        ),
        Action(
            "publish",
            "publish a test message",
            run("publish_to_exchange"),
            help="and say whether it was passed on",
            when=lambda row, _facts: "clients may not publish to an internal exchange" if row.internal else None,
            asks=lambda _row, _facts: (
                Ask("key", "routing key"),
                Ask("payload", "text", default="test message of an operator"),
            ),
        ),
    ),
    reads=(tables.BINDINGS, tables.QUEUES),
    help="Where messages enter, and to what they are passed on. An action says where a routing key would go.",
)


def _binding(row: BindingRow, _facts: Facts) -> Sequence[Section]:
    about = (
        ("from", Cell(f"exchange {row.source}")),
        ("key", Cell(row.key or "(no key)")),
        ("to", Cell(f"{row.to} {row.destination}")),
        ("vhost", Cell(row.vhost)),
    )
    arguments = Section("arguments", tuple((key, Cell(value)) for key, value in row.arguments))
    return (Section("binding", about), *((arguments,) if row.arguments else ()))


BINDINGS: Pane[BindingRow] = Pane(
    name="rabbitmq.bindings",
    title="rabbitmq bindings",
    table=tables.BINDINGS,
    columns=(
        Column("FROM", lambda row: row.source, grow=True),
        Column("KEY", lambda row: row.key),
        Column("TO", lambda row: f"{row.to} {row.destination}"),
        Column("VHOST", lambda row: row.vhost, hide_below=70),
        texts("ARGUMENTS", lambda row: " ".join(f"{key}={value}" for key, value in row.arguments), hide_below=100),
    ),
    ref=lambda row: Ref("binding", f"{row.source} -> {row.destination}", row.vhost),
    aliases=("bindings",),
    sort="FROM",
    describe=_binding,
    facets=lambda row: {"vhost": row.vhost, "from": row.source, "to": f"{row.to} {row.destination}"},
    jumps=(
        Jump("its exchange", "rabbitmq.exchanges", lambda row, _facts: {"vhost": row.vhost, "exchange": row.source}),
    ),
    help="What is bound to what, and by which key; bindings to the default exchange are left out.",
)
