"""Several lists as one table: complete when all parts are, each part dropping only its own rows."""

from __future__ import annotations

from console.model import InstanceId, SourceState
from console.plugin import Table
from console.rows import Rows
from console.store import Store
from plugins.kubernetes.merging import Merged, Merging
from tests.clock import FakeClock

Row = tuple[str, int]


def merged() -> tuple[Rows[Row], Merged[Row]]:
    table: Table[Row] = Table("t", lambda row: row[0])
    rows = Store(FakeClock()).rows(InstanceId("s", "i"), table)
    return rows, Merged(rows, table.key, 2)


def test_the_table_is_complete_when_every_part_is() -> None:
    rows, both = merged()
    first, second = both.parts
    first.begin()
    first.add([("a", 1)])
    first.end()
    assert not rows.snapshot.complete
    second.absent()
    assert rows.snapshot.complete
    assert rows.live == {"a": ("a", 1)}


def test_a_part_that_is_listed_again_drops_only_its_own_rows() -> None:
    rows, both = merged()
    first, second = both.parts
    for part, keys in ((first, "ab"), (second, "cd")):
        part.begin()
        part.add([(key, 1) for key in keys])
        part.end()
    first.begin()
    first.add([("b", 2)])
    assert set(rows.live) == {"a", "b", "c", "d"}, "old rows stay until the list is complete"
    first.end()
    assert rows.live == {"b": ("b", 2), "c": ("c", 1), "d": ("d", 1)}


def test_changes_go_through_and_what_is_gone_is_not_dropped_twice() -> None:
    rows, both = merged()
    first, second = both.parts
    first.absent()
    second.absent()
    first.change([("a", 1)], ["zz"])
    first.change(gone=["a"])
    second.change([("a", 2)])
    first.begin()
    first.end()
    assert rows.live == {"a": ("a", 2)}


def test_notes_of_the_parts_are_joined_and_go_when_they_do() -> None:
    rows, both = merged()
    first, second = both.parts
    first.note("one is odd")
    second.note("two as well")
    assert rows.snapshot.note == "one is odd; two as well"
    first.note("")
    second.note("")
    assert rows.snapshot.note == ""


def test_one_forbidden_part_degrades_the_table_and_all_of_them_forbid_it() -> None:
    rows, both = merged()
    first, second = both.parts
    assert first.forbid("no right to list volumes")
    second.absent()
    assert rows.snapshot.complete
    assert rows.snapshot.state is SourceState.LIVE
    assert rows.snapshot.note == "no right to list volumes"
    assert not second.forbid("no right to list claims")


def test_a_feed_that_is_followed_again_finds_its_parts() -> None:
    rows, _ = merged()
    merging: Merging[Row] = Merging(rows.table.key, 2)
    assert merging.of(rows).parts[0] is merging.of(rows).parts[0]
