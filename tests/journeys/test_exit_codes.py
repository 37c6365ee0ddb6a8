"""The commands as scripts run them, each a process of its own: what stands on stdout, and the exit code."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from plugins.kubernetes.model import marks
from tests.journeys.test_simulated import NODE, Stage, budget, stage

__all__ = ["stage"]

ROOT = Path(__file__).parents[2]
WITHIN = 120.0
OK, FAILED, USAGE, DECIDE, NO, UNKNOWN = range(6)
DENIED = 'admission webhook "guard.shop" denied the request: not on a Friday'


def pod(name: str, /, **owner: Any) -> dict[str, Any]:
    meta: dict[str, Any] = {"namespace": "shop", "name": name}
    if owner:
        meta["ownerReferences"] = [{"uid": "1-2-3", "controller": True, **owner}]
    spec = {"nodeName": NODE, "containers": [{"name": "one", "image": "one:1"}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}


CASES = {
    "safe": ((), OK),
    "decide": ((pod("alone"),), DECIDE),
    "no": ((budget(8),), NO),
    "unknown": ((pod("odd", apiVersion="example.com/v1", kind="Widget", name="odd"),), UNKNOWN),
}


@dataclass
class Ended:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


async def pilothouse(stage: Stage, *words: str) -> Ended:
    """Run the command; nobody sits at its stdin."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "console", *words, "--kubeconfig", str(stage.simulator.kubeconfig),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    async with asyncio.timeout(WITHIN):
        out, err = await process.communicate()
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())


@pytest.mark.parametrize("case", CASES)
async def test_a_plan_and_a_drain_end_with_the_same_answer(stage: Stage, case: str) -> None:
    things, code = CASES[case]
    for thing in things:
        stage.simulator.cluster.add(thing)
    planned = await pilothouse(stage, "plan", "drain", NODE, "-o", "json")
    assert planned.code == code, planned.err
    plan = json.loads(planned.out)
    assert (plan["exit"], plan["verdict"]) == (code, case.upper())
    if code == OK:
        return  # the next test carries one out
    drained = await pilothouse(stage, "drain", NODE, "--reason", "disk", "--yes", "-o", "json")
    assert drained.code == code, drained.err
    told = json.loads(drained.out)
    assert (told["exit"], told["nodes"], told["run"]) == (code, [NODE], "drain")
    assert "unschedulable" not in stage.node()["spec"], "a plan that may not start changes nothing"


async def test_a_drain_that_ends_gives_the_run_and_one_without_consent_says_what_is_missing(stage: Stage) -> None:
    asked = await pilothouse(stage, "drain", NODE, "--reason", "disk")
    assert (asked.code, asked.out) == (USAGE, "")
    assert "--yes" in asked.err
    silent = await pilothouse(stage, "drain", NODE, "--yes")
    assert (silent.code, silent.out) == (USAGE, "")
    assert "--reason" in silent.err
    done = await pilothouse(stage, "drain", NODE, "--reason", "disk", "--yes", "-o", "json")
    assert done.code == OK, done.err
    assert json.loads(done.out)["status"] == "done"
    assert stage.pods(NODE) == {}


async def test_a_drain_whose_question_nobody_answers_ends_and_the_run_waits(stage: Stage) -> None:
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "code": 403}
    stage.simulator.world.faults.script("POST .*/eviction", status=403, body={**body, "message": DENIED}, times=-1)
    asked = await pilothouse(stage, "drain", NODE, "--reason", "disk", "--yes", "-o", "json")
    assert asked.code == DECIDE, asked.err
    told = json.loads(asked.out)
    assert told["status"] == "asks"
    run, step = told["run"], next(each["step"] for each in told["waiting"] if each["asks"])
    assert f"pilothouse runs answer {run} {step} retry|skip|undo|stop" in asked.err
    assert stage.node()["metadata"]["annotations"][marks.RUN] == run
    assert (await pilothouse(stage, "runs", "follow", run)).code == DECIDE

    aborted = await pilothouse(stage, "runs", "abort", run, "--yes", "--reason", "another day")
    assert aborted.code == OK, aborted.err
    ended = await pilothouse(stage, "runs", "follow", run, "-o", "json")
    assert ended.code == 6, ended.err
    assert json.loads(ended.out)["status"] == "aborted"
    assert "unschedulable" not in stage.node()["spec"]
