"""etcd's quorum before a control-plane node goes: asked of etcd itself, and refused where it cannot be read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from console.errors import BadAnswer, Forbidden
from console.workflow.steps import Done, Step, Stop, Wait
from plugins.kubernetes.client import etcd as asking
from plugins.kubernetes.client.channels import Exit
from plugins.kubernetes.model import etcd
from tests.plugins.kubernetes.maintenance.bench import Server, ctx, kind, steps
from tests.plugins.kubernetes.rows import World, node, pod


def listing(*names: str, learner: str = "") -> bytes:
    """As `etcdctl member list -w json` of 3.5 prints it."""
    members = [
        {
            "ID": 9372538179322589801 + number,
            "name": name,
            "peerURLs": [f"https://10.0.0.{number}:2380"],
            "clientURLs": [f"https://10.0.0.{number}:2379"],
            **({"isLearner": True} if name == learner else {}),
        }
        for number, name in enumerate(names)
    ]
    return json.dumps({"header": {"cluster_id": 14841639068965178418}, "members": members}).encode()


def health(*well: bool) -> bytes:
    found = [
        {
            "endpoint": f"https://10.0.0.{number}:2379",
            "health": ok,
            "took": "9ms",
            **({} if ok else {"error": "context deadline exceeded"}),
        }
        for number, ok in enumerate(well)
    ]
    return json.dumps(found).encode()


@pytest.mark.parametrize(
    ("well", "enough", "words"),
    [
        ((True, True, True), True, "2 of 3 voters would be healthy, quorum 2"),
        ((False, True, True), True, "2 of 3 voters would be healthy, quorum 2; not healthy: m1 (context deadline"),
        ((True, False, True), False, "1 of 3 voters would be healthy, quorum 2; not healthy: m2 (context deadline"),
        ((True, True), False, "1 of 3 voters would be healthy, quorum 2; not healthy: m3 (its health is not told)"),
    ],
)
def test_the_arithmetic_without_m1(well: tuple[bool, ...], enough: bool, words: str) -> None:  # noqa: FBT001
    found = etcd.members(listing("m1", "m2", "m3"), health(*well))
    said = etcd.without(found, ["m1"])
    assert said[0] is enough
    assert words in said[1]


def test_a_learner_has_no_vote() -> None:
    found = etcd.members(listing("m1", "m2", "m3", learner="m3"), health(True, True, True))
    assert etcd.without(found, ["m1"]) == (False, "etcd: 1 of 2 voters would be healthy, quorum 2")
    assert etcd.without(found, ["m3"])[0] is True


@pytest.mark.parametrize("listed", [b"", b"[]", b'{"members": []}', b'{"members": 3}', b"\xff"])
def test_what_is_no_list_is_no_quorum(listed: bytes) -> None:
    with pytest.raises(BadAnswer, match="etcdctl"):
        etcd.members(listed, health(True))


@dataclass
class Etcd(Server):
    """A server whose etcd says this, or whose exec fails."""

    says: tuple[etcd.EtcdMember, ...] = ()
    refuses: str = ""
    asked: str = ""

    async def etcd_members(self, pod: str) -> tuple[etcd.EtcdMember, ...]:
        self.asked = pod
        if self.refuses:
            raise Forbidden(self.refuses)
        return self.says


def masters(*names: str) -> World:
    made = World().put("nodes", *(node(name) for name in names))
    static = [
        pod(
            f"etcd-{name}",
            name,
            owner=f"Node/{name}",
            meta={
                "annotations": {"kubernetes.io/config.mirror": "x"},
                "labels": {"component": "etcd"},
                "namespace": "kube-system",
            },
        )
        for name in names
    ]
    return made.put("pods", *static)


def quorum_step(made: World) -> list[Step]:
    return [step for step in steps(made, "m1") if step.kind == "quorum"]


async def test_a_member_that_stays_is_asked_before_the_cordon() -> None:
    made = masters("m1", "m2", "m3")
    (step,) = quorum_step(made)
    order = [one.kind for one in steps(made, "m1")]
    assert order.index("preflight") < order.index("quorum") < order.index("cordon")
    server = Etcd(says=etcd.members(listing("m1", "m2", "m3"), health(True, True, True)))
    found = await kind(step).until(ctx(made, server, step))
    assert found == Done("etcd: 2 of 3 voters would be healthy, quorum 2")
    assert server.asked == "etcd-m2"
    server.says = etcd.members(listing("m1", "m2", "m3"), health(True, True, False))
    assert isinstance(await kind(step).until(ctx(made, server, step)), Wait)
    server.says = etcd.members(listing("old", "m2", "m3"), health(True, True, True))
    assert isinstance(await kind(step).until(ctx(made, server, step)), Stop)


async def test_where_it_cannot_be_read_a_person_is_told_why_and_how() -> None:
    made = masters("m1", "m2", "m3")
    (step,) = quorum_step(made)
    found = await kind(step).until(ctx(made, Etcd(refuses="no right to create pods/exec"), step))
    assert isinstance(found, Stop)
    assert "cannot be read, so nothing is changed: no right to create pods/exec" in found.reason
    assert "etcdctl member list" in found.evidence


def test_workers_and_single_members_have_no_such_step() -> None:
    assert quorum_step(World().put("nodes", node("m1"))) == []
    assert quorum_step(masters("m1")) == []


class Said:
    """A command that ran: what it wrote, and how it ended."""

    def __init__(self, out: bytes, error: bytes, code: int) -> None:
        self._frames = [(False, out), (True, error), (False, b"")]
        self.exit = Exit(code)

    async def read(self) -> tuple[bool, bytes]:
        frame = self._frames.pop(0)
        return frame if frame[1] or not self._frames else self._frames.pop(0)

    async def close(self) -> None: ...


async def test_health_may_end_with_one_and_a_list_may_not() -> None:
    class Pods:
        def __init__(self, *said: Said) -> None:
            self.said = list(said)

        async def exec(self, _namespace: str, _pod: str, _command: Any, *, container: str) -> Said:
            assert container == "etcd"
            return self.said.pop(0)

    listed = Said(listing("m1", "m2"), b"", 0)
    api: Any = Pods(listed, Said(health(True, False), b"Error: unhealthy cluster", 1), Said(b"[]", b"", 1))
    assert [one.healthy for one in await asking.members(api, "etcd-m1")] == [True, False]
    api = Pods(Said(b"", b"Error: context deadline exceeded", 1))
    with pytest.raises(BadAnswer, match="context deadline exceeded"):
        await asking.members(api, "etcd-m1")
