"""A drain and a rejoin on the simulated cluster prove themselves: all as before, or what is not."""

from __future__ import annotations

from collections.abc import Mapping

from console import runs, telling
from console.cli.following import as_json
from console.plugin import Json
from console.runtime import Runtime
from console.workflow.events import End
from console.workflow.execution import carry_out
from console.workflow.runner import equip
from console.workflow.starting import start
from plugins.kubernetes.model import marks
from tests.journeys.test_simulated import NODE, OTHER, Stage, budget, stage

__all__ = ["stage"]
PATIENT = 3000.0
"""Seconds of the world's time, which runs fast."""


async def begun(runtime: Runtime, kind: str, options: Mapping[str, Json] | None = None) -> str:
    """A run of the node, planned and written down."""
    plan = await runs.plan(runtime, runs.target(kind, [NODE], options=options), within=PATIENT)
    store = await runtime.offer(lambda offers: offers.journal)
    return await start(plan, store, await runtime.gate(), clock=runtime.clock, reason="disk | <b>")


async def test_out_and_back_is_reported_with_what_was_before_and_after(stage: Stage) -> None:
    until = stage.clock.now() + 7200
    async with stage.desk() as runtime:
        out = await begun(runtime, "drain", {"until": until})
        assert await carry_out(out, await equip(runtime, out)) is End.DONE
        assert marks.OUT_UNTIL in stage.node()["metadata"]["annotations"]
        page = await runs.look(runtime, out)
        told = as_json(page, stage.clock.now())
        assert {pod["state"] for pod in told["pods"]} == {"gone"}
        assert "is not back yet" in await telling.report(runtime, out)
        refused = await runs.plan(runtime, runs.target("drain", [OTHER]), within=PATIENT)
        assert any(" until " in reason.text and out in reason.text for reason in refused.kernel.reasons)

        back = await begun(runtime, "rejoin")
        assert await carry_out(back, await equip(runtime, back)) is End.DONE
        for name in (out, back):
            report = await telling.report(runtime, name)
            assert "**all as before: " in report, report
            assert f"| kubernetes:lab: node {NODE} | Ready | Ready | same |".replace("lab", _instance(report)) in report
            assert "disk | <b>" not in report


async def test_what_somebody_changed_meanwhile_differs(stage: Stage) -> None:
    async with stage.desk() as runtime:
        out = await begun(runtime, "drain")
        assert await carry_out(out, await equip(runtime, out)) is End.DONE
        stage.simulator.cluster.add(budget(1))
        back = await begun(runtime, "rejoin")
        assert await carry_out(back, await equip(runtime, back)) is End.DONE
        report = await telling.report(runtime, back)
    assert "all as before" not in report
    assert "budget shop/web | not read | " in report
    assert "**differs**" in report


def _instance(report: str) -> str:
    return report.split("kubernetes:", 1)[1].split(":", 1)[0]
