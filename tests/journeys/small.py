"""A small simulated cluster: two workers, each with web pods and one member of a set that is bound to it by its volume.

It counts what it is asked: every request in order, and every effect that a run has on it.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from console import runs
from console.config import Settings
from console.runtime import Runtime
from console.workflow.starting import start
from plugins.kubernetes.simulator import Cluster, LiveClock, Simulator, serve
from plugins.kubernetes.simulator.answers import Answer, Reply
from plugins.kubernetes.simulator.calls import Request
from plugins.kubernetes.simulator.faults import Garble
from plugins.kubernetes.simulator.kinds import NODES, PODS
from tests.journeys.test_simulated import deployment, machine

NODE, OTHER = "spare-1", "spare-2"
MEMBERS = "shop/StatefulSet/zk"
VOUCHED = {"vouched": [MEMBERS]}
DECIDED = ("outage", "stays-pending", "abandoned-run")
SPEED = 50.0


class Clock(LiveClock):
    """The world's time, which tests may push on: everything that falls due on the way happens."""

    def push(self, seconds: float) -> None:
        self._started -= seconds / (self._speed - 1)  # now() is started + (wall - started) * speed
        self.run_due(self.now())
        self.arm()


@dataclass
class Asked:
    """One request: method, path, the agent's name, the body, and the code of the answer."""

    method: str
    path: str
    agent: str
    body: Any
    code: int


@dataclass
class Small:
    """The simulator and everything that was asked of it."""

    simulator: Simulator
    clock: Clock
    asked: list[Asked] = field(default_factory=list[Asked])
    hears: Callable[[Asked], None] = lambda _asked: None

    @asynccontextmanager
    async def desk(self) -> AsyncGenerator[Runtime]:
        """A console on a control node."""
        connection = {"kubeconfig": (str(self.simulator.kubeconfig),)}
        async with Runtime(Settings(), clock=self.clock, connection=connection) as runtime:
            yield runtime

    async def begin(self, runtime: Runtime, kind: str, node: str, **options: Any) -> str:
        """A run that is written and that nobody works on yet."""
        asked = runs.target(kind, [node], options={**VOUCHED, **options}, decisions=DECIDED)
        plan = await runs.plan(runtime, asked, within=3000.0)
        assert plan.exit_code == 0, plan.verdict
        store = await runtime.offer(lambda offers: offers.journal)
        return await start(plan, store, await runtime.gate(), clock=runtime.clock, reason="kernel update")

    def log(self) -> None:
        """Note every request from now on."""
        answer = self.simulator.transport._handler  # pyright: ignore[reportPrivateUsage] # noqa: SLF001

        async def noted(request: Request) -> tuple[Reply, Garble]:
            reply, garble = await answer(request)
            body = json.loads(request.body) if request.body[:1] == b"{" else None
            code = reply.status if isinstance(reply, Answer) else 200
            agent = next((value for name, value in request.headers.items() if name.lower() == "user-agent"), "")
            self.asked.append(Asked(request.method, request.path, agent, body, code))
            self.hears(self.asked[-1])
            return reply, garble

        self.simulator.transport._handler = noted  # pyright: ignore[reportPrivateUsage] # noqa: SLF001

    def effects(self) -> Counter[str]:
        """What runs did to the world, each with how often: evictions by uid, cordons by node."""
        found: Counter[str] = Counter()
        for each in self.asked:
            if each.code >= 300:
                continue
            if each.path.endswith("/eviction"):
                found[f"evict {each.body['deleteOptions']['preconditions']['uid']}"] += 1
            elif each.method == "PATCH" and "/nodes/" in each.path and "spec" in each.body:
                wanted = each.body["spec"].get("unschedulable")
                found[f"{'cordon' if wanted else 'uncordon'} {each.path.rpartition('/')[2]}"] += 1
        return found

    def pods(self, node: str) -> dict[str, str]:
        """The pods on a node: name and uid."""
        return {
            entry.name: entry.uid
            for entry in self.simulator.world.store.each(PODS)
            if entry.namespace == "shop" and entry.spec.get("nodeName") == node
        }

    def node(self, name: str) -> dict[str, Any]:
        entry = self.simulator.world.store.get(NODES, name)
        assert entry is not None
        return entry.body

    def ready(self) -> int:
        return sum(
            any(c["type"] == "Ready" and c["status"] == "True" for c in entry.status.get("conditions", ()))
            for entry in self.simulator.world.store.each(PODS)
            if entry.namespace == "shop" and not entry.deleting
        )

    async def until(self, condition: Any, within: float = 600.0) -> None:
        """Wait, in the world's time, for something in the world."""
        end = self.clock.now() + within
        while not condition():
            assert self.clock.now() < end, "it did not happen"
            await self.clock.sleep(0.2)


def local_volume(number: int, node: str) -> dict[str, Any]:
    terms = [{"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}]}]
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": f"zk-{number}"},
        "spec": {
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "local",
            "claimRef": {"namespace": "shop", "name": f"data-zk-{number}"},
            "local": {"path": f"/data/{number}"},
            "nodeAffinity": {"required": {"nodeSelectorTerms": terms}},
        },
    }


def members(replicas: int) -> dict[str, Any]:
    labels = {"app": "zk"}
    claim = {
        "metadata": {"name": "data"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "local",
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }
    box = {"name": "zk", "image": "zk:1", "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}}}
    pod = {"terminationGracePeriodSeconds": 2, "containers": [box]}
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"namespace": "shop", "name": "zk"},
        "spec": {
            "replicas": replicas,
            "serviceName": "zk",
            "podManagementPolicy": "Parallel",
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
            "volumeClaimTemplates": [claim],
        },
    }


@asynccontextmanager
async def small(folder: Path, *, web: int = 2, speed: float = SPEED) -> AsyncGenerator[Small]:
    """The cluster, settled, with its log running."""
    clock = Clock(speed=speed)
    cluster = Cluster(clock)
    storage = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "local"},
        "provisioner": "kubernetes.io/no-provisioner",
        "volumeBindingMode": "WaitForFirstConsumer",
    }
    for name in ("default", "kube-system", "kube-node-lease", "shop"):
        cluster.add({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    for item in (storage, machine(NODE), machine(OTHER), local_volume(0, NODE), local_volume(1, OTHER)):
        cluster.add(item)
    cluster.add(deployment(web))
    cluster.add(members(2))
    made = Small(await serve(folder, clock=clock, cluster=cluster), clock)
    try:
        await made.until(lambda: made.ready() == web + 2)
        made.log()
        yield made
    finally:
        await made.simulator.close()
    assert made.simulator.world.unexpected == []


async def quiet(*tasks: asyncio.Task[Any]) -> None:
    """Cancel and wait."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
