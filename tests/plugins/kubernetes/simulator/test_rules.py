"""The pure parts: patches, selectors, quantities, the store's history and the clock."""

from __future__ import annotations

from typing import Any

import pytest

from plugins.kubernetes.simulator.cells import human
from plugins.kubernetes.simulator.clock import LiveClock, ManualClock
from plugins.kubernetes.simulator.kinds import CONFIG_MAPS
from plugins.kubernetes.simulator.patches import json_patch, merge, strategic
from plugins.kubernetes.simulator.quantity import quantity, requests
from plugins.kubernetes.simulator.selectors import label_test, object_test
from plugins.kubernetes.simulator.status import ApiError
from plugins.kubernetes.simulator.store import Change, Store

OLD: dict[str, Any] = {
    "a": {"b": 1, "c": 2},
    "conditions": [{"type": "x", "status": "1"}, {"type": "y", "status": "1"}],
}


@pytest.mark.parametrize(
    ("patch", "result"),
    [
        ({"a": {"b": None}}, {"a": {"c": 2}}),
        ({"a": None}, {}),
        ({"a": {"$patch": "replace", "z": 1}}, {"a": {"z": 1}}),
        (
            {"conditions": [{"type": "y", "status": "2"}]},
            {"conditions": [OLD["conditions"][0], {"type": "y", "status": "2"}]},
        ),
        ({"conditions": [{"type": "x", "$patch": "delete"}]}, {"conditions": [OLD["conditions"][1]]}),
        ({"taints": [{"key": "k"}]}, {"taints": [{"key": "k"}]}),
        ({"conditions": [{"$patch": "replace"}, {"type": "z"}]}, {"conditions": [{"type": "z"}]}),
    ],
)
def test_strategic_merge(patch: dict[str, Any], result: dict[str, Any]) -> None:
    made = strategic(OLD, patch)
    assert {key: made.get(key) for key in result} == result
    assert "a" in made or patch == {"a": None}


def test_merge_replaces_lists_whole() -> None:
    assert merge(OLD, {"conditions": [1]})["conditions"] == [1]


@pytest.mark.parametrize(
    ("operations", "result"),
    [
        ([{"op": "add", "path": "/l/1", "value": "x"}], ["a", "x", "b"]),
        ([{"op": "add", "path": "/l/-", "value": "x"}], ["a", "b", "x"]),
        ([{"op": "remove", "path": "/l/0"}], ["b"]),
        ([{"op": "move", "from": "/l/0", "path": "/l/1"}], ["b", "a"]),
        ([{"op": "replace", "path": "/l/1", "value": "z"}], ["a", "z"]),
    ],
)
def test_json_patch_on_lists(operations: list[dict[str, Any]], result: list[str]) -> None:
    assert json_patch({"l": ["a", "b"]}, operations) == {"l": result}


def test_json_patch_refuses_what_is_not_there() -> None:
    with pytest.raises(ApiError) as refused:
        json_patch({"l": []}, [{"op": "replace", "path": "/m", "value": 1}])
    assert refused.value.code == 422


@pytest.mark.parametrize(
    ("text", "labels", "matches"),
    [
        ("a", {"a": ""}, True),
        ("!a", {"a": ""}, False),
        ("a notin (x, y)", {}, True),
        ("a notin (x, y)", {"a": "y"}, False),
        ("a==1,b!=2", {"a": "1", "b": "3"}, True),
    ],
)
def test_label_selectors(text: str, labels: dict[str, str], matches: bool) -> None:  # noqa: FBT001
    assert label_test(text)(labels) is matches


def test_an_empty_selector_matches_all_and_none_nothing() -> None:
    assert object_test({})({"a": "1"}) is True
    assert object_test(None)({"a": "1"}) is False


@pytest.mark.parametrize(
    ("text", "number"), [("250m", 0.25), ("1Gi", 2**30), ("2", 2.0), ("1e3", 1000.0), ("128974848", 128974848.0)]
)
def test_quantities(text: str, number: float) -> None:
    assert quantity(text) == number


def test_an_init_container_counts_where_it_asks_for_more() -> None:
    def box(cpu: str) -> dict[str, Any]:
        return {"resources": {"requests": {"cpu": cpu}}}

    assert requests({"containers": [box("100m"), box("100m")], "initContainers": [box("1")]}) == {"cpu": 1.0}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (5, "5s"),
        (119, "119s"),
        (125, "2m5s"),
        (600, "10m"),
        (11_000, "3h3m"),
        (30_000, "8h"),
        (200_000, "2d7h"),
        (864_000, "10d"),
    ],
)
def test_ages_as_the_server_writes_them(seconds: float, text: str) -> None:
    assert human(seconds) == text


def body(value: str) -> dict[str, Any]:
    return {"metadata": {"name": "a", "uid": "u"}, "data": {"v": value}}


def test_the_store_gives_the_past_while_its_history_lasts() -> None:
    store, told = Store(), list[Change]()
    store.listen(told.append, CONFIG_MAPS)
    first = store.put(CONFIG_MAPS, "n/a", body("1"))
    store.put(CONFIG_MAPS, "n/a", body("2"))
    store.remove(CONFIG_MAPS, "n/a")
    assert [change.type for change in told] == ["ADDED", "MODIFIED", "DELETED"]
    assert store.at_version(CONFIG_MAPS, first.version) == {"n/a": first}
    assert store.get(CONFIG_MAPS, "n/a") is None
    store.forget_history()
    with pytest.raises(ValueError, match="dropped"):
        store.at_version(CONFIG_MAPS, first.version)


def test_a_manual_clock_runs_what_is_due_in_order_at_its_own_time() -> None:
    clock, seen = ManualClock(0), list[tuple[str, float]]()
    clock.after(2, lambda: seen.append(("b", clock.now())))

    def then() -> None:
        clock.after(0.5, lambda: seen.append(("a", clock.now())))

    clock.after(1, then)
    clock.after(3, lambda: seen.append(("never", 0))).cancel()
    clock.advance(10)
    assert seen == [("a", 1.5), ("b", 2.0)]
    assert clock.now() == 10


async def test_a_live_clock_holds_one_timer_and_sleeps_in_its_own_time() -> None:
    clock = LiveClock(speed=1000)
    before = clock.now()
    await clock.sleep(2)
    assert clock.now() - before >= 2
    clock.after(1000, lambda: None)
    clock.close()
    assert clock.next_due() is None
