from __future__ import annotations

import gc
import sys
from typing import Any

import msgspec
import pytest

from plugins.kubernetes.model.pods import Pod
from plugins.kubernetes.model.wire import Row
from tests.plugins.kubernetes.rows import member, pod, recorded, replica, row, using


def _own_bytes(made: Pod) -> int:
    """What a pod takes beyond what it shares with others of its template, its namespace and its node."""
    own = [made.name, made.uid, made.ip, made.created, made.ready_since, made.claims, *made.claims]
    return sys.getsizeof(made) + sum(sys.getsizeof(part) for part in own)


def test_a_pod_takes_less_than_a_kilobyte_of_its_own_and_shares_the_rest() -> None:
    first, second = row("pods", replica("web-1")), row("pods", replica("web-2"))
    assert _own_bytes(first) < 1000
    assert first.shape is second.shape
    assert first.state is second.state
    assert first.labels is second.labels
    assert first.owner is second.owner
    assert first.node is second.node
    assert first.namespace is second.namespace


def test_rows_are_frozen_and_not_tracked_by_the_garbage_collector() -> None:
    made = row("pods", replica("web-1"))
    assert not gc.is_tracked(made)
    with pytest.raises(AttributeError):
        made.node = "n2"


def test_every_recorded_pod_becomes_a_row_that_names_what_the_api_says() -> None:
    things = recorded("pods")
    rows = [row("pods", thing) for thing in things]
    assert {one.key for one in rows} == {f"{t['metadata']['namespace']}/{t['metadata']['name']}" for t in things}
    for one, thing in zip(rows, things, strict=True):
        assert one.node == thing["spec"].get("nodeName", "")
        assert one.uid == thing["metadata"]["uid"]
        assert one.ip == thing["status"].get("podIP", "")
        assert dict(one.labels) == thing["metadata"].get("labels", {})
        assert one.shape.total == len(thing["spec"]["containers"])


def test_an_owner_behind_a_replica_set_is_its_deployment() -> None:
    made = row("pods", replica("web-1"))
    assert (made.workload.kind, made.workload.name) == ("Deployment", "web")
    bare = row("pods", pod("x", owner="ReplicaSet/bare"))
    assert (bare.workload.kind, bare.workload.name) == ("ReplicaSet", "bare")
    assert row("pods", pod("alone")).workload is None


def test_pods_of_one_owner_share_only_what_is_equal() -> None:
    """Its template may have changed between two pods, and a webhook may have changed one of them."""

    def made(name: str, image: str, labels: dict[str, str]) -> Pod:
        thing = pod(name, spec={"containers": [{"name": "main", "image": image}]})
        owner = {"kind": "StatefulSet", "name": "db", "uid": "one-owner", "controller": True}
        thing["metadata"] |= {"labels": labels, "ownerReferences": [owner]}
        found: Pod = row("pods", thing)
        return found

    first, second = made("db-0", "db:1", {"app": "db"}), made("db-1", "db:1", {"app": "db"})
    assert second.shape is first.shape
    assert second.labels is first.labels
    assert second.owner is first.owner
    third = made("db-2", "db:2", {"app": "db", "canary": "yes"})
    assert [one.image for one in third.shape.containers] == ["db:2"]
    assert third.labels == (("app", "db"), ("canary", "yes"))
    assert made("db-3", "db:2", {}).shape is third.shape


def test_ordinals_claims_and_mirrors() -> None:
    made = row("pods", member(12, "n1", spec=using("data-zk-12")))
    assert (made.ordinal, made.claims) == (12, ("data-zk-12",))
    assert row("pods", pod("web-x")).ordinal == -1
    static = row("pods", pod("etcd-n1", meta={"annotations": {"kubernetes.io/config.mirror": "abc", "other": "1"}}))
    assert static.mirror
    assert not made.mirror


def test_an_ephemeral_volume_is_a_claim_named_after_the_pod() -> None:
    spec: dict[str, Any] = {
        "volumes": [{"name": "scratch", "ephemeral": {"volumeClaimTemplate": {}}}, {"name": "t", "emptyDir": {}}]
    }
    made = row("pods", pod("p", spec=spec))
    assert made.claims == ("p-scratch",)
    assert made.empty_dirs == 1


def _requests(cpu: str, **more: object) -> dict[str, object]:
    return {"resources": {"requests": {"cpu": cpu, "memory": "1Gi"}}, "name": f"c{cpu}", **more}


@pytest.mark.parametrize(
    ("spec", "cpu"),
    [
        ({"containers": [_requests("100m"), _requests("200m")]}, 300),
        ({"containers": [_requests("100m")], "initContainers": [_requests("1")]}, 1000),
        ({"containers": [_requests("900m")], "initContainers": [_requests("300m", restartPolicy="Always")]}, 1200),
        (
            {
                "containers": [_requests("100m")],
                "initContainers": [_requests("300m", restartPolicy="Always"), _requests("1")],
            },
            1300,
        ),
        ({"containers": [_requests("100m")], "overhead": {"cpu": "50m"}}, 150),
        ({"containers": [_requests("100m")], "resources": {"requests": {"cpu": "2"}}}, 2000),
        ({"containers": [{"name": "bare"}]}, 0),
    ],
)
def test_requests_are_those_that_the_scheduler_counts(spec: dict[str, object], cpu: int) -> None:
    assert row("pods", pod("p", spec=spec)).shape.cpu == cpu


def test_foreign_text_is_cleaned_where_it_enters() -> None:
    evil = "a\x1b]52;c;x\x07b\u202e"
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": evil}
    made = row(
        "pods", pod(evil, evil, status={"phase": evil, "conditions": [condition]}, meta={"labels": {evil: evil}})
    )
    texts = [made.name, made.node, made.phase, made.message, made.status, *(t for pair in made.labels for t in pair)]
    assert all(text.isprintable() for text in texts)
    assert made.unschedulable


def test_a_name_of_ten_thousand_characters_is_cut() -> None:
    assert len(row("pods", pod("x" * 10_000)).name) <= 512


def test_a_pod_whose_quantity_is_none_is_refused_not_guessed() -> None:
    spec = {"containers": [{"name": "a", "resources": {"requests": {"cpu": "lots"}}}]}
    with pytest.raises(ValueError, match="not a quantity"):
        row("pods", pod("p", spec=spec))


def test_rows_hold_only_rows_texts_and_numbers() -> None:
    made = row("pods", member(0, "n1", spec=using("data")))
    for field in msgspec.structs.fields(Pod):
        value = getattr(made, field.name)
        assert isinstance(value, Row | str | int | float | tuple | None), field.name
