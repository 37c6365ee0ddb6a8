"""A server with policy/v1beta1 alone (Kubernetes 1.20 and older): nothing is planned by budgets that nobody sees."""

from __future__ import annotations

from console import runs
from console.model import Answer
from tests.journeys.test_simulated import NODE, Stage, stage

__all__ = ["stage"]


async def test_a_server_without_policy_v1_is_named_and_the_plan_is_unknown(stage: Stage) -> None:
    gone = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404}
    group = {"kind": "APIGroup", "apiVersion": "v1", "name": "policy", "versions": [{"version": "v1beta1"}]}
    faults = stage.simulator.world.faults
    faults.script("GET /apis/policy/v1/.*", status=404, body=gone, times=-1)
    faults.script("GET /apis/policy$", status=200, body=group, times=-1)
    async with stage.desk() as runtime:
        plan = await runs.plan(runtime, runs.target("drain", [NODE]), within=3000.0)
    assert plan.verdict.answer is Answer.UNKNOWN
    (reason,) = [each for each in plan.verdict.reasons if "budgets" in each.text]
    assert "no policy/v1 but v1beta1" in reason.text
    assert "Kubernetes 1.22 or later is needed" in reason.text
