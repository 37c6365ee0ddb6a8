"""One eviction: never of another pod, never against a budget, never hot, and done only when the pod is gone."""

from __future__ import annotations

from typing import Any

import pytest

from console.errors import Permanent, Temporary
from console.workflow.steps import Done, Go, Step, Stop, Wait
from plugins.kubernetes.client.evicting import Eviction, Outcome
from plugins.kubernetes.model import tables
from tests.plugins.kubernetes.maintenance.bench import NOW, Server, ctx, deleted, kind, steps
from tests.plugins.kubernetes.rows import World, budget, local_volume, member, node, pod, replica, stateful_set, using

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


async def test_new_pods_of_a_set_that_lost_several_are_named_together() -> None:
    made = world()
    step = eviction(made)
    made.drop(tables.PODS, "ns/web-1")
    for name in ("web-4", "web-3"):
        made.put("pods", replica(name, "n2", meta={"creationTimestamp": deleted(0)}))
    found = await kind(step).until(ctx(made, Server(), step, started=NOW - 1))
    assert found == Done("gone; 2 new pods of its set: web-3 is Running on n2, web-4 is Running on n2")


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
    assert found.reason == "budget ns/web needs 1 healthy, has 1, because web-2 is Running but not ready"
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


async def test_the_culprit_of_a_budget_is_named_with_the_node_that_it_waits_for() -> None:
    made = world(member(0, "n1"), member(1, ""))
    volume, claim = local_volume("data-zk-1", "n2")
    made.put("persistentvolumes", volume).put("persistentvolumeclaims", claim)
    made.put("pods", member(1, "", ready=False, spec=using("data-zk-1"), status={"phase": "Pending", "conditions": []}))
    made.put("poddisruptionbudgets", budget("zk", "zk", allowed=0, healthy=1, desired=1))
    step = eviction(made, "zk-0")
    found = await kind(step).guard(ctx(made, Server(), step))
    assert isinstance(found, Wait)
    assert found.reason == "budget ns/zk needs 1 healthy, has 1, because zk-1 waits for n2"


async def test_after_a_refusal_the_same_budget_is_not_asked_again_but_a_changed_one_is_at_once() -> None:
    made, server = world(), Server(answer=Eviction(Outcome.BUDGET, "", 0.0, "web", 2, 1))
    made.put("poddisruptionbudgets", budget("web", "web", healthy=2, desired=1, allowed=1))
    server.has(PATH, there())
    step = eviction(made)
    mine = ctx(made, server, step, started=NOW - 1)
    assert await kind(step).guard(mine) == Go()
    with pytest.raises(Temporary) as caught:
        await kind(step).act(mine)
    assert caught.value.watched
    found = await kind(step).guard(mine)
    assert isinstance(found, Wait)
    assert "refused a moment ago" in found.reason
    assert found.retry_in == 4.0
    made.put("poddisruptionbudgets", budget("web", "web", healthy=3, desired=2, allowed=1))
    assert await kind(step).guard(mine) == Go()


async def test_a_time_that_the_server_names_is_waited_for_whatever_changes() -> None:
    made, server = world(), Server(answer=Eviction(Outcome.BUDGET, "is still being processed", 10.0))
    server.has(PATH, there())
    step = eviction(made)
    with pytest.raises(Temporary) as caught:
        await kind(step).act(ctx(made, server, step))
    assert (caught.value.delay, caught.value.watched) == (10.0, False)


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (Eviction(Outcome.DENIED, 'admission webhook "a" denied the request: frozen'), Permanent, "frozen"),
        (Eviction(Outcome.WEBHOOK_DOWN, 'failed calling webhook "a": refused', 10.0), Temporary, "failed calling"),
        (Eviction(Outcome.TERMINATING, "because it is being terminated", 5.0), Temporary, "namespace ns is being"),
    ],
)
async def test_what_webhooks_and_namespaces_say_is_asked_or_waited_for(
    answer: Eviction, error: type[Exception], words: str
) -> None:
    made, server = world(), Server(answer=answer)
    server.has(PATH, there())
    step = eviction(made)
    with pytest.raises(error, match=words):
        await kind(step).act(ctx(made, server, step))


async def test_a_hand_over_is_named_while_its_operator_takes_its_time() -> None:
    text = "The pod will be rolled by the Strimzi Cluster Operator"
    made, server = world(), Server(answer=Eviction(Outcome.HAND_OVER, text, 10.0))
    server.has(PATH, there())
    step = eviction(made)
    mine = ctx(made, server, step, started=NOW - 90)
    await kind(step).act(mine)
    found = await kind(step).until(mine)
    assert isinstance(found, Wait)
    assert found.reason == f"ns/web-1 was handed over 1 min ago, its operator has not moved it yet: {text}"


async def test_strimzi_in_its_older_manner_is_asked_once_a_minute_although_its_budget_lets_none_go() -> None:
    labels = {"app": "kafka", "strimzi.io/kind": "Kafka"}
    made = world(pod("web-1", owner="StrimziPodSet/kafka", meta={"labels": labels}))
    never = budget("kafka", "kafka", healthy=1, desired=1, allowed=0, status={"expectedPods": 1})
    never["spec"]["maxUnavailable"] = 0
    made.put("poddisruptionbudgets", never)
    step = eviction(made)
    assert await kind(step).guard(ctx(made, Server(), step)) == Go()
    assert isinstance(await kind(step).guard(ctx(made, Server(), step, started=NOW - 30)), Wait)
    assert await kind(step).guard(ctx(made, Server(), step, started=NOW - 61)) == Go()
