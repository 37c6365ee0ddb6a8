"""Ids of messages held against the ledgers of a topic, and what isolation policies say of namespaces."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from console.errors import Refused
from plugins.pulsar.acts.positions import Ledgers, Place, place, there
from plugins.pulsar.panes.spaces import NAMESPACES
from tests.plugins.pulsar.ground import Rows, opened

TWO = b"""{"ledgers":[{"ledgerId":7,"entries":50,"size":900,"offloaded":true},{"ledgerId":9,"entries":0}],
"lastConfirmedEntry":"9:3","cursors":{}}"""
FRESH = TWO.replace(b"9:3", b"9:-1")
EMPTY = b'{"ledgers":[],"lastConfirmedEntry":"-1:-1"}'


@pytest.mark.parametrize("given", ["7:0", " 7:49 ", "9:3"])
def test_messages_that_are_there(given: str) -> None:
    assert str(there(given, msgspec.json.decode(TWO, type=Ledgers), "t")) == given.strip()


@pytest.mark.parametrize(
    ("given", "told", "words", "step"),
    [
        ("8:0", TWO, "t has no ledger 8", "it has 7, 9; look at a message"),
        ("7:50", TWO, "t has no message 7:50", "the last one is 9:3"),
        ("9:4", TWO, "t has no message 9:4", "the last one is 9:3"),
        ("9:0", FRESH, "t has no message 9:0", "the last one is 9:-1"),
        ("0:0", EMPTY, "t has no ledger 0", "it has none"),
    ],
)
def test_messages_that_are_not_there(given: str, told: bytes, words: str, step: str) -> None:
    with pytest.raises(Refused, match=words) as caught:
        there(given, msgspec.json.decode(told, type=Ledgers), "t")
    assert step in caught.value.next_step


def test_an_open_ledger_without_messages_hides_none_of_the_one_before() -> None:
    assert there("7:49", msgspec.json.decode(FRESH, type=Ledgers), "t") == Place(7, 49)


@pytest.mark.parametrize(
    "given", ["", "7", "7:", ":7", "7:x", "7:-1", "-1:-1", "7:1:0", "(7,1,-1,0)", "7;1", "٧:١", "9" * 19 + ":1"]
)
def test_what_is_no_id(given: str) -> None:
    with pytest.raises(Refused, match="is no id of a message"):
        place(given)


async def test_namespaces_say_by_which_policies_they_are_kept_on_brokers(tmp_path: Path) -> None:
    async with opened(tmp_path) as (served, client):
        policy = {"parameters": {"min_limit": "2", "usage_threshold": "80"}, "policy_type": "min_available"}
        served.world.isolation = {
            "fast": {
                "namespaces": ["shop/.*"],
                "primary": ["broker-0.*"],
                "secondary": ["broker-1.*"],
                "auto_failover_policy": policy,
            },
            "broken": {"namespaces": ["(", "shop/ord"], "primary": ["x"]},
        }
        rows = {row.name: row for row in await client.namespaces()}
        column = next(one for one in NAMESPACES.columns if one.title == "ISOLATION")
        assert {name: column.value(row) for name, row in rows.items() if column.value(row)} == {
            "shop/orders": "fast",
            "shop/critical": "fast",
        }
        kept = next(one for one in NAMESPACES.describe(rows["shop/orders"], Rows({})) if one.title == "kept on brokers")
        assert [(name, cell.text) for name, cell in kept.lines] == [("fast", "broker-0.*, at least 2; else broker-1.*")]
        assert sum("namespaceIsolationPolicies" in one for one in served.world.requests) == 1, "one answer for all"


async def test_an_answer_of_another_form_does_not_say_that_there_is_no_policy(tmp_path: Path) -> None:
    async with opened(tmp_path) as (served, client):
        served.world.isolation = {"odd": ["not", "a", "policy"]}
        row = next(one for one in await client.namespaces() if one.name == "shop/orders")
        assert row.isolation is None
        assert row.policies is not None, "the rest is shown"
        kept = next(one for one in NAMESPACES.describe(row, Rows({})) if one.title == "kept on brokers")
        assert [cell.text for _, cell in kept.lines] == ["could not be asked"]
