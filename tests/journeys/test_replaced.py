"""A node whose machine was reset: from the silent kubelet to pods on the new Node, and what no journal may hold."""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from console import runs, telling
from console.cli import beginning
from console.cli.arguments import parser
from console.cli.following import as_json, follow
from console.cli.plan import target_of
from console.errors import NotFound, Refused, UsageError
from console.gate import YES
from console.instructing import instructions
from console.model import Answer
from console.plugin import Target
from console.runtime import Runtime
from console.workflow.events import Aborted, End
from console.workflow.execution import carry_out
from console.workflow.journal import append
from console.workflow.runner import equip
from console.workflow.starting import start
from console.workflow.state import State
from plugins.kubernetes.maintenance.minting import TTL
from plugins.kubernetes.model import marks
from plugins.kubernetes.simulator.kinds import CONFIG_MAPS, NODES, SECRETS
from tests.journeys.test_simulated import NODE, Stage, stage

__all__ = ["stage"]

PATIENCE = 600.0
TAINT = {"key": "dedicated", "value": "shop", "effect": "PreferNoSchedule"}


async def out(stage: Stage, runtime: Runtime) -> str:
    """The node is given what only a person gives, and drained; its uid."""

    def given(body: dict[str, Any]) -> None:
        body["metadata"]["annotations"]["example.com/rack"] = "r7"
        body["spec"]["taints"] = [TAINT]

    stage.simulator.world.change(NODES, NODE, given)
    run = await begun(runtime, runs.target("drain", [NODE]), YES)
    assert await carry_out(run, await equip(runtime, run)) is End.DONE
    return str(stage.node()["metadata"]["uid"])


async def rejoin(runtime: Runtime, given: str = NODE, **options: Any) -> str:
    """A run of the other way, begun as `--way reset --name NODE` does."""
    return await begun(runtime, runs.target("rejoin", [NODE], options={"way": "reset", **options}), given)


async def begun(runtime: Runtime, asked: Target, given: str) -> str:
    """At fifty times life's pace on a busy machine, the first rows need patience."""
    plan = await runs.plan(runtime, asked, within=PATIENCE)
    assert plan.exit_code == 0, plan.verdict
    store = await runtime.offer(lambda offers: offers.journal)
    return await start(plan, store, await runtime.gate(), clock=runtime.clock, reason="new image", given=given)


def tokens(stage: Stage) -> dict[str, str]:
    """Ids and secret halves, but those of the reference topology."""
    found = {
        entry.name.removeprefix("bootstrap-token-"): base64.b64decode(entry.body["data"]["token-secret"]).decode()
        for entry in stage.simulator.world.store.each(SECRETS)
        if entry.name.startswith("bootstrap-token-")
    }
    return {key: value for key, value in found.items() if key not in {"labday", "forevr"}}


def shared(stage: Stage) -> str:
    """All that was written where colleagues can read."""
    return json.dumps([entry.body for entry in stage.simulator.world.store.each(CONFIG_MAPS)])


async def now(runtime: Runtime, run: str) -> State:
    return (await runs.look(runtime, run)).state


async def seen(stage: Stage, runtime: Runtime, run: str, what: Callable[[State], str]) -> str:
    """Wait for words in the journal."""
    end = stage.clock.now() + 3000
    while not (words := what(await now(runtime, run))):
        assert stage.clock.now() < end, "it did not come about"
        await stage.clock.sleep(0.2)
    return words


async def test_a_node_that_was_reset_comes_back_with_all_that_it_had(stage: Stage) -> None:
    async with stage.desk() as runtime:
        old = await out(stage, runtime)
        run = await rejoin(runtime)
        work = asyncio.create_task(carry_out(run, await equip(runtime, run)))
        silent = f"kubernetes/silent/{NODE}"
        waits = await seen(stage, runtime, run, lambda state: state.steps[silent].waiting)
        assert "`systemctl stop kubelet`" in waits
        assert list(await instructions(runtime, await runs.look(runtime, run))) == [silent]
        assert stage.node()["metadata"]["uid"] == old, "a Node was deleted whose kubelet is at work"

        stage.simulator.cluster.stop_node(NODE)
        join = f"kubernetes/join/{NODE}"
        await seen(stage, runtime, run, lambda state: state.steps[join].waiting)
        page = await runs.look(runtime, run)
        ((token, secret),) = tokens(stage).items()
        told = (await instructions(runtime, page))[join]
        lines = [line for line in told.splitlines() if not line.startswith("#")]
        assert lines[0] == "systemctl stop kubelet"
        assert lines.index("kubeadm reset") < next(n for n, line in enumerate(lines) if "/etc/cni/net.d" in line)
        assert lines[-1].startswith(f"kubeadm join cluster-endpoint:6443 --token {token}.{secret} --discovery-token-ca")
        assert "runs show" in page.state.steps[join].waiting
        assert secret not in shared(stage) + json.dumps(as_json(page))

        stage.simulator.cluster.attend()
        assert await work is End.DONE
        after = await now(runtime, run)
        assert after.steps[join].evidence.startswith(f"{NODE} has joined by csr-")
        assert "signature is right" in after.steps[f"kubernetes/token/{NODE}"].evidence
        assert [record for record in await (await runtime.offer(lambda o: o.leases)).list() if record.holder] == []
    node = stage.node()
    assert node["metadata"]["uid"] != old
    assert node["metadata"]["labels"]["pool"] == "spare"
    assert node["metadata"]["annotations"]["example.com/rack"] == "r7"
    assert not [key for key in node["metadata"]["annotations"] if key.startswith(marks.PREFIX)]
    assert node["spec"].get("taints") == [TAINT]
    assert not node["spec"].get("unschedulable")
    assert tokens(stage) == {}
    assert secret not in shared(stage)


async def test_an_abort_deletes_the_token(stage: Stage) -> None:
    async with stage.desk() as runtime:
        await out(stage, runtime)
        stage.simulator.cluster.stop_node(NODE)
        run = await rejoin(runtime)
        work = asyncio.create_task(carry_out(run, await equip(runtime, run)))
        await seen(stage, runtime, run, lambda state: state.steps[f"kubernetes/join/{NODE}"].waiting)
        assert len(tokens(stage)) == 1
        store = await runtime.offer(lambda offers: offers.journal)
        await append(store, run, Aborted(stage.clock.now(), "anna", "the disk is broken too"))
        assert await work is End.ABORTED
        assert "Left behind" not in await telling.report(runtime, run)
    assert tokens(stage) == {}


async def test_a_stop_leaves_the_token_and_says_how_it_is_deleted(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    async with stage.desk() as runtime:
        await out(stage, runtime)
        stage.simulator.cluster.stop_node(NODE)
        run = await rejoin(runtime)
        work = asyncio.create_task(carry_out(run, await equip(runtime, run)))
        join = f"kubernetes/join/{NODE}"
        await seen(stage, runtime, run, lambda state: state.steps[join].waiting)
        ((token, _),) = tokens(stage).items()
        odd = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Invalid", "code": 422}
        stage.simulator.world.faults.script("GET .*/certificatesigningrequests", status=422, body=odd, times=1)
        await seen(stage, runtime, run, lambda state: state.steps[join].question)
        assert "Left behind" not in await telling.report(runtime, run)
        await runs.answer(runtime, run, join, choice=runs.Choice.STOP)
        assert await work is End.STOPPED
        says = f"pilothouse token delete {token}"
        assert tokens(stage).keys() == {token}
        assert f"## Left behind\n\n- token {token}: " in (report := await telling.report(runtime, run))
        assert says in report
        assert f"left behind: token {token}: " in await telling.note(runtime, run)
        assert await follow(runtime, run) == 6
        assert says in capsys.readouterr().err


async def test_a_node_that_somebody_deleted_gets_back_what_its_drain_remembered(stage: Stage) -> None:
    async with stage.desk() as runtime:
        await out(stage, runtime)
        stage.simulator.cluster.attend()
        stage.simulator.cluster.stop_node(NODE)
        entry = stage.simulator.world.store.get(NODES, NODE)
        assert entry is not None
        stage.simulator.world.delete(entry)
        await stage.clock.sleep(5)
        run = await rejoin(runtime)
        assert await carry_out(run, await equip(runtime, run)) is End.DONE
        after = await now(runtime, run)
        assert "no Node" in after.steps[f"kubernetes/delete/{NODE}"].evidence
    assert stage.node()["metadata"]["labels"]["pool"] == "spare"
    assert stage.node()["spec"].get("taints") == [TAINT]
    assert not stage.node()["spec"].get("unschedulable")


async def test_a_token_that_ends_before_the_join_is_asked_about_and_made_anew(stage: Stage) -> None:
    async with stage.desk() as runtime:
        await out(stage, runtime)
        stage.simulator.cluster.stop_node(NODE)
        run = await rejoin(runtime)
        work = asyncio.create_task(carry_out(run, await equip(runtime, run)))
        join = f"kubernetes/join/{NODE}"
        await seen(stage, runtime, run, lambda state: state.steps[join].waiting)
        ((token, first),) = tokens(stage).items()
        gone = stage.simulator.world.store.get(SECRETS, f"kube-system/bootstrap-token-{token}")
        assert gone is not None
        stage.simulator.world.delete(gone)  # as the token cleaner does after two hours
        question = await seen(stage, runtime, run, lambda state: state.steps[join].question)
        assert "has ended" in question
        stage.simulator.cluster.attend()
        await runs.answer(runtime, run, join, choice=runs.Choice.RETRY)
        await stage.until(lambda: token in tokens(stage) and tokens(stage)[token] != first)
        assert await work is End.DONE
    assert tokens(stage) == {}
    assert TTL == 7200


def typed(*words: str) -> argparse.Namespace:
    return parser().parse_args(["rejoin", NODE, "--reason", "new image", *words])


def test_the_way_is_an_option_of_a_rejoin_and_a_new_name_of_a_replaced_node_alone() -> None:
    assert target_of(typed("--way", "reset")).options == {"way": "reset"}
    renamed = target_of(typed("--way", "replaced", "--new-name", "n9"))
    assert renamed.options == {"way": "replaced", "new-name": "n9"}
    for words in (["--new-name", "n9"], ["--way", "reset", "--new-name", "n9"]):
        with pytest.raises(UsageError, match="for one node that is replaced"):
            target_of(typed(*words))
    with pytest.raises(UsageError, match="`N_9` is no name of a node"):
        target_of(typed("--way", "replaced", "--new-name", "N_9"))
    with pytest.raises(SystemExit):
        typed("--way", "prayer")


async def test_what_deletes_a_node_wants_its_name_and_another_way_is_told(stage: Stage) -> None:
    async with stage.desk() as runtime:
        await out(stage, runtime)
        with pytest.raises(Refused, match="needs its name typed: it destroys"):
            await rejoin(runtime, given=YES)
        made = await runs.plan(runtime, target_of(typed("--way", "reset")), within=PATIENCE)
        with pytest.raises(UsageError, match=f"it deletes Node {NODE}: --yes is not enough"):
            beginning._consent(runtime, made, typed("--way", "reset", "--yes"))  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
        odd = await runs.plan(runtime, runs.target("rejoin", [NODE], options={"way": "prayer"}), within=PATIENCE)
        assert odd.verdict.answer is Answer.UNKNOWN
        master = await runs.plan(
            runtime, runs.target("rejoin", ["k8s-master1"], options={"way": "reset"}), within=PATIENCE
        )
        assert master.verdict.answer is Answer.NO
        assert "cannot be done by the API" in str(master.verdict.leading)
        with pytest.raises(NotFound):
            await runs.look(runtime, "r-000")
