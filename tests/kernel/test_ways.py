"""Under which names a machine can join."""

from __future__ import annotations

import pytest

from console.ways import REPLACED, WAYS, wrong_name


@pytest.mark.parametrize("name", ["node9", "k8s-node1", "9", "node1.example.org", "a" * 63])
def test_names_of_nodes(name: str) -> None:
    assert wrong_name(name) == ""


@pytest.mark.parametrize(
    "name", ["", "Node9", "node_9", "-node", "node-", "a" * 64, "a..b", ".a", "a b", "knöt", ".".join(["a" * 60] * 5)]
)
def test_what_is_no_name_says_what_one_is(name: str) -> None:
    assert wrong_name(name).startswith(f"`{name}` is no name of a node: small letters")


def test_the_way_with_another_name_is_one_of_the_ways() -> None:
    assert REPLACED in WAYS
