"""The table of rights: every role has some, and a right everywhere is one in each namespace."""

from __future__ import annotations

from console.plugin import Right
from console.roles import ROLES
from plugins.kubernetes.model import needs

SHARED = "pilothouse"


def test_every_role_is_known_and_none_repeats_a_right_of_its_own() -> None:
    for role in ROLES:
        rights = needs.of_role(role, SHARED)
        assert rights
        assert len(rights) == len(set(rights))


def test_what_a_run_needs_is_the_operators() -> None:
    granted = needs.of_role("operator", "ours")
    assert all(needs.covers(granted, right) for right in needs.records("ours"))
    assert not needs.covers(granted, Right("create", "configmaps", namespace="theirs"))


def test_a_right_everywhere_covers_a_namespace_and_not_the_other_way_round() -> None:
    everywhere, here = Right("get", "pods"), Right("get", "pods", namespace="ns")
    assert needs.covers([everywhere], here)
    assert not needs.covers([here], everywhere)
    assert not needs.covers([everywhere], Right("get", "pods/log", namespace="ns"))


def test_no_role_but_the_joiner_reads_secrets_and_none_reaches_a_kubelet() -> None:
    for role in ROLES:
        rights = needs.of_role(role, SHARED)
        assert any(right.resource == "secrets" for right in rights) == (role == "joiner")
        assert needs.SUMMARY not in rights
