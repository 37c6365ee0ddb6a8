"""Panes `pulsar.brokers`, `.bundles`, `.bookies`, `.ledgers`, `.manager`: the servers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from console.format import age, percent, size
from console.model import Ref, Tone
from console.plugin import Cell, Column, Facts, Jump, Pane, Section
from plugins.pulsar.acts import managing, servers
from plugins.pulsar.model import tables
from plugins.pulsar.model.rows import BookieRow, BrokerRow, BundleRow, LedgerRow, ManagerRow
from plugins.pulsar.panes.cells import count, numbers, rate, text, words, yes


class _Placed(Protocol):
    @property
    def pod(self) -> str: ...
    @property
    def namespace(self) -> str: ...
    @property
    def node(self) -> str: ...


def _pod(row: _Placed, _facts: Facts) -> Mapping[str, str] | None:
    return {"pod": row.pod, "namespace": row.namespace} if row.pod else None


def _placed(row: _Placed) -> Mapping[str, str]:
    return {"pod": row.pod, "namespace": row.namespace, "node": row.node}


def broker_state(row: BrokerRow) -> str:
    """In a word: `ready`, `starting`, `not listed` (no clients come), `away`, `unknown`."""
    if row.fault:
        return "away" if row.listed is False else "unknown"
    if row.listed is False:
        return "not listed"
    return "ready" if row.ready else "starting" if row.ready is False else "unknown"


def _broker_state(row: BrokerRow, _now: float) -> Cell:
    state = broker_state(row)
    return Cell(state, Tone.OK if state == "ready" else Tone.BUSY if state == "starting" else Tone.BAD)


def _role(row: BrokerRow) -> str:
    return "leader" if row.leader else ""


def _cpu(row: BrokerRow) -> float | None:
    told = row.load.cpu if row.load is not None else None
    return 100 * told.usage / told.limit if told is not None and told.limit > 0 else None


def _heap(row: BrokerRow) -> float | None:
    told = row.load.memory if row.load is not None else None
    return 100 * told.usage / told.limit if told is not None and told.limit > 0 else None


def _percent(number: float | None) -> Cell:
    if number is None:
        return Cell("-", Tone.MUTED)
    return Cell(f"{number:.0f} %", Tone.WARN if number > 85 else Tone.PLAIN)  # noqa: PLR2004 - where shedding begins


def _started(row: BrokerRow) -> float | None:
    return row.load.start_timestamp / 1000 if row.load is not None and row.load.start_timestamp else None


def _describe_broker(row: BrokerRow, facts: Facts) -> Sequence[Section]:
    """With a map: a line a namespace, a sign a bundle in the order of the hash ring, full where this broker has it."""
    spaces: dict[str, list[BundleRow]] = {}
    for one in sorted(facts.rows(tables.BUNDLES).values(), key=lambda each: each.name):
        spaces.setdefault(one.namespace, []).append(one)
    drawn = tuple(
        (name, Cell("".join("█" if one.broker == row.name else "·" for one in some)))
        for name, some in spaces.items()
        if any(one.broker == row.name for one in some)
    )
    head = (
        ("state", _broker_state(row, 0.0)),
        ("role", text(_role(row), Tone.ACCENT)),
        ("address", text(row.id)),
        ("pod", text(f"{row.namespace}/{row.pod}" if row.pod else "")),
        ("note", text(row.fault, Tone.WARN)),
    )
    return [Section("broker", head), Section("bundles that are loaded", drawn or (("", text("")),))]


BROKERS: Pane[BrokerRow] = Pane(
    name="pulsar.brokers",
    title="brokers",
    table=tables.BROKERS,
    columns=(
        Column("BROKER", lambda row: row.name),
        Column("STATE", broker_state, _broker_state),
        words("ROLE", _role, tone=Tone.ACCENT),
        numbers("BUNDLES", lambda row: row.load.num_bundles if row.load else None),
        numbers("TOPICS", lambda row: row.load.num_topics if row.load else None),
        numbers("IN/S", lambda row: row.load.msg_rate_in if row.load else None, rate),
        numbers("OUT/S", lambda row: row.load.msg_rate_out if row.load else None, rate),
        numbers("CONS", lambda row: row.load.num_consumers if row.load else None, hide_below=100),
        numbers("PROD", lambda row: row.load.num_producers if row.load else None, hide_below=100),
        numbers("CPU", _cpu, _percent, hide_below=110),
        numbers("HEAP", _heap, _percent, hide_below=110),
        words("NODE", lambda row: row.node, hide_below=90),
        words("ADDRESS", lambda row: row.id, hide_below=120),
        words("VERSION", lambda row: row.load.broker_version_string if row.load else "", hide_below=130),
        Column("UP", lambda row: -(_started(row) or 0) or None, lambda row, now: Cell(age(_started(row), now))),
        words("NOTE", lambda row: row.fault, grow=True, hide_below=100, tone=Tone.WARN),
    ),
    ref=lambda row: Ref("broker", row.name),
    aliases=("pbrokers",),
    sort="BROKER",
    facets=lambda row: {"broker": row.name, **_placed(row)},
    fault=lambda row: broker_state(row) != "ready",
    describe=_describe_broker,
    reads=(tables.BUNDLES,),
    actions=servers.BROKER_ACTIONS,
    jumps=(
        Jump("bundles", "pulsar.bundles", lambda row, _facts: {"broker": row.name}),
        Jump("topics", "pulsar.topics", lambda row, _facts: {"broker": row.name}),
        Jump("pod", "pods", _pod),
    ),
    help="Brokers by their own load reports. `not listed`: it runs, and clients are not sent to it.",
)

BUNDLES: Pane[BundleRow] = Pane(
    name="pulsar.bundles",
    title="bundles",
    table=tables.BUNDLES,
    columns=(
        Column("BUNDLE", lambda row: row.name, grow=True),
        Column("BROKER", lambda row: row.broker),
        numbers("TOPICS", lambda row: row.load.topics if row.load else None),
        numbers("IN/S", lambda row: row.load.msg_rate_in if row.load else None, rate),
        numbers("OUT/S", lambda row: row.load.msg_rate_out if row.load else None, rate),
        numbers("CONS", lambda row: row.load.consumer_count if row.load else None, hide_below=80),
        numbers("PROD", lambda row: row.load.producer_count if row.load else None, hide_below=80),
    ),
    ref=lambda row: Ref("bundle", row.name),
    sort="BUNDLE",
    facets=lambda row: {"bundle": row.name, "namespace": row.namespace, "broker": row.broker},
    actions=servers.BUNDLE_ACTIONS,
    jumps=(
        Jump("topics", "pulsar.topics", lambda row, _facts: {"bundle": row.name}),
        Jump("broker", "pulsar.brokers", lambda row, _facts: {"broker": row.broker}),
    ),
    help="Bundles that brokers own now, by the brokers' load reports.",
)

_MODES = {"rw": ("writable", Tone.OK), "ro": ("read-only", Tone.WARN), "away": ("away", Tone.BAD)}


def _mode(row: BookieRow, _now: float) -> Cell:
    words_, tone = _MODES.get(row.mode, ("unknown", Tone.BAD))
    return Cell(words_, Tone.WARN if tone is Tone.OK and row.fault else tone)


def used(row: BookieRow) -> float | None:
    """Percent of its ledger disks that are in use."""
    return 100 * (row.total - row.free) / row.total if row.total and row.free is not None else None


def _disk(number: float | None) -> Cell:
    if number is None:
        return Cell("-", Tone.MUTED)
    return Cell(f"{number:.0f} %", Tone.BAD if number >= 95 else Tone.WARN if number >= 85 else Tone.PLAIN)  # noqa: PLR2004


def _describe_bookie(row: BookieRow, _facts: Facts) -> Sequence[Section]:
    return [
        Section(
            "bookie",
            (
                ("state", _mode(row, 0.0)),
                ("id", text(row.id)),
                ("runs", yes(row.running)),
                ("disk", Cell(f"{size(row.free)} of {size(row.total)} free ({percent(row.free, row.total)})")),
                ("ledgers", count(row.ledgers)),
                ("rack", text(row.rack)),
                ("pod", text(f"{row.namespace}/{row.pod}" if row.pod else "")),
                ("note", text(row.fault, Tone.WARN)),
            ),
        ),
        Section(
            "the cluster",
            (
                ("autorecovery", yes(row.recovery)),
                ("recovery delay", Cell("-" if row.delay is None else f"{row.delay} s")),
                ("this is the auditor", yes(row.auditor)),
            ),
        ),
    ]


BOOKIES: Pane[BookieRow] = Pane(
    name="pulsar.bookies",
    title="bookies",
    table=tables.BOOKIES,
    columns=(
        Column("BOOKIE", lambda row: row.name),
        Column("MODE", lambda row: _MODES.get(row.mode, ("unknown",))[0], _mode),
        numbers("DISK", used, _disk, about="in use"),
        numbers("FREE", lambda row: row.free, lambda number: Cell(size(number)), hide_below=80),
        numbers("LEDGERS", lambda row: row.ledgers, hide_below=90),
        words("RACK", lambda row: row.rack, hide_below=100),
        words("ROLE", lambda row: "auditor" if row.auditor else "", tone=Tone.ACCENT),
        Column("RECOVERY", lambda row: row.recovery, lambda row, _now: yes(row.recovery), hide_below=100),
        words("NODE", lambda row: row.node, hide_below=90),
        words("ID", lambda row: row.id, hide_below=120),
        words("NOTE", lambda row: row.fault, grow=True, hide_below=100, tone=Tone.WARN),
    ),
    ref=lambda row: Ref("bookie", row.name),
    aliases=("bookies",),
    sort="BOOKIE",
    facets=lambda row: {"bookie": row.id, **_placed(row)},
    fault=lambda row: row.mode != "rw" or bool(row.fault),
    describe=_describe_bookie,
    actions=servers.BOOKIE_ACTIONS,
    jumps=(Jump("pod", "pods", _pod), Jump("missing copies", "pulsar.ledgers", lambda row, _facts: {"bookie": row.id})),
    reads=(tables.BOOKIES,),
    help="Bookies by their own word, and those that the cluster names beside them.",
)

LEDGERS: Pane[LedgerRow] = Pane(
    name="pulsar.ledgers",
    title="under-replicated ledgers",
    table=tables.LEDGERS,
    columns=(
        Column("LEDGER", lambda row: row.id),
        numbers("MISSING", lambda row: len(row.missing) or None),
        words("ON", lambda row: ", ".join(row.missing), grow=True),
    ),
    ref=lambda row: Ref("ledger", str(row.id)),
    aliases=("ledgers",),
    sort="-MISSING",
    facets=lambda row: {"bookie": row.missing[0]} if len(row.missing) == 1 else {},
    fault=lambda _row: True,
    help="Ledgers with too few copies, and the bookies whose copies are missing. Empty means that none is.",
)

MANAGERS: Pane[ManagerRow] = Pane(
    name="pulsar.manager",
    title="Pulsar Manager",
    table=tables.MANAGERS,
    columns=(
        Column("SERVER", lambda row: row.name),
        Column(
            "STATE",
            lambda row: "up" if row.up else "down",
            lambda row, _now: Cell("up", Tone.OK) if row.up else Cell("down", Tone.BAD),
        ),
        words("NODE", lambda row: row.node),
        words("URL", lambda row: row.url, hide_below=80),
        words("NOTE", lambda row: row.fault, grow=True, tone=Tone.WARN),
    ),
    ref=lambda row: Ref("manager", row.name),
    facets=_placed,
    fault=lambda row: not row.up,
    actions=managing.ACTIONS,
    jumps=(Jump("pod", "pods", _pod),),
    reads=(tables.BROKERS,),
    help="Whether Pulsar Manager answers; its administrator, and this cluster as one of its environments.",
)
