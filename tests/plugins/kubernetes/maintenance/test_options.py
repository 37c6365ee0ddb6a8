"""kubectl's drain options: what they ask for, what they need a decision for, and that they reach every step."""

from __future__ import annotations

from typing import Any

import pytest

from console.model import Answer, Verdict
from console.workflow.steps import Done, Go, Step, Wait
from plugins.kubernetes.maintenance import HOOKS
from plugins.kubernetes.model import tables
from tests.plugins.kubernetes.maintenance.bench import NOW, Server, ctx, deleted, kind, steps, target
from tests.plugins.kubernetes.rows import World, budget, local_volume, member, node, pod, replica, stateful_set, using
from tests.values import replace

PATH = "/api/v1/namespaces/ns/pods/web-1"


def world(*pods: dict[str, Any]) -> World:
    made = World().put("nodes", node("n1"), node("n2"))
    return made.put("pods", *(pods or (replica("web-1"), replica("web-2", "n2"))))


def evictions(made: World, **options: Any) -> list[Step]:
    return [step for step in steps(made, **options) if step.kind == "evict"]


def verdict(made: World, **options: Any) -> Verdict:
    return HOOKS.verdict(made.facts, target(**options))


def there() -> dict[str, Any]:
    return {"metadata": {"name": "web-1", "uid": "uid-web-1"}, "spec": {"nodeName": "n1"}}


def test_every_option_stands_in_the_parameters_of_every_eviction() -> None:
    made = world(replica("web-1"), replica("web-2"), replica("web-3", "n2"))
    asked = evictions(made, grace_period=7, timeout=90, disable_eviction=True, skip_wait_for_delete_timeout=30)
    assert len(asked) == 2
    for step in asked:
        assert step.timeout == 90
        assert (step.params["grace"], step.params["delete"], step.params["skip"]) == (7, True, 30)
        assert [str(right.verb) for right in step.rights] == ["get", "delete"]


def test_without_options_a_pod_gets_its_own_grace_and_all_the_time() -> None:
    (step,) = evictions(world())
    assert (step.params["grace"], step.timeout) == (-1, 0)
    assert not {"delete", "skip"} & set(step.params)
    assert step.rights[1].resource == "pods/eviction"


async def test_a_pod_selector_leaves_the_others_alone_also_when_it_is_verified() -> None:
    made = world(replica("web-1"), replica("api-1", of="api"), replica("web-2", "n2"), replica("api-2", "n2", of="api"))
    found = steps(made, pod_selector="app in (web)")
    assert [step.params["pod"] for step in found if step.kind == "evict"] == ["web-1"]
    made.drop(tables.PODS, "ns/web-1")
    verify = next(step for step in found if step.kind == "verify")
    told = ctx(made, Server(), verify, target=target(pod_selector="app in (web)"))
    assert isinstance(await kind(verify).until(told), Done)
    assert isinstance(await kind(verify).until(replace(told, target=target())), Wait)


def test_a_selector_that_cannot_be_read_is_unknown() -> None:
    found = verdict(world(), pod_selector="app in (")
    assert found.answer is Answer.UNKNOWN
    assert "--pod-selector" in found.reasons[0].text


@pytest.mark.parametrize(
    ("options", "decision", "words"),
    [
        ({"disable_eviction": True}, "disable-eviction", "without asking any budget"),
        ({"grace_period": 0}, "no-grace", "killed without any time to stop"),
    ],
)
def test_dangerous_options_are_decisions(options: dict[str, Any], decision: str, words: str) -> None:
    assert verdict(world()).answer is Answer.SAFE
    found = verdict(world(), **options)
    assert found.answer is Answer.DECIDE
    (reason,) = found.decisions
    assert reason.decision == decision
    assert words in reason.text
    assert "ns/web-1" in reason.text


def test_force_and_emptydir_alone_decide_nothing() -> None:
    empty: dict[str, Any] = {"volumes": [{"name": "tmp", "emptyDir": {}}]}
    made = world(replica("web-1", spec=empty), replica("web-2", "n2"), pod("alone"))
    for options in ({}, {"force": True, "delete_emptydir_data": True}):
        assert {reason.decision for reason in verdict(made, **options).decisions} >= {"unmanaged", "emptydir"}


def test_without_eviction_a_budget_says_no_more_than_that_it_is_not_asked() -> None:
    made = world()
    made.put("poddisruptionbudgets", budget("web", "web", healthy=2, desired=2, allowed=0))
    assert verdict(made).answer is Answer.NO
    found = verdict(made, disable_eviction=True)
    assert found.answer is Answer.DECIDE
    assert any("not asked" in reason.text for reason in found.reasons)


async def test_without_eviction_the_pod_is_deleted_by_uid_and_no_budget_holds_it() -> None:
    made, server = world(), Server()
    made.put("poddisruptionbudgets", budget("web", "web", healthy=2, desired=2, allowed=0))
    server.has(PATH, there())
    (step,) = evictions(made, disable_eviction=True, grace_period=3)
    assert await kind(step).guard(ctx(made, server, step)) == Go()
    assert "no budget" in await kind(step).act(ctx(made, server, step))
    assert server.deletions == [(PATH, "uid-web-1", 3)]
    assert server.evictions == []


async def test_a_pod_that_should_be_gone_long_since_is_left_behind_where_that_was_asked() -> None:
    stuck = {"deletionTimestamp": deleted(-40), "labels": {"app": "web", "pod-template-hash": "abc"}}
    made = world()
    (step,) = evictions(made, skip_wait_for_delete_timeout=30)
    (patient,) = evictions(made, skip_wait_for_delete_timeout=60)
    made.put("pods", replica("web-1", meta=stuck))
    assert evictions(made, skip_wait_for_delete_timeout=30) == []
    for call in (kind(step).guard, kind(step).until):
        found = await call(ctx(made, Server(), step, started=NOW - 50))
        assert found == Done("not waited for: it should have been gone 40 s ago")
    assert isinstance(await kind(patient).until(ctx(made, Server(), patient, started=NOW - 50)), Wait)
    verify = next(one for one in steps(made) if one.kind == "verify")
    asked = target(skip_wait_for_delete_timeout=30)
    found = await kind(verify).until(ctx(made, Server(), verify, target=asked))
    assert isinstance(found, Done)
    assert "1 pod not waited for: ns/web-1" in found.evidence


# ------------------------------------------------------------------------------------------------ pinned pods, verified


def pool(*numbers: int, policy: str = "Parallel") -> World:
    """Members 0, 1, 2 of a set; those of `numbers` stand on n1 with a volume there."""
    made = World().put("nodes", node("n1"), node("n2"))
    made.put("statefulsets", stateful_set(podManagementPolicy=policy))
    for number in range(3):
        host = "n1" if number in numbers else "n2"
        volume, claim = local_volume(f"data-zk-{number}", host)
        made.put("persistentvolumes", volume).put("persistentvolumeclaims", claim)
        made.put("pods", member(number, host, spec=using(f"data-zk-{number}")))
    return made


def waiting(number: int) -> dict[str, Any]:
    unplaced = {"uid": f"uid-new-{number}"}
    return member(
        number, "", meta=unplaced, spec=using(f"data-zk-{number}"), status={"phase": "Pending", "conditions": []}
    )


async def test_each_pinned_pod_is_accounted_for_as_waiting_for_the_node() -> None:
    made = pool(1)
    verify = next(step for step in steps(made) if step.kind == "verify")
    assert verify.params["pinned"] == ["ns/zk-1"]
    made.drop(tables.PODS, "ns/zk-1")
    found = await kind(verify).until(ctx(made, Server(), verify))
    assert isinstance(found, Wait)
    assert found.reason == "not accounted for: ns/zk-1 is not made again yet"
    made.put("pods", waiting(1))
    done = await kind(verify).until(ctx(made, Server(), verify))
    assert isinstance(done, Done)
    assert "zk-1 wait for it" in done.evidence


async def test_a_member_that_its_set_makes_only_after_another_is_not_waited_for() -> None:
    made = pool(0, 2, policy="OrderedReady")
    verify = next(step for step in steps(made) if step.kind == "verify")
    made.drop(tables.PODS, "ns/zk-0", "ns/zk-2")
    assert isinstance(await kind(verify).until(ctx(made, Server(), verify)), Wait)
    made.put("pods", waiting(0))
    assert isinstance(await kind(verify).until(ctx(made, Server(), verify)), Done)


async def test_a_member_that_nobody_wants_any_more_is_not_waited_for() -> None:
    made = pool(2)
    verify = next(step for step in steps(made) if step.kind == "verify")
    made.drop(tables.PODS, "ns/zk-2")
    assert isinstance(await kind(verify).until(ctx(made, Server(), verify)), Wait)
    made.put("statefulsets", stateful_set(replicas=2))
    assert isinstance(await kind(verify).until(ctx(made, Server(), verify)), Done)
