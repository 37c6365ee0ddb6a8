"""One eviction: never of another pod, never against a budget, never hot, and done only when the pod is gone."""

from __future__ import annotations

from typing import Any

import pytest

from console.errors import Permanent, Temporary
from console.workflow.steps import Done, Go, Step, Stop, Wait
from plugins.kubernetes.client.evicting import Eviction, Outcome
from plugins.kubernetes.model import tables
from tests.plugins.kubernetes.maintenance.bench import NOW, Server, ctx, deleted, kind, steps
from tests.plugins.kubernetes.rows import World, budget, member, node, replica, stateful_set

PATH = "/api/v1/namespaces/ns/pods/web-1"


def world(*pods: dict[str, Any]) -> World:
    made = World().put("nodes", node("n1"), node("n2"))
    return made.put("pods", *(pods or (replica("web-1"), replica("web-2", "n2"))))


def eviction(made: World, name: str = "web-1") -> Step:
    return next(step for step in steps(made) if step.params.get("pod") == name)


async def test_a_pod_that_is_there_may_be_asked() -> None:
    made = world()
    step = eviction(made)
    assert await kind(step).guard(ctx(made, Server(), step)) == Go()


async def test_a_pod_that_is_gone_is_done_and_its_replacement_is_named() -> None:
    made = world()
    step = eviction(made)
    made.drop(tables.PODS, "ns/web-1")
    made.put("pods", replica("web-3", "n2", meta={"creationTimestamp": deleted(0)}))
    found = await kind(step).until(ctx(made, Server(), step, started=NOW - 1))
    assert found == Done("gone; web-3 is Running on n2")


async def test_another_pod_of_the_same_name_is_not_the_one() -> None:
    made = world(member(0, "n1"), member(1, "n2"))
    step = eviction(made, "zk-0")
    made.put("pods", member(0, "n2", meta={"uid": "another"}))
    assert isinstance(await kind(step).guard(ctx(made, Server(), step)), Done)


async def test_a_budget_that_allows_nothing_is_waited_for_with_need_have_and_culprit() -> None:
    made = world(replica("web-1"), replica("web-2", "n2", ready=False))
    step = eviction(made)
    made.put("poddisruptionbudgets", budget("web", allowed=0, healthy=1, desired=1, expected=2, app="web"))
    found = await kind(step).guard(ctx(made, Server(), step))
    assert isinstance(found, Wait)
    assert found.reason == "budget ns/web needs 1 healthy, has 1, because web-2 is Running"
    assert found.retry_in >= 5


async def test_two_budgets_on_one_pod_are_asked_about() -> None:
    made = world()
    step = eviction(made)
    made.put("poddisruptionbudgets", *(budget(name, "web", healthy=2, desired=1, allowed=1) for name in ("one", "two")))
    found = await kind(step).guard(ctx(made, Server(), step))
    assert isinstance(found, Stop)
    assert "under two budgets, one and two" in found.reason


async def test_pods_under_one_budget_take_turns_and_everybody_gets_one() -> None:
    names = [f"web-{number}" for number in range(4)]
    made = world(*(replica(name) for name in names))
    made.put("poddisruptionbudgets", budget("web", allowed=1, healthy=4, desired=3, expected=4, app="web"))
    turns: set[str] = set()
    for moment in range(0, 120, 5):
        asked = [step for step in steps(made) if step.kind == "evict"]
        go = [
            str(step.params["pod"])
            for step in asked
            if isinstance(await kind(step).guard(ctx(made, Server(), step, now=NOW + moment)), Go)
        ]
        assert len(go) == 1
        turns.update(go)
    assert turns == set(names)


def there(**meta: Any) -> dict[str, Any]:
    return {"metadata": {"name": "web-1", "uid": "uid-web-1", **meta}, "spec": {"nodeName": "n1"}}


async def test_the_request_names_the_uid_and_the_grace() -> None:
    made, server = world(), Server()
    server.has(PATH, there())
    step = next(step for step in steps(made, grace_period=7) if step.kind == "evict")
    assert await kind(step).act(ctx(made, server, step)) == "evicted"
    assert server.evictions == [("ns", "web-1", "uid-web-1", 7)]


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (None, "gone already"),
        (there(uid="another"), "a new pod has its name"),
        ({**there(), "spec": {"nodeName": "n2"}}, "on another node"),
        (there(deletionTimestamp="2023-11-14T22:13:20Z"), "being deleted already"),
    ],
)
async def test_a_fresh_look_before_the_request_finds_what_changed_and_sends_nothing(found: Any, words: str) -> None:
    made, server = world(), Server()
    if found:
        server.has(PATH, found)
    step = eviction(made)
    assert words in await kind(step).act(ctx(made, server, step))
    assert server.evictions == []


@pytest.mark.parametrize(
    ("answer", "words", "least"),
    [
        (Eviction(Outcome.BUDGET, "", 0.0, "web", 2, 1), "budget ns/web needs 2 healthy, has 1", 5.0),
        (Eviction(Outcome.BUDGET, "is still being processed", 10.0), "still being processed", 10.0),
        (Eviction(Outcome.BUSY, "too many requests", 3.0), "no budget", 3.0),
    ],
)
async def test_a_refusal_that_heals_is_tried_again_no_sooner_than_it_says(
    answer: Eviction, words: str, least: float
) -> None:
    made, server = world(), Server(answer=answer)
    server.has(PATH, there())
    step = eviction(made)
    with pytest.raises(Temporary, match=words) as caught:
        await kind(step).act(ctx(made, server, step))
    assert caught.value.delay == least


async def test_two_budgets_that_only_the_server_saw_ask_a_person() -> None:
    made, server = world(), Server(answer=Eviction(Outcome.SEVERAL_BUDGETS, "more than one PodDisruptionBudget"))
    server.has(PATH, there())
    step = eviction(made)
    with pytest.raises(Permanent, match="leave one budget"):
        await kind(step).act(ctx(made, server, step))


async def test_a_hand_over_is_no_failure_and_is_waited_for() -> None:
    text = "The pod will be rolled by the Strimzi Cluster Operator"
    made, server = world(), Server(answer=Eviction(Outcome.HAND_OVER, text, 10.0))
    server.has(PATH, there())
    step = eviction(made)
    assert await kind(step).act(ctx(made, server, step)) == f"handed over: {text}"
    assert isinstance(await kind(step).until(ctx(made, server, step, started=NOW - 3)), Wait)


@pytest.mark.parametrize(
    ("late", "finalizers", "words"),
    [
        (20, [], "ns/web-1 is terminating, 20 s of its grace left"),
        (-5, [], "0 s of its grace left"),
        (-90, [], "should have been gone 1 min ago; n1 is Ready"),
        (-90, ["example.com/hold"], "held by example.com/hold"),
    ],
)
async def test_waiting_for_a_pod_to_go_says_what_holds_it(late: int, finalizers: list[str], words: str) -> None:
    gone = {"deletionTimestamp": deleted(late), "finalizers": finalizers}
    labels = {"app": "web", "pod-template-hash": "abc"}
    made = world()
    step = eviction(made)
    made.put("pods", replica("web-1", meta={**gone, "labels": labels}))
    found = await kind(step).until(ctx(made, Server(), step, started=NOW - 40))
    assert isinstance(found, Wait)
    assert words in found.reason


def test_members_of_a_set_go_one_after_another_from_the_highest_down() -> None:
    made = world(*(member(number, "n1") for number in range(3)), replica("web-1")).put("statefulsets", stateful_set())
    found = {step.id: step.after for step in steps(made) if step.kind == "evict"}
    assert found["kubernetes/evict/ns/zk-2"] == ()
    assert found["kubernetes/evict/ns/zk-1"] == ("kubernetes/evict/ns/zk-2",)
    assert found["kubernetes/evict/ns/zk-0"] == ("kubernetes/evict/ns/zk-1",)
    assert found["kubernetes/evict/ns/web-1"] == ()
