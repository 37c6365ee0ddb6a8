"""What the process of the sandbox has beside the reference topology."""

from __future__ import annotations

import asyncio

import pytest

from console import runs
from console.config import Settings
from console.errors import UsageError
from console.model import Answer
from console.runtime import Runtime
from console.sandbox import running
from plugins.kubernetes.simulator import Cluster, ManualClock
from plugins.kubernetes.simulator.kinds import NODES, PODS
from plugins.kubernetes.simulator.reference.build import reference
from plugins.kubernetes.simulator.reference.sandbox import MOVABLE, SPACE, SPARE, sandbox

MODULE = "plugins.kubernetes.simulator"
DAEMONS = "kube-system"


def places(cluster: Cluster) -> list[tuple[str, str]]:
    """What stands where, without the ends of names that chance gives."""
    pods = cluster.world.store.each(PODS)
    return sorted((pod.key.rpartition("-")[0], str(pod.spec["nodeName"])) for pod in pods if pod.namespace != DAEMONS)


def test_the_spare_worker_bears_one_of_two_replicas_each_and_nothing_else_has_moved() -> None:
    cluster = sandbox(ManualClock())
    there = [pod for pod in cluster.desk.pods.on_node(SPARE.name) if pod.namespace != DAEMONS]
    assert sorted(pod.labels["app"] for pod in there) == list(MOVABLE)
    added = [place for place in places(cluster) if place[0].startswith(f"{SPACE}/")]
    assert len(added) == 2 * len(MOVABLE)
    assert [place for place in places(cluster) if place not in added] == places(reference(ManualClock()))


def test_load_stands_on_nodes_of_its_own() -> None:
    store = sandbox(ManualClock(), nodes=2, pods=10).world.store
    load = [str(pod.spec["nodeName"]) for pod in store.each(PODS) if pod.namespace.startswith("load-")]
    assert sorted(load) == ["load-0000"] * 5 + ["load-0001"] * 5
    assert sum(node.name.startswith("load-") for node in store.each(NODES)) == 2


async def test_the_spare_worker_of_the_process_can_go_and_the_others_cannot() -> None:
    with running(MODULE, ["--scale", "1", "2"]) as made:
        connection = {"kubeconfig": (str(made.connection),)}
        async with Runtime(Settings(), connection=connection) as runtime:
            spare = await runs.plan(runtime, runs.target("drain", [SPARE.name]))
            other = await runs.plan(runtime, runs.target("drain", ["k8s-node1"]))
    assert spare.verdict.answer is Answer.SAFE
    assert sum(SPACE in step.title for step in spare.steps) == len(MOVABLE)
    assert other.verdict.answer is Answer.UNKNOWN


async def test_pods_without_a_node_to_stand_on_are_refused_in_words() -> None:
    def begin() -> None:
        with running(MODULE, ["--scale", "0", "5"]):
            raise AssertionError("it was served")

    with pytest.raises(UsageError, match="pods need a node"):
        await asyncio.to_thread(begin)
