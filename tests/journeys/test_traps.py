"""The known traps of draining, each with the test that springs it. `test_the_table_is_true` keeps this table honest.

| trap | test |
|---|---|
| a budget that allows nothing: asked again and again, no reason said | test_traps.py::test_a_budget_at_nothing_is_watched_and_not_asked |
| minAvailable = replicas, maxUnavailable: 0 never let a pod go | test_verdict.py::test_budgets_over_pods_that_move |
| a single replica under minAvailable: 1 | test_prospects.py::test_one_replica_under_min_available_one_never_goes_and_a_second_replica_is_the_way_out |
| an autoscaler at 1 takes the added replica away again | test_prospects.py::test_one_replica_under_min_available_one_never_goes_and_a_second_replica_is_the_way_out |
| a blocked drain names no pods and no owner | test_verdict.py::test_budgets_over_pods_that_move |
| several pods under one budget: all but one are refused | test_simulated.py::test_the_budget_is_kept_and_asked_seldom |
| two budgets on one pod: the server fails with 500 | test_evicting.py::test_two_budgets_on_one_pod_are_asked_about |
| the node is not ready: its pods terminate for ever | test_unheard.py::test_pods_of_a_silent_node_will_not_terminate_and_the_taint_is_explained |
| a pod should have been gone long ago | test_options.py::test_a_pod_that_should_be_gone_long_since_is_left_behind_where_that_was_asked |
| finalizers hold a pod | test_verdict.py::test_foreign_finalizers_are_unknown_and_those_of_jobs_are_not |
| the namespace is terminating | test_traps.py::test_what_heals_by_itself_is_waited_for_with_its_reason |
| a webhook's only backend stands on the node | test_admission.py::test_the_only_backend_that_fails_closed_would_refuse_its_own_replacement |
| a webhook that does not answer | test_traps.py::test_what_heals_by_itself_is_waited_for_with_its_reason |
| a webhook that denies | test_traps.py::test_what_a_person_must_decide_is_asked |
| Strimzi and KubeVirt refuse because they do it themselves | test_traps.py::test_an_operator_that_takes_over_is_waited_for |
| Strimzi in its older manner: a budget of 0 that must be asked | test_evicting.py::test_strimzi_in_its_older_manner_is_asked_once_a_minute_although_its_budget_lets_none_go |
| the API server's own limit looks like a budget | test_traps.py::test_what_heals_by_itself_is_waited_for_with_its_reason |
| a member with a local volume stays pending: expected, not lost | test_options.py::test_each_pinned_pod_is_accounted_for_as_waiting_for_the_node |
| that pending member blocks the next node's budget | test_evicting.py::test_the_culprit_of_a_budget_is_named_with_the_node_that_it_waits_for |
| an ordered set does not make the higher members again | test_options.py::test_a_member_that_its_set_makes_only_after_another_is_not_waited_for |
| a second node while one is out | test_runs.py::test_a_second_node_waits_until_a_slot_is_free_and_says_so |
| the time is up: half drained, "failed", forgotten | test_traps.py::test_when_the_time_is_up_a_person_is_asked_and_nothing_is_forgotten |
| the replaced pod of the same name is evicted again | test_traps.py::test_a_pod_that_was_replaced_meanwhile_is_left_alone |
| an eviction that was accepted is taken for a pod that is gone | test_evicting.py::test_waiting_for_a_pod_to_go_says_what_holds_it |
| a server that knows policy/v1 not yet | test_traps.py::test_what_a_person_must_decide_is_asked |
| the terminal goes away (SIGHUP) | test_process.py::test_a_runner_outlives_its_terminal_and_lets_go_when_asked |
| the runner dies at any call | test_crashes.py::test_killed_at_every_call_of_drain_and_rejoin_all_is_done_and_nothing_twice |
| the same on a real API server, by its audit log | test_kills.py::test_killed_at_its_writes_all_is_done_and_nothing_twice |
| it dies while a reset machine joins | test_crashes_replaced.py::test_killed_around_the_calls_of_a_rejoin_by_a_token_all_is_done_and_nothing_twice |
| SIGHUP in any phase | test_signals_by_phase.py::test_a_terminal_that_goes_at_any_moment_is_nothing_to_a_runner |
| a runner that slept wakes and goes on | test_signals.py::test_a_stopped_runner_that_wakes_after_a_take_over_does_nothing |
| cluster-info is not signed for the token | test_token_command.py::test_a_token_that_nobody_could_join_with_is_not_left_behind |
| two authorities in its bundle | test_discovery.py::test_the_hash_is_that_of_openssl_and_there_is_one_for_each_certificate |
| the token expires before the join | test_replaced.py::test_a_token_that_ends_before_the_join_is_asked_about_and_made_anew |
| a Node of that name is still Ready | test_replacing.py::test_a_node_whose_kubelet_is_at_work_is_not_deleted |
| the kubeconfig knows only a proxy's address | test_token_command.py::test_a_token_is_made_with_its_join_line_and_deleted |
"""  # noqa: E501

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from console import runs
from console.workflow.codec import Entry
from console.workflow.events import Asked as Question
from console.workflow.events import Choice, End, Waiting
from console.workflow.execution import carry_out
from console.workflow.runner import equip
from plugins.kubernetes.simulator.kinds import BUDGETS
from plugins.kubernetes.simulator.store import Entry as Stored
from tests.journeys.small import NODE, Asked, Small, small
from tests.journeys.test_simulated import budget

TESTS = Path(__file__).parents[1]
EVICTION = r"POST .*/pods/web-.*/eviction"


def test_the_table_is_true() -> None:
    """Every test that the table names is there."""
    named = re.findall(r"\| (test_\w+\.py)::(test_\w+) \|", __doc__ or "")
    assert len(named) > 20
    for file, test in named:
        found = [path for path in TESTS.rglob(file) if f"def {test}(" in path.read_text(encoding="utf-8")]
        assert found, f"{file} has no {test}"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Small]:
    async with small(tmp_path) as made:
        yield made


def status(code: int, message: str, *, reason: str = "", **details: Any) -> dict[str, Any]:
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "message": message}
    return body | {"code": code, "details": details}


def tried(stage: Small, pod: str) -> list[Asked]:
    return [each for each in stage.asked if each.method == "POST" and each.path.endswith(f"/pods/{pod}/eviction")]


def web(stage: Small) -> str:
    return next(name for name in stage.pods(NODE) if name.startswith("web-"))


async def drained(stage: Small, **options: Any) -> tuple[End | None, list[Entry]]:
    """Drain the node; how it ended, and what is in its journal."""
    async with stage.desk() as desk:
        run = await stage.begin(desk, "drain", NODE, **options)
        end = await carry_out(run, await equip(desk, run))
        return end, list((await runs.look(desk, run)).entries)


def reasons(entries: list[Entry]) -> str:
    return "\n".join(entry.fact.reason for entry in entries if isinstance(entry.fact, Waiting))


# ------------------------------------------------------------------------------ operators take over


STRIMZI = (
    500,
    'admission webhook "d.strimzi.io" denied the request: The pod will be rolled by the Strimzi Cluster Operator',
)
KUBEVIRT = (429, 'admission webhook "v.kubevirt.io" denied the request: Eviction triggered evacuation of VMI shop/vm')


@pytest.mark.parametrize(("code", "text"), [STRIMZI, KUBEVIRT], ids=["strimzi", "kubevirt"])
async def test_an_operator_that_takes_over_is_waited_for(stage: Small, code: int, text: str) -> None:
    pod = web(stage)
    stage.simulator.world.faults.script(EVICTION, status=code, body=status(code, text), times=-1)
    work = asyncio.create_task(drained(stage))
    await stage.until(lambda: bool(tried(stage, pod)))
    await stage.clock.sleep(60)
    assert not work.done()
    stage.simulator.cluster.delete_pods(f"shop/{pod}")  # as the operator does, in its own time
    end, entries = await work
    assert end is End.DONE
    assert len(tried(stage, pod)) == 1
    assert "its operator has not moved it yet" in reasons(entries)


# ------------------------------------------------------------------------------ it heals by itself

TERMINATING = status(
    403,
    "unable to create new content in namespace shop because it is being terminated",
    reason="Forbidden",
    causes=[{"reason": "NamespaceTerminating", "message": "namespace shop is being terminated"}],
)
NO_WEBHOOK = status(500, 'Internal error occurred: failed calling webhook "g.example.com": connection refused')
BUSY = status(429, "Too many requests, please try again later.", reason="TooManyRequests")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (TERMINATING, "namespace shop is being deleted"),
        (NO_WEBHOOK, 'failed calling webhook "g.example.com"'),
        (BUSY, "its own limit, no budget"),
    ],
    ids=["namespace terminating", "webhook down", "rate limit"],
)
async def test_what_heals_by_itself_is_waited_for_with_its_reason(
    stage: Small, body: dict[str, Any], words: str
) -> None:
    pod = web(stage)
    headers = (("Retry-After", "3"),)
    stage.simulator.world.faults.script(EVICTION, status=body["code"], body=body, times=2, headers=headers)
    end, entries = await drained(stage)
    assert end is End.DONE
    assert words in reasons(entries)
    assert [each.code for each in tried(stage, pod)] == [body["code"]] * 2 + [201]


# ------------------------------------------------------------------------------ a person decides

DENIED = status(403, 'admission webhook "freeze.example.com" denied the request: frozen until Monday')
TOO_OLD = status(400, 'no kind "Eviction" is registered for version "policy/v1"', reason="BadRequest")


@pytest.mark.parametrize(
    ("body", "words"), [(DENIED, "frozen until Monday"), (TOO_OLD, "policy/v1")], ids=["denied", "old"]
)
async def test_what_a_person_must_decide_is_asked(stage: Small, body: dict[str, Any], words: str) -> None:
    pod = web(stage)
    fault = stage.simulator.world.faults.script(EVICTION, status=body["code"], body=body, times=-1)
    async with stage.desk() as desk:
        run = await stage.begin(desk, "drain", NODE)
        work = asyncio.create_task(carry_out(run, await equip(desk, run)))
        step = f"kubernetes/evict/shop/{pod}"
        while not (question := (await runs.look(desk, run)).state.steps[step].question):
            await stage.clock.sleep(1)
        assert words in question
        await stage.clock.sleep(60)
        assert len(tried(stage, pod)) == 1
        fault.times = 0
        await runs.answer(desk, run, step, choice=Choice.RETRY)
        assert await work is End.DONE
    assert [each.code for each in tried(stage, pod)] == [body["code"], 201]


async def test_when_the_time_is_up_a_person_is_asked_and_nothing_is_forgotten(stage: Small) -> None:
    pod = web(stage)
    stage.simulator.world.faults.hanging.add(f"shop/{pod}")
    async with stage.desk() as desk:
        run = await stage.begin(desk, "drain", NODE, timeout=30)
        work = asyncio.create_task(carry_out(run, await equip(desk, run)))
        while not (await runs.look(desk, run)).state.asked:
            await stage.clock.sleep(1)
        assert not work.done()
        (step,) = (await runs.look(desk, run)).state.asked
        question = (await runs.look(desk, run)).state.steps[step].question
        assert "its time is 30 s" in question
        stage.simulator.cluster.heal(f"shop/{pod}")
        await runs.answer(desk, run, step, choice=Choice.RETRY)
        assert await work is End.DONE
        facts = [entry.fact for entry in (await runs.look(desk, run)).entries]
    assert sum(isinstance(fact, Question) for fact in facts) == 1
    assert len(tried(stage, pod)) == 1


# ------------------------------------------------------------------------------ the same name, another pod


async def test_a_pod_that_was_replaced_meanwhile_is_left_alone(stage: Small) -> None:
    old = stage.pods(NODE)["zk-0"]
    fault = stage.simulator.world.faults.script("POST .*/pods/zk-0/eviction", status=429, body=BUSY, times=-1)
    work = asyncio.create_task(drained(stage))
    await stage.until(lambda: bool(tried(stage, "zk-0")))
    stage.simulator.cluster.delete_pods("shop/zk-0")
    await stage.until(lambda: "zk-0" not in stage.pods(NODE))
    fault.times = 0
    end, _ = await work
    assert end is End.DONE
    asked = {each.body["deleteOptions"]["preconditions"]["uid"] for each in tried(stage, "zk-0")}
    assert asked == {old}
    assert f"evict {old}" not in stage.effects()


# ------------------------------------------------------------------------------ a budget at nothing


def demand(stage: Small, least: int) -> None:
    def edit(body: dict[str, Any]) -> None:
        body["spec"]["minAvailable"] = least

    changed: Stored | None = stage.simulator.world.change(BUDGETS, "shop/web", edit)
    assert changed is not None


async def test_a_budget_at_nothing_is_watched_and_not_asked(tmp_path: Path) -> None:
    """At most 15 requests in 60 s, the reason written within 2 s, the eviction within 2 s after it is allowed."""
    async with small(tmp_path, web=4, speed=4) as stage:
        stage.simulator.cluster.add(budget(3))
        await stage.clock.sleep(2)
        pods = [name for name in stage.pods(NODE) if name.startswith("web-")]
        closed = [0.0]

        def close(asked: Asked) -> None:
            """The budget closes at the moment at which the node is cordoned."""
            if asked.method == "PATCH" and not closed[0]:
                closed[0] = stage.clock.now()
                demand(stage, 4)

        stage.hears = close
        async with stage.desk() as desk:
            run = await stage.begin(desk, "drain", NODE)
            work = asyncio.create_task(carry_out(run, await equip(desk, run)))
            await stage.until(lambda: bool(closed[0]))
            await stage.clock.sleep(60)
            entries = (await runs.look(desk, run)).entries
            waits = [e.fact for e in entries if isinstance(e.fact, Waiting) and "web" in e.fact.step]
            assert waits
            assert min(wait.at for wait in waits) - closed[0] < 2 + 2  # two of them for the cordon to be seen
            most = max(len(tried(stage, pod)) for pod in pods)
            print(f"{most} evictions asked for one pod in 60 s, the reason after {waits[0].at - closed[0]:.1f} s")  # noqa: T201
            assert most <= 15
            assert not [each for pod in pods for each in tried(stage, pod) if each.code == 201]
            demand(stage, 3)
            opened = stage.clock.now()
            await stage.until(lambda: any(each.code == 201 for pod in pods for each in tried(stage, pod)))
            took = stage.clock.now() - opened
            print(f"evicted {took:.1f} s after the budget allowed it")  # noqa: T201
            assert took < 2
            assert await work is End.DONE
