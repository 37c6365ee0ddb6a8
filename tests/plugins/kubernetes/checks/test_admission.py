"""Webhooks in a verdict: asked about evictions, or with their only backends on the nodes that go; who goes first."""

from __future__ import annotations

from typing import Any

import pytest

from console.model import Answer, NodeName, SourceState
from console.plugin import Target
from console.workflow.plan import merge
from console.workflow.steps import Done, Go, Step, Wait
from plugins.kubernetes.maintenance import HOOKS
from plugins.kubernetes.model import tables
from tests.plugins.kubernetes.checks.judging import DECIDE, NO, SAFE, UNKNOWN, about, cluster, judged
from tests.plugins.kubernetes.maintenance.bench import Server, ctx, kind, steps
from tests.plugins.kubernetes.rows import LAB, World, local_volume, member, replica, stateful_set, using

PODS = {"apiGroups": [""], "operations": ["CREATE"], "resources": ["pods"]}
EVICTIONS = {"apiGroups": [""], "operations": ["CREATE"], "resources": ["pods/eviction"]}
INGRESSES = {"apiGroups": ["networking.k8s.io"], "operations": ["*"], "resources": ["ingresses"]}


def hook(policy: str = "Fail", *rules: dict[str, Any], name: str = "inject", **more: Any) -> dict[str, Any]:
    """A configuration of one webhook, answered by service ns/hook."""
    client = more.pop("client", {"service": {"namespace": "ns", "name": "hook"}})
    one = {"name": f"{name}.example.com", "failurePolicy": policy, "clientConfig": client, "rules": rules or (PODS,)}
    return {"metadata": {"name": name}, "webhooks": [one | more]}


def backends(**ready: bool) -> dict[str, Any]:
    """Endpoints of ns/hook: pod `hook-on-NODE` and whether it is ready, by node."""
    ends = [
        {
            "addresses": ["10.0.0.1"],
            "conditions": {"ready": state},
            "nodeName": node,
            "targetRef": {"kind": "Pod", "name": f"hook-on-{node}"},
        }
        for node, state in ready.items()
    ]
    head = {"name": "hook-1", "namespace": "ns", "labels": {"kubernetes.io/service-name": "hook"}}
    return {"metadata": head, "endpoints": ends}


def world(*hooks: dict[str, Any], **ready: bool) -> World:
    """Backends on the nodes that are named, an application that moves, and the webhooks."""
    made = cluster().put("mutatingwebhookconfigurations", *hooks).put("endpointslices", backends(**ready))
    made.put("pods", *(replica(f"hook-on-{node}", node, of="hook", ready=state) for node, state in ready.items()))
    return made.put("pods", replica("web-1"), replica("web-2", "n2"))


def told(made: World, *nodes: str) -> tuple[Answer, str]:
    (reason,) = about(judged(made, *nodes), "webhooks")
    return reason.answer, reason.text


def test_a_webhook_with_a_backend_elsewhere_is_no_matter() -> None:
    assert about(judged(world(hook(), n1=True, n2=True)), "webhooks") == []
    assert about(judged(world(hook(), n2=True)), "webhooks") == []


def test_the_only_backend_that_fails_closed_would_refuse_its_own_replacement() -> None:
    answer, text = told(world(hook(), n1=True, n2=False))
    assert answer is NO
    assert "inject.example.com (ns/hook): its only ready backend is here (ns/hook-on-n1)" in text
    assert "it would refuse its own replacement; run a second one elsewhere first" in text


@pytest.mark.parametrize(
    "narrow",
    [
        {"objectSelector": {"matchLabels": {"inject": "yes"}}},
        {"namespaceSelector": {"matchExpressions": [
            {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["ns"]}]}},
        {"namespaceSelector": {"matchLabels": {"team": "shop"}}},
    ],
)  # fmt: skip
def test_one_that_does_not_select_itself_is_moved_first(narrow: dict[str, Any]) -> None:
    made = world(hook("Fail", **narrow), n1=True)
    made.put("namespaces", {"metadata": {"name": "ns", "labels": {"kubernetes.io/metadata.name": "ns"}}})
    answer, text = told(made)
    assert answer is DECIDE
    assert "until its replacement is ready nothing that it selects can be made (pods)" in text
    assert [r.decision for r in about(judged(made), "webhooks")] == ["webhook-gap"]


def test_both_backends_on_the_nodes_that_go_together() -> None:
    made = world(hook("Fail", INGRESSES), n1=True, n2=True)
    assert about(judged(made, "n1"), "webhooks") == []
    answer, text = told(made, "n1", "n2")
    assert answer is DECIDE
    assert "its only ready backends are here (ns/hook-on-n1, ns/hook-on-n2)" in text
    assert "ingresses.networking.k8s.io" in text


def test_ignore_is_safe_where_the_backend_moves_first_and_a_decision_where_it_cannot() -> None:
    answer, text = told(world(hook("Ignore"), n1=True))
    assert (answer, "moved first, the others wait" in text) == (SAFE, True)
    made = cluster().put("mutatingwebhookconfigurations", hook("Ignore")).put("endpointslices", backends(n1=True))
    volume, claim = local_volume("data", "n1")
    made.put("persistentvolumes", volume).put("persistentvolumeclaims", claim).put("statefulsets", stateful_set("hook"))
    pinned = member(0, "n1", of="hook", spec=using("data"))
    pinned["metadata"]["name"] = "hook-on-n1"
    answer, text = told(made.put("pods", pinned))
    assert answer is DECIDE
    assert "while n1 is out, pods are made without it (no sidecar)" in text
    fails = hook("Fail", name="inject")
    assert told(made.put("mutatingwebhookconfigurations", fails))[0] is NO


def test_evictions_that_are_intercepted_are_told_and_refused_without_a_backend() -> None:
    answer, text = told(world(hook("Fail", EVICTIONS), n2=True))
    assert (answer, "is asked about every eviction" in text, "ready on n2" in text) == (SAFE, True, True)
    answer, text = told(world(hook("Fail", EVICTIONS), n2=False))
    assert (answer, "it refuses every eviction" in text) == (NO, True)
    url = hook("Fail", EVICTIONS, client={"url": "https://example.com/hook"})
    assert told(world(url))[0] is SAFE


def test_nobody_answers_already_and_pods_cannot_be_made_again() -> None:
    answer, text = told(world(hook("Fail", PODS), n2=False))
    assert (answer, "no pod that it selects can be made again" in text) == (NO, True)
    assert about(judged(world(hook("Ignore", PODS), n2=False)), "webhooks") == []


CONDITIONS: dict[str, Any] = {
    "matchConditions": [{"name": "not-ours", "expression": "!request.userInfo.username.startsWith('x')"}]
}


@pytest.mark.parametrize(
    ("rules", "ready", "words"),
    [
        (PODS, {"n2": False}, "no pod that it selects can be made again"),
        (EVICTIONS, {"n2": False}, "it refuses every eviction"),
        (PODS, {"n1": True}, "it would refuse its own replacement"),
    ],
)
def test_match_conditions_are_named_where_a_refusal_rests_on_them(
    rules: dict[str, Any], ready: dict[str, bool], words: str
) -> None:
    assert told(world(hook("Fail", rules), **ready))[0] is NO
    answer, text = told(world(hook("Fail", rules, **CONDITIONS), **ready))
    assert answer is DECIDE
    assert words in text
    assert "only where its match conditions are true (not-ours), which are not evaluated here" in text
    both = world(hook("Fail", rules, **CONDITIONS), hook("Fail", rules, name="sure"), **ready)
    answer, text = told(both)
    assert (answer, "match conditions" in text) == (NO, False)


def test_match_conditions_that_change_no_verdict_are_not_spoken_of() -> None:
    assert about(judged(world(hook("Fail", **CONDITIONS), n1=True, n2=True)), "webhooks") == []
    for made in (world(hook("Ignore", **CONDITIONS), n1=True), world(hook("Fail", EVICTIONS, **CONDITIONS), n2=True)):
        answer, text = told(made)
        assert (answer, "match conditions" in text) == (SAFE, False)


@pytest.mark.parametrize("table", [tables.WEBHOOKS, tables.SLICES, tables.NAMESPACES], ids=lambda one: one.name)
def test_webhooks_that_cannot_be_read_are_unknown(table: Any) -> None:
    made = world()
    made.store.rows(LAB, table).failed(SourceState.FORBIDDEN, "no right")
    assert judged(made).answer is UNKNOWN


# ------------------------------------------------------------------------------------------------------ who goes first


def _steps(made: World) -> dict[str, Step]:
    found = HOOKS.steps(made.facts, Target("drain", (NodeName("n1"),)))
    merge(found)  # a graph
    return {step.id.removeprefix("kubernetes/"): step for step in found}


def test_the_backend_goes_first_and_the_others_when_it_is_answered_elsewhere() -> None:
    found = _steps(world(hook("Fail", INGRESSES), n1=True))
    assert found["answered/ns/hook"].after == ("kubernetes/evict/ns/hook-on-n1",)
    assert found["evict/ns/web-1"].after == ("kubernetes/answered/ns/hook",)
    assert found["evict/ns/hook-on-n1"].after == ()


def test_without_such_a_webhook_nothing_waits() -> None:
    found = _steps(world(hook(), n1=True, n2=True))
    assert not [name for name in found if name.startswith("answered")]
    assert found["evict/ns/web-1"].after == ()


async def test_the_gate_waits_for_a_ready_backend_on_another_node() -> None:
    made = world(hook("Fail", INGRESSES), n1=True)
    step = next(step for step in steps(made) if step.kind == "answered")
    asked = kind(step)
    assert isinstance(await asked.guard(ctx(made, Server(), step)), Go)
    waits = await asked.until(ctx(made, Server(), step))
    assert isinstance(waits, Wait)
    assert "backend of ns/hook to be ready on another node" in waits.reason
    made.put("endpointslices", backends(n2=True))
    assert await asked.guard(ctx(made, Server(), step)) == Done("ns/hook has a ready backend on n2")
