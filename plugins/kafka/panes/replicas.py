"""Actions on where data lies, for the panes of topics, partitions and reassignments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from console.plugin import Action, Ask, Effect, Facts
from plugins.kafka.model.rows import Partition, Reassignment, Topic
from plugins.kafka.panes.cells import ids, run

R = TypeVar("R")
_PLAN = Ask("plan", "show the plan, or do it", default="show", choices=("show", "do"), help="show changes nothing")
_HELP = "replicas are copied to their new brokers, then the old ones are deleted; it can be cancelled until then"
_SHOWN = "says for each partition from which brokers to which; changes nothing"


def _to_topic(_row: Topic, _facts: Facts) -> Sequence[Ask]:
    help_ = "ids of brokers, 0,1,2; the rest of its replicas are moved there"
    return (Ask("to", "over which brokers", default="all", help=help_), _PLAN)


def _to_partition(row: Partition, _facts: Facts) -> Sequence[Ask]:
    help_ = f"as many as now ({len(row.replicas)}), the preferred leader first"
    return (Ask("to", "to which brokers", default=ids(row.replicas), help=help_), _PLAN)


def _records(row: Partition, _facts: Facts) -> Sequence[Ask]:
    start, end = ("?" if one is None else str(one) for one in (row.start, row.end))
    return (Ask("before", "before which offset", help=f"it has {start} to {end}; end: all of them"),)


def _no_records(row: Partition, _facts: Facts) -> str | None:
    if row.internal:
        return "it is Kafka's own"
    if row.leader < 0:
        return "it has no leader"
    return "it is empty" if row.start is not None and row.start == row.end else None


def _moves(kind: str, asks: Callable[[R, Facts], Sequence[Ask]]) -> tuple[Action[R], Action[R]]:
    """The plan alone, and the plan or the deed; `kind` as `acts_replicas` calls the row."""
    plan: Action[R] = Action(
        "plan-reassign",
        "plan to move its replicas",
        run(f"plan_{kind}", "acts_replicas"),
        effect=Effect.READ,
        asks=lambda row, facts: asks(row, facts)[:1],
        help=_SHOWN,
    )
    do = run(f"reassign_{kind}", "acts_replicas")
    return plan, Action("reassign", "move its replicas", do, asks=asks, help=_HELP)


TOPIC_MOVES: tuple[Action[Topic], ...] = _moves("topic", _to_topic)
PARTITION_MOVES: tuple[Action[Partition], ...] = _moves("partition", _to_partition)
CANCEL: Action[Reassignment] = Action(
    "cancel",
    "cancel it",
    run("cancel", "acts_replicas"),
    when=lambda row, _facts: None if row.adding or row.removing else "it has arrived",
    help="the partition stays where it was, and what was copied is deleted",
)
DELETE_RECORDS: Action[Partition] = Action(
    "delete-records",
    "delete its records up to an offset",
    run("delete_records"),
    effect=Effect.DESTROY,
    when=_no_records,
    asks=_records,
    help="for every consumer, on all replicas; groups that stand before it go on at the new beginning",
)
