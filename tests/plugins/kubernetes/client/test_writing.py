"""The bodies that we write: the API's own spelling, and what must be in them. A real server takes them in tests/lab."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from plugins.kubernetes.client import writing


def test_an_eviction_is_of_one_pod_and_no_other() -> None:
    body = writing.eviction("mq", "rabbit-0", uid="u1", grace=0)
    assert body["deleteOptions"] == {"gracePeriodSeconds": 0, "preconditions": {"uid": "u1"}}
    assert body["metadata"] == {"name": "rabbit-0", "namespace": "mq"}
    assert "gracePeriodSeconds" not in writing.eviction("mq", "rabbit-0")["deleteOptions"]


@pytest.mark.parametrize(
    ("renewed", "text"), [(1_800_000_000.0, "08:00:00.000001"), (1_800_000_000.25, "08:00:00.250000")]
)
def test_a_lease_has_times_that_the_api_reads(renewed: float, text: str) -> None:
    body = writing.lease("p", "n", holder="h", duration=15, transitions=4, renewed=renewed, version="9")
    assert body["spec"]["renewTime"] == f"2027-01-15T{text}+00:00"
    assert (body["spec"]["leaseTransitions"], body["metadata"]["resourceVersion"]) == (4, "9")


def test_a_join_token_is_a_secret_that_kubeadm_reads() -> None:
    body = writing.bootstrap_token("abcdef", "0123456789abcdef", expires=1_800_000_000.0, description="for node4")
    read = {key: base64.b64decode(value).decode() for key, value in body["data"].items()}
    assert (body["metadata"]["name"], body["type"]) == ("bootstrap-token-abcdef", "bootstrap.kubernetes.io/token")
    assert (read["expiration"], read["usage-bootstrap-signing"]) == ("2027-01-15T08:00:00Z", "true")
    assert read["auth-extra-groups"] == "system:bootstrappers:kubeadm:default-node-token"
    assert "expiration" not in writing.bootstrap_token("abcdef", "0" * 16, expires=None)["data"]


def test_an_event_lives_where_its_object_does() -> None:
    about = {"kind": "Pod", "name": "a", "namespace": "mq", "uid": "u"}
    body = writing.event(about=about, reason="Evicted", note="n" * 2000, at=1_800_000_000.0, instance="h", warning=True)
    assert (body["metadata"], body["type"]) == ({"generateName": "a-", "namespace": "mq"}, "Warning")
    assert len(body["note"]) == 1024
    node = writing.event(about={"kind": "Node", "name": "n"}, reason="R", note="", at=1.0, instance="h")
    assert node["metadata"]["namespace"] == "default"


def test_a_config_map_keeps_its_texts() -> None:
    body = writing.config_map("p", "run", {"events": "a\nb"}, labels={"l": "v"}, version="3")
    assert body["data"] == {"events": "a\nb"}
    assert body["metadata"] == {"name": "run", "namespace": "p", "labels": {"l": "v"}, "resourceVersion": "3"}


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        (writing.cordon_patch(unschedulable=True), {"spec": {"unschedulable": True}}),
        (writing.cordon_patch(unschedulable=False), {"spec": {"unschedulable": None}}),
        (
            writing.cordon_patch(unschedulable=True, version="7", annotations={"by": "me", "old": None}),
            {
                "spec": {"unschedulable": True},
                "metadata": {"resourceVersion": "7", "annotations": {"by": "me", "old": None}},
            },
        ),
        (writing.metadata_patch(labels={"a": None}), {"metadata": {"labels": {"a": None}}}),
    ],
)
def test_patches_hold_only_what_changes(patch: dict[str, Any], expected: dict[str, Any]) -> None:
    assert patch == expected


def test_taints_are_replaced_as_they_were_at_a_version() -> None:
    patch = writing.taints_patch([{"key": "a", "value": "", "effect": "NoSchedule"}], version="5")
    assert patch == {"metadata": {"resourceVersion": "5"}, "spec": {"taints": [{"effect": "NoSchedule", "key": "a"}]}}


def test_a_field_that_the_api_does_not_have_is_refused() -> None:
    with pytest.raises(Exception, match="effect"):
        writing.taints_patch([{"key": "a", "effect": 3}], version="5")  # pyright: ignore[reportArgumentType]


def test_an_access_review() -> None:
    body = writing.access_review("create", "pods", subresource="eviction", namespace="mq")
    attributes = {"namespace": "mq", "resource": "pods", "subresource": "eviction", "verb": "create"}
    assert body["spec"] == {"resourceAttributes": attributes}
