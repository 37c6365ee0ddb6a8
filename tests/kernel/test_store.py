"""Rows, deltas, indexes, joins: what is published equals what was fed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.model import Delta, Snapshot, SourceState
from console.rows import IDLE
from console.store import PUBLISH_EVERY, Store
from tests.clock import FakeClock
from tests.dummy import BY_NODE, EAST, NODES, SHELVES, SOURCES, WIDGETS, Shelf, Widget


def test_a_list_and_a_change_publish_exactly_what_is_different() -> None:
    store = Store()
    rows = store.rows(EAST, WIDGETS)
    seen: list[tuple[Snapshot[Widget], Delta]] = []
    rows.subscribers.append(lambda snapshot, delta: seen.append((snapshot, delta)))
    rows.begin()
    rows.add([Widget("a", "n1"), Widget("b", "n1")])
    rows.publish()
    assert seen[-1][1] == Delta(added=frozenset("ab"))
    assert seen[-1][0].state is SourceState.LOADING
    rows.end()
    rows.publish()
    assert seen[-1][0].state is SourceState.LIVE
    assert not seen[-1][1]
    rows.change([Widget("a", "n1"), Widget("b", "n2")], gone=["nobody"])
    rows.publish()
    assert seen[-1][1] == Delta(changed=frozenset("b"))
    count = len(seen)
    rows.change([Widget("b", "n2")])
    rows.publish()
    assert len(seen) == count, "nothing changed, so nothing is published"


def test_a_new_list_drops_what_it_does_not_name_and_keeps_old_rows_until_its_end() -> None:
    store = Store()
    rows = store.rows(EAST, WIDGETS)
    rows.begin()
    rows.add([Widget("a", "n1"), Widget("b", "n1")])
    rows.end()
    rows.publish()
    rows.begin()
    rows.add([Widget("b", "n1")])
    assert set(rows.live) == {"a", "b"}
    rows.end()
    rows.publish()
    assert set(rows.snapshot.rows) == {"b"}


def test_a_failure_keeps_rows_and_says_since_when() -> None:
    store = Store()
    rows = store.rows(EAST, WIDGETS)
    rows.begin()
    rows.add([Widget("a", "n1")])
    rows.end()
    rows.publish()
    rows.failed(SourceState.STALE, "no route")
    rows.publish()
    since = rows.snapshot.since
    rows.failed(SourceState.STALE, "refused")
    rows.publish()
    assert (rows.snapshot.state, rows.snapshot.error, rows.snapshot.since) == (SourceState.STALE, "refused", since)
    assert set(rows.snapshot.rows) == {"a"}
    rows.heard()
    rows.publish()
    assert (rows.snapshot.state, rows.snapshot.error) == (SourceState.LIVE, "")


def drive(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that only ever yields to the loop."""
    with contextlib.suppress(StopIteration):
        while True:
            work.send(None)


changes = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from(["n1", "n2", "n3", None]), st.booleans()), max_size=40
)


@given(changes)
def test_snapshot_index_and_deltas_follow_any_sequence(sequence: list[tuple[str, str | None, bool]]) -> None:
    store = Store()
    rows = store.rows(EAST, WIDGETS)
    replica: dict[str, Widget] = {}

    def apply(snapshot: Snapshot[Widget], delta: Delta) -> None:
        for key in delta.removed:
            del replica[key]
        for key in delta.added:
            assert key not in replica
            replica[key] = snapshot.rows[key]
        for key in delta.changed:
            assert replica[key] != snapshot.rows[key] or key in snapshot.rows
            replica[key] = snapshot.rows[key]

    rows.subscribers.append(apply)
    truth: dict[str, Widget] = {}
    rows.by(BY_NODE, "n1")
    for name, node, publish in sequence:
        if node is None:
            truth.pop(name, None)
            rows.change(gone=[name])
        else:
            truth[name] = Widget(name, node)
            rows.change([truth[name]])
        if publish:
            rows.publish()
    rows.publish()
    assert replica == truth == dict(rows.snapshot.rows)
    for node in ("n1", "n2", "n3"):
        assert {w.name for w in rows.by(BY_NODE, node)} == {w.name for w in truth.values() if w.node == node}
    assert not store.fence.breakages


@given(changes)
def test_a_join_equals_its_build_over_the_final_rows(sequence: list[tuple[str, str | None, bool]]) -> None:
    store = Store()
    widgets, nodes = store.rows(EAST, WIDGETS), store.rows(EAST, NODES)
    store.attach(EAST, SOURCES[2])
    nodes.begin()
    nodes.add(["n1", "n2"])
    nodes.end()
    for name, node, publish in sequence:
        if node is None:
            widgets.change(gone=[name])
        else:
            widgets.change([Widget(name, node, broken=name == "a")])
        if publish:
            drive(store.publish())
    drive(store.publish())
    for node in ("n1", "n2"):
        found = [w for w in widgets.live.values() if w.node == node]
        wanted = Shelf(node, len(found), sum(w.broken for w in found))
        assert store.rows(EAST, SHELVES).live[node] == wanted


async def test_a_join_is_complete_when_its_inputs_are_and_names_what_is_missing() -> None:
    store = Store()
    store.attach(EAST, SOURCES[2])
    shelves, nodes, widgets = store.rows(EAST, SHELVES), store.rows(EAST, NODES), store.rows(EAST, WIDGETS)
    nodes.begin()
    nodes.add(["n1"])
    nodes.end()
    await store.publish()
    assert set(shelves.live) == {"n1"}
    assert not shelves.snapshot.complete
    widgets.begin()
    widgets.end()
    await store.publish()
    assert shelves.snapshot.complete
    widgets.failed(SourceState.STALE, "no route")
    await store.publish()
    assert shelves.snapshot.note == "without widgets: no route"
    nodes.failed(SourceState.STALE, "gone")
    await store.publish()
    assert shelves.snapshot.state is SourceState.STALE


async def test_a_raising_subscriber_is_named_and_the_next_one_still_hears() -> None:
    store = Store()
    rows = store.rows(EAST, WIDGETS)
    heard: list[Delta] = []

    def bad(_snapshot: Snapshot[Widget], _delta: Delta) -> None:
        raise ValueError("oops")

    rows.subscribers.extend([bad, lambda _snapshot, delta: heard.append(delta)])
    rows.change([Widget("a", "n1")])
    await store.publish()
    assert heard == [Delta(added=frozenset("a"))]
    assert [b.what for b in store.fence.breakages.values()] == ["ValueError: oops"]


async def test_ready_waits_for_whole_lists_and_names_failures() -> None:
    store = Store()
    rows = store.rows(EAST, WIDGETS)
    pump = asyncio.create_task(store.pump())
    waiting = asyncio.create_task(store.ready(EAST, [WIDGETS], 5.0))
    rows.begin()
    rows.add([Widget("a", "n1")])
    await store.changed()
    assert not waiting.done()
    rows.end()
    assert await waiting == []
    rows.failed(SourceState.FORBIDDEN, "no right")
    assert await store.ready(EAST, [WIDGETS], 5.0) == ["widgets: no right"]
    rows.failed(SourceState.STALE, IDLE)
    again = asyncio.create_task(store.ready(EAST, [WIDGETS], 5.0))
    await store.changed()
    assert not again.done(), "they are wanted now, and being read"
    rows.begin()
    rows.add([Widget("a", "n1")])
    rows.end()
    assert await again == []
    pump.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pump


async def test_the_first_rows_of_a_list_and_its_end_wait_for_no_round() -> None:
    clock = FakeClock()
    store = Store(clock)
    rows = store.rows(EAST, WIDGETS)
    pump = asyncio.create_task(store.pump())
    await clock.settle()
    rows.heard()
    await clock.settle()  # a round was just now, and the next one is due in a while
    rows.begin()
    rows.add([Widget("a", "n1")])
    await clock.settle()
    assert set(rows.snapshot.rows) == {"a"}
    rows.add([Widget("b", "n1")])
    await clock.settle()
    assert set(rows.snapshot.rows) == {"a"}, "more rows come in rounds"
    rows.end()
    await clock.settle()
    assert (rows.snapshot.state, set(rows.snapshot.rows)) == (SourceState.LIVE, {"a", "b"})
    rows.change([Widget("c", "n1")])
    await clock.settle()
    assert "c" not in rows.snapshot.rows, "and so do changes"
    await clock.advance(PUBLISH_EVERY)
    assert "c" in rows.snapshot.rows
    pump.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pump
