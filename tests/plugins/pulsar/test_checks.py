from __future__ import annotations

from collections.abc import Iterable

from console.model import Finding, Severity, Tone
from plugins.pulsar import checks
from plugins.pulsar.model import tables, wire
from plugins.pulsar.model.rows import BookieRow, BrokerRow, LedgerRow, NamespaceRow
from plugins.pulsar.model.topics import SubscriptionRow
from plugins.pulsar.tile import tile
from tests.plugins.pulsar.ground import Rows

GOOD = BookieRow("b-0", mode="rw", free=60, total=100, recovery=True)


def told(found: Iterable[Finding]) -> list[tuple[str, Severity]]:
    return [(one.id, one.severity) for one in found]


def test_a_broker_that_is_well_is_not_spoken_of() -> None:
    assert told(checks.broker(Rows({}), BrokerRow("a", listed=True, ready=True), 0.0)) == []
    assert told(checks.broker(Rows({}), BrokerRow("a", listed=False), 0.0)) == [("PU1", Severity.HIGH)]
    assert told(checks.broker(Rows({}), BrokerRow("a", fault="no answer"), 0.0)) == [("PU1", Severity.HIGH)]


def test_bookies_read_only_away_and_full() -> None:
    facts = Rows({tables.BOOKIES: [GOOD]})
    assert told(checks.bookie(facts, GOOD, 0.0)) == []
    assert told(checks.bookie(facts, BookieRow("b", mode="ro"), 0.0)) == [("BK1", Severity.HIGH)]
    assert told(checks.bookie(facts, BookieRow("b", mode="away"), 0.0)) == [("BK2", Severity.HIGH)]
    assert told(checks.bookie(facts, BookieRow("b", fault="no answer"), 0.0)) == [("BK2", Severity.HIGH)]
    assert told(checks.bookie(facts, BookieRow("b", mode="rw", free=14, total=100), 0.0)) == [("BK3", Severity.WARNING)]
    assert told(checks.bookie(facts, BookieRow("b", mode="rw", free=4, total=100), 0.0)) == [("BK3", Severity.HIGH)]


def test_autorecovery_that_is_off_is_told_once() -> None:
    rows = [BookieRow(f"b-{n}", mode="rw", recovery=False) for n in range(3)]
    facts = Rows({tables.BOOKIES: rows})
    assert [told(checks.recovery(facts, row, 0.0)) for row in rows] == [[("BK4", Severity.WARNING)], [], []]
    assert told(checks.recovery(facts, GOOD, 0.0)) == []


def test_a_ledger_without_two_copies_may_be_lost() -> None:
    assert told(checks.ledger(Rows({}), LedgerRow(1, ("a",)), 0.0)) == [("BK5", Severity.WARNING)]
    assert told(checks.ledger(Rows({}), LedgerRow(1, ("a", "b")), 0.0)) == [("BK5", Severity.CRITICAL)]


def subscription(topic: str = "a/b/c", **stats: object) -> SubscriptionRow:
    return SubscriptionRow("s", topic, "broker", wire.Subscription(**stats))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_subscriptions() -> None:
    facts = Rows({})
    assert told(checks.subscription(facts, subscription(msg_backlog=10), 0.0)) == []
    assert told(checks.subscription(facts, subscription(msg_backlog=5_000), 0.0)) == [("PU3", Severity.WARNING)]
    assert told(checks.subscription(facts, subscription(msg_backlog=100_000), 0.0)) == [("PU3", Severity.HIGH)]
    held = subscription(blocked_subscription_on_unacked_msgs=True)
    assert told(checks.subscription(facts, held, 0.0)) == [("PU2", Severity.HIGH)]
    holes = subscription(total_non_contiguous_deleted_messages_range=10_001)
    assert told(checks.subscription(facts, holes, 0.0)) == [("PU4", Severity.WARNING)]
    part = subscription("a/b/c-partition-0", msg_backlog=100_000)
    assert told(checks.subscription(facts, part, 0.0)) == [], "the whole topic's row says it"


def test_a_quota_that_is_near() -> None:
    policies = wire.Policies(
        backlog_quota_map={"destination_storage": wire.Quota(limit=100, policy="producer_exception")}
    )
    assert told(checks.quota(Rows({}), NamespaceRow("a/b", policies, topics=2, storage=100), 0.0)) == []
    assert told(checks.quota(Rows({}), NamespaceRow("a/b", policies, topics=1, storage=90), 0.0)) == [
        ("PU5", Severity.HIGH)
    ]
    assert told(checks.quota(Rows({}), NamespaceRow("a/b", policies, storage=None), 0.0)) == []


def test_the_tile_counts_what_is_known_to_be_well() -> None:
    brokers = [BrokerRow("a", listed=True, ready=True), BrokerRow("b", fault="no answer", ready=False)]
    ill = tile(Rows({tables.BROKERS: brokers, tables.BOOKIES: [GOOD]}))
    assert (ill.tone, ill.up, ill.total) == (Tone.BAD, 1, 2)
    well = tile(Rows({tables.BROKERS: brokers[:1], tables.BOOKIES: [GOOD]}))
    assert (well.tone, well.up, well.total) == (Tone.OK, 1, 1)
    off = tile(Rows({tables.BROKERS: brokers[:1], tables.BOOKIES: [BookieRow("b", mode="rw", recovery=False)]}))
    assert off.tone is Tone.WARN
    assert tile(Rows({})).tone is Tone.MUTED
