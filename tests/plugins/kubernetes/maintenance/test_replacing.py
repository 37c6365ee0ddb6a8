"""The steps of a rejoin by a token, each for itself: what they wait for, what they refuse, and what they put back."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

import pytest

from console.errors import ConsoleError, NotFound
from console.model import Answer
from console.plugin import Effect, Target
from console.workflow.steps import Done, Go, Phase, Step, Stop, Wait
from plugins.kubernetes.maintenance import HOOKS
from plugins.kubernetes.maintenance.identity import held, restoring
from plugins.kubernetes.maintenance.minting import token_of
from plugins.kubernetes.maintenance.ways import EMPTY_DISKS, FREE_VOLUMES, NOT_DRAINED
from plugins.kubernetes.model import marks
from plugins.kubernetes.model.tokens import Token
from tests.plugins.kubernetes.maintenance.bench import NOW, Server, ctx, kind, steps, target
from tests.plugins.kubernetes.rows import World, node, replica

REQUESTS = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
AFFINITY = {
    "required": {
        "nodeSelectorTerms": [
            {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": ["n1"]}]}
        ]
    }
}


def local_volume(name: str, phase: str = "Bound") -> dict[str, Any]:
    claim = {"namespace": "ns", "name": f"claim-{name}", "uid": "gone"}
    spec = {"local": {"path": f"/data/{name}"}, "nodeAffinity": AFFINITY, "claimRef": claim}
    return {"metadata": {"name": name, "uid": f"uid-{name}"}, "spec": spec, "status": {"phase": phase}}


@dataclass
class TokenShelf:
    """The tokens that a server has: id to description and secret half."""

    held: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    deleted: list[str] = field(default_factory=list[str])

    async def read(self, token: str) -> tuple[Token, str]:
        if token not in self.held:
            raise NotFound("not there")
        description, secret = self.held[token]
        return Token(token, f"uid-{token}", NOW, NOW + 60, (), (), description), secret

    async def create_as(self, token: str, expires: float, description: str) -> tuple[Token, str]:
        assert expires > NOW
        self.held[token] = (description, "0123456789abcdef")
        return await self.read(token)

    async def delete(self, token: str, *, uid: str) -> None:
        assert uid == f"uid-{token}"
        del self.held[token]
        self.deleted.append(token)


@dataclass
class Cluster(Server):
    """The bench's server, with tokens."""

    tokens: TokenShelf = field(default_factory=TokenShelf)


def world(*more: dict[str, Any], ready: str = "Unknown") -> World:
    made = World().put("nodes", node("n1", ready=ready), node("n2"))
    return made.put("persistentvolumes", *more) if more else made


def of(made: World, wanted: str, **options: Any) -> Step:
    return next(step for step in steps(made, run="rejoin", **{"way": "reset", **options}) if step.kind == wanted)


def test_the_order_of_the_steps_and_that_one_of_them_destroys() -> None:
    found = steps(world(), run="rejoin", way="reset")
    assert [step.kind for step in found] == [
        *("silent", "delete", "token", "join", "identity", "network", "ready", "revoke", "fits", "uncordon", "whole")
    ]
    assert [step.kind for step in found if step.effect is Effect.DESTROY] == ["delete"]
    assert all(later.after == (before.id,) for before, later in itertools.pairwise(found))
    assert [step.phase for step in found] == sorted(step.phase for step in found)
    assert found[-2].phase is Phase.UNCORDON
    assert [step.kind for step in steps(world(), run="rejoin")] == ["ready", "uncordon", "whole"]


def test_what_it_meets_is_said_and_losses_are_decisions() -> None:
    made = world(local_volume("zk", "Released")).put("pods", replica("web"))
    found = HOOKS.verdict(made.facts, target(run="rejoin", way="reimaged"))
    assert {reason.decision for reason in found.decisions} == {NOT_DRAINED, EMPTY_DISKS}
    assert f"--decide {FREE_VOLUMES}" in " ".join(reason.text for reason in found.reasons)
    kept = HOOKS.verdict(made.facts, target(run="rejoin", way="reset"))
    assert {reason.decision for reason in kept.decisions} == {NOT_DRAINED}
    taken = HOOKS.verdict(made.facts, target(run="rejoin", way="replaced", new_name="n2"))
    assert taken.answer is Answer.NO


def test_a_released_volume_is_freed_only_by_a_decision() -> None:
    made = world(local_volume("zk", "Released"), local_volume("bk"))
    decided = Target("rejoin", target().nodes, {"way": "reset"}, frozenset({FREE_VOLUMES}))
    assert [step.params["volume"] for step in HOOKS.steps(made.facts, decided) if step.kind == "free"] == ["zk"]
    assert not [step for step in steps(made, run="rejoin", way="reset") if step.kind == "free"]


async def test_a_node_whose_kubelet_is_at_work_is_not_deleted() -> None:
    made = world(ready="True")
    silent = await kind(of(made, "silent")).until(ctx(made, Cluster(), of(made, "silent")))
    assert isinstance(silent, Wait)
    assert "systemctl stop kubelet" in silent.reason
    assert isinstance(await kind(of(made, "delete")).guard(ctx(made, Cluster(), of(made, "delete"))), Wait)
    step = of(made, "delete")
    made.put("nodes", node("n1", ready="Unknown"), node("n2"))
    assert await kind(step).guard(ctx(made, Cluster(), step)) == Go()


async def test_a_token_is_this_run_s_own_and_a_repeated_request_meets_itself() -> None:
    made, server = world(), Cluster()
    step = of(made, "token")
    now = ctx(made, server, step)
    assert "until" in await kind(step).act(now)
    assert list(server.tokens.held) == [token_of(now)]
    secret = server.tokens.held[token_of(now)][1]
    said = await kind(step).act(now)
    assert "is there" in said
    assert secret not in said
    assert len(server.tokens.held) == 1
    assert "is deleted" in await kind(step).undo(now)
    assert server.tokens.deleted == [token_of(now)]
    assert "gone already" in await kind(step).undo(now)


async def test_a_token_of_somebody_else_is_not_touched() -> None:
    made, server = world(), Cluster()
    step = of(made, "token")
    now = ctx(made, server, step)
    server.tokens.held[token_of(now)] = ("the default token", "fedcba9876543210")
    for call in (kind(step).act, kind(step).undo):
        with pytest.raises(ConsoleError, match="somebody else's"):
            await call(now)
    assert token_of(now) in server.tokens.held


def request(token: str, **status: Any) -> dict[str, Any]:
    meta = {"name": "csr-1", "creationTimestamp": "2026-01-01T00:00:00Z"}
    return {"metadata": meta, "spec": {"username": f"system:bootstrap:{token}"}, "status": status}


APPROVED = {"type": "Approved", "status": "True"}
DENIED = {"type": "Denied", "status": "True", "message": "not mine"}


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (None, "has not asked to join yet"),
        ({}, "waits to be approved"),
        ({"conditions": [APPROVED]}, "waits for its certificate"),
        ({"conditions": [APPROVED], "certificate": "x"}, "waits for its Node to appear"),
        ({"conditions": [DENIED]}, "was denied: not mine"),
    ],
)
async def test_the_join_is_followed_from_the_request_on(status: dict[str, Any] | None, words: str) -> None:
    made, server = world(), Cluster()
    step = of(made, "join")
    now = ctx(made, server, step)
    server.tokens.held[token_of(now)] = (f"pilothouse run {now.run} for n1", "0123456789abcdef")
    others = [request("zzzzzz", conditions=[DENIED])]
    server.has(REQUESTS, {"items": others + ([] if status is None else [request(token_of(now), **status)])})
    found = await kind(step).until(now)
    assert isinstance(found, Wait | Stop)
    assert words in found.reason
    assert isinstance(found, Stop) is (words == "was denied: not mine")
    assert "0123456789abcdef" not in found.reason


async def test_a_token_that_is_gone_is_a_question_and_a_new_node_an_end() -> None:
    made, server = world(), Cluster()
    step = of(made, "join")
    server.has(REQUESTS, {"items": []})
    found = await kind(step).until(ctx(made, server, step))
    assert isinstance(found, Stop)
    assert "has ended before n1 joined" in found.reason
    fresh = node("n1", ready="False")
    fresh["metadata"]["uid"] = "another"
    made.put("nodes", fresh, node("n2"))
    assert isinstance(await kind(step).until(ctx(made, server, step)), Done)
    assert isinstance(await kind(step).guard(ctx(made, server, step)), Done)


OLD = {
    "labels": {"kubernetes.io/hostname": "n1", "pool": "a", "kubernetes.io/arch": "amd64", "zone": "z1"},
    "annotations": {"rack": "r7", "projectcalico.org/IPv4Address": "10.0.0.1/24", marks.RUN: "d-1"},
    "taints": [
        {"key": "dedicated", "value": "x", "effect": "NoSchedule"},
        {"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"},
    ],
    "unschedulable": True,
}


def test_the_new_node_gets_what_people_gave_and_keeps_what_the_machine_says() -> None:
    fresh = node("n1")
    fresh["metadata"] |= {"resourceVersion": "9", "annotations": {}}
    fresh["metadata"]["labels"]["zone"] = "z2"
    fresh["spec"]["taints"] = [{"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}]
    patch = restoring(fresh, held(OLD), {marks.RUN: "r-2"})
    assert patch["metadata"]["labels"] == {"pool": "a"}, "what the new one says otherwise is left"
    assert patch["metadata"]["annotations"] == {"rack": "r7", marks.RUN: "d-1"}
    assert (patch["metadata"]["uid"], patch["metadata"]["resourceVersion"]) == ("uid-n1", "9")
    assert patch["spec"]["unschedulable"] is True
    assert [one["key"] for one in patch["spec"]["taints"]] == ["node.kubernetes.io/not-ready", "dedicated"]
    assert held(None).known is False


async def test_without_a_memory_a_person_is_asked() -> None:
    made = world()
    step = of(made, "identity")
    found = await kind(step).guard(ctx(made, Cluster(), step))
    assert isinstance(found, Stop)
    assert "nobody remembers" in found.reason
    earlier = {"kubernetes/cordon/n1": OLD}
    assert await kind(step).guard(ctx(made, Cluster(), step, earlier=earlier)) == Go()


async def test_a_hostname_that_no_volume_asks_for_is_not_let_through() -> None:
    other = node("n9")
    other["metadata"]["labels"] = {"kubernetes.io/hostname": "n9"}
    made = world(local_volume("zk")).put("nodes", node("n2"), other)
    step = of(world(local_volume("zk")), "fits", way="replaced", new_name="n9")
    server = Cluster({"/api/v1/persistentvolumes/zk": local_volume("zk"), "/api/v1/nodes/n9": other})
    found = await kind(step).until(ctx(made, server, step))
    assert isinstance(found, Stop)
    assert "kubernetes.io/hostname=n9, but zk ask for n1" in found.reason
    text = await kind(step).instructions(ctx(made, server, step))
    assert "name: zk-n9" in text
    same = of(world(local_volume("zk")), "fits")
    fits = await kind(same).until(ctx(world(local_volume("zk")), server, same))
    assert isinstance(fits, Done)
    assert "/data/zk" in fits.evidence


async def test_a_volume_is_freed_only_while_it_is_as_it_was_shown() -> None:
    made = world(local_volume("zk", "Released"))
    decided = Target("rejoin", target().nodes, {"way": "reset"}, frozenset({FREE_VOLUMES}))
    step = next(step for step in HOOKS.steps(made.facts, decided) if step.kind == "free")
    path = "/api/v1/persistentvolumes/zk"
    server = Cluster({path: local_volume("zk", "Released")})
    memory = await kind(step).remember(ctx(made, server, step))
    assert await kind(step).act(ctx(made, server, step)) == "no longer tied to ns/claim-zk"
    assert server.patches[-1][1]["spec"] == {"claimRef": None}
    rebound = local_volume("zk")
    rebound["spec"]["claimRef"] = {"namespace": "ns", "name": "other", "uid": "new"}
    server.has(path, rebound)
    assert "another claim" in await kind(step).act(ctx(made, server, step))
    assert "bound again" in await kind(step).undo(ctx(made, server, step, memory=memory))
    assert len(server.patches) == 1
    free = local_volume("zk", "Available")
    del free["spec"]["claimRef"]
    server.has(path, free)
    assert "again" in await kind(step).undo(ctx(made, server, step, memory=memory))
    assert server.patches[-1][1]["spec"]["claimRef"]["uid"] == "gone"
