"""Each scripted fault does what its line says, and heals where it should."""

from __future__ import annotations

import asyncio
import base64
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from plugins.kubernetes.simulator import SCENARIOS, ManualClock, serve
from plugins.kubernetes.simulator.answers import Answer
from plugins.kubernetes.simulator.calls import request
from plugins.kubernetes.simulator.kinds import BUDGETS, NODES
from plugins.kubernetes.simulator.reference.platform import bootstrap_token
from plugins.kubernetes.simulator.scenarios import settled
from tests.plugins.kubernetes.simulator.conftest import Lines, Wire

Play = Callable[[str], Awaitable[Wire]]


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Play]:
    opened: list[Wire] = []

    async def start(name: str) -> Wire:
        clock = ManualClock()
        simulator = await serve(tmp_path, scenario=name, clock=clock)
        headers = {"Authorization": f"Bearer {simulator.token}"}
        http = httpx.AsyncClient(base_url=simulator.url, headers=headers, trust_env=False, timeout=10)
        opened.append(Wire(simulator, clock, http))
        return opened[-1]

    yield start
    for wire in opened:
        await wire.http.aclose()
        await wire.simulator.close()


def test_every_scenario_has_a_line() -> None:
    named = {"node-lost", "budget-blocked", "disk-gone", "api-flap", "api-slow", "token-expired", "gone-410"}
    named |= {"forbidden", "throttled", "crashloop", "pending-pods", "two-budgets"}
    assert named <= set(SCENARIOS)
    assert all(20 < len(line) < 120 for line in SCENARIOS.values())


async def test_an_unknown_scenario_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="node-lost"):
        await serve(tmp_path, scenario="nonsense")


async def test_node_lost(play: Play) -> None:
    wire = await play("node-lost")
    wire.clock.advance(80)
    node = wire.simulator.world.store.get(NODES, "node2")
    assert node is not None
    assert next(c["status"] for c in node.status["conditions"] if c["type"] == "Ready") == "Unknown"
    assert (await wire.http.get("/api/v1/nodes/node2/proxy/stats/summary")).status_code == 503


async def test_budget_blocked(play: Play) -> None:
    wire = await play("budget-blocked")
    wire.clock.advance(30)
    refused = await wire.evict("pulsar", "pulsar-bookie-0")
    assert refused.status_code == 429
    assert "needs 2 healthy pods and has 2 currently" in refused.json()["details"]["causes"][0]["message"]


async def test_disk_gone_and_found(play: Play) -> None:
    wire = await play("disk-gone")
    wire.simulator.cluster.delete_pods("pulsar/pulsar-zookeeper-0")
    wire.clock.advance(30)
    pod = wire.pod("pulsar/pulsar-zookeeper-0")
    assert pod.status["phase"] == "Pending"
    assert pod.status["containerStatuses"][0]["state"]["waiting"]["reason"] == "ContainerCreating"
    found = await wire.get("/api/v1/namespaces/pulsar/events", fieldSelector="reason=FailedMount")
    assert "path does not exist" in found["items"][0]["message"]
    wire.simulator.cluster.find_disk(*wire.simulator.world.faults.lost_disks.copy())
    wire.clock.advance(5)
    assert wire.pod("pulsar/pulsar-zookeeper-0").status["phase"] == "Running"


async def test_api_flap_refuses_and_comes_back_at_the_same_port(play: Play) -> None:
    wire = await play("api-flap")
    async with wire.http.stream("GET", "/api/v1/nodes", params={"watch": "1"}) as watch:
        lines = Lines(watch)
        await lines.take(7)
        wire.clock.advance(20.5)
        with pytest.raises(httpx.TransportError):
            await lines.next()
    with pytest.raises(httpx.TransportError):
        await wire.http.get("/version")
    wire.clock.advance(15)
    await settled()
    assert (await wire.get("/version"))["major"] == "1"


async def test_api_slow_takes_the_worlds_time(play: Play) -> None:
    wire = await play("api-slow")
    headers = ((b"Authorization", f"Bearer {wire.simulator.token}".encode()),)
    asked = asyncio.ensure_future(wire.simulator.api.answer(request("GET", "/version", headers, b"")))
    await asyncio.sleep(0)
    wire.clock.advance(1.9)
    await asyncio.sleep(0)
    assert not asked.done()
    wire.clock.advance(0.2)
    reply, _ = await asked
    assert isinstance(reply, Answer)
    assert reply.status == 200


async def test_token_expired(play: Play) -> None:
    wire = await play("token-expired")
    assert (await wire.http.get("/api/v1/nodes")).status_code == 200
    wire.clock.advance(31)
    assert (await wire.http.get("/api/v1/nodes")).status_code == 401


async def test_gone_410_ends_watches_and_their_versions(play: Play) -> None:
    wire = await play("gone-410")
    version = (await wire.get("/api/v1/nodes"))["metadata"]["resourceVersion"]
    wire.clock.advance(16)
    async with wire.http.stream("GET", "/api/v1/nodes", params={"watch": "1", "resourceVersion": version}) as answer:
        ((kind, status),) = await Lines(answer).rest()
    assert (kind, status["code"]) == ("ERROR", 410)


async def test_forbidden_is_a_viewer_of_two_namespaces(play: Play) -> None:
    wire = await play("forbidden")
    nodes = await wire.http.get("/api/v1/nodes")
    assert nodes.json()["message"] == (
        'nodes is forbidden: User "viewer" cannot list resource "nodes" in API group "" at the cluster scope'
    )
    assert (await wire.http.get("/api/v1/pods")).status_code == 403
    assert (await wire.http.get("/api/v1/namespaces/pulsar/pods")).status_code == 403
    assert len(await wire.names("/api/v1/namespaces/kafka/pods")) > 5
    assert (await wire.evict("kafka", "my-cluster-kafka-0")).status_code == 403
    review = {"spec": {"resourceAttributes": {"verb": "list", "resource": "pods", "namespace": "kafka"}}}
    asked = await wire.http.post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", json=review)
    assert asked.json()["status"] == {"allowed": True}
    review["spec"]["resourceAttributes"] = {"verb": "patch", "resource": "nodes"}
    asked = await wire.http.post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", json=review)
    assert asked.json()["status"] == {"allowed": False}
    rules = {"spec": {"namespace": "kafka"}}
    told = (await wire.http.post("/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", json=rules)).json()["status"]
    assert any("pods" in rule["resources"] and "watch" in rule["verbs"] for rule in told["resourceRules"])


async def test_throttled(play: Play) -> None:
    wire = await play("throttled")
    wire.clock.advance(11)
    answers = [(await wire.http.get("/version")) for _ in range(41)]
    assert [answer.status_code for answer in answers] == [429] * 40 + [200]
    assert answers[0].headers["retry-after"] == "1"
    assert "causes" not in answers[0].json()["details"]


async def test_crashloop(play: Play) -> None:
    wire = await play("crashloop")
    wire.clock.advance(120)
    held = wire.pod("pulsar/pulsar-zookeeper-1").status["containerStatuses"][0]
    assert held["restartCount"] >= 3
    assert held["lastState"]["terminated"]["exitCode"] == 1
    wire.simulator.cluster.heal("pulsar/pulsar-zookeeper-1")
    wire.clock.advance(400)
    assert wire.pod("pulsar/pulsar-zookeeper-1").status["containerStatuses"][0]["ready"] is True


async def test_pending_pods(play: Play) -> None:
    wire = await play("pending-pods")
    wire.clock.advance(30)
    listed = await wire.names("/api/v1/namespaces/pulsar/pods", fieldSelector="status.phase=Pending")
    assert listed == ["pulsar-bookie-0", "pulsar-zookeeper-0"]


async def test_two_budgets(play: Play) -> None:
    wire = await play("two-budgets")
    wire.clock.advance(1)
    assert wire.simulator.world.store.count(BUDGETS) == 7
    assert (await wire.evict("kafka", "my-cluster-kafka-0")).status_code == 500


@pytest.mark.parametrize("garble", ["truncated", "not-json", "empty"])
async def test_scripted_answers_break_in_the_ways_that_networks_do(wire: Wire, garble: str) -> None:
    wire.simulator.world.faults.script("GET /api/v1/nodes$", status=200, garble=garble)
    if garble == "truncated":
        with pytest.raises(httpx.RemoteProtocolError):
            await wire.http.get("/api/v1/nodes")
    else:
        answer = await wire.http.get("/api/v1/nodes")
        assert answer.text == ("" if garble == "empty" else "<html><body>gateway</body></html>")
    assert len(await wire.names("/api/v1/nodes")) == 7


async def test_node_reset(play: Play) -> None:
    """A drained node goes silent; its machine joins with a token that is for it, signed for, and has not ended."""
    wire = await play("node-reset")
    cluster, store = wire.simulator.cluster, wire.simulator.world.store

    def unheard() -> set[str]:
        ready = {n.name: c["status"] for n in store.each(NODES) for c in n.status["conditions"] if c["type"] == "Ready"}
        return {name for name, status in ready.items() if status != "True"}

    wire.clock.advance(120)
    assert unheard() == set()
    spare = {"kubernetes.io/hostname": "spare", "pool": "spare"}
    cluster.add({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "spare", "labels": spare}, "spec": {}})
    wire.clock.advance(30)
    cluster.cordon("spare")
    wire.clock.advance(80)
    assert unheard() == {"spare"}
    assert (await wire.http.delete("/api/v1/nodes/spare")).status_code == 200
    requests = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
    await post_token(wire, "abcdef", "pilothouse run r-1 for another")
    wire.clock.advance(60)
    assert await wire.names(requests) == []

    await post_token(wire, "ghijkl", "pilothouse run r-1 for spare")
    wire.clock.advance(9)
    (asked,) = (await wire.get(requests))["items"]
    assert asked["spec"]["username"] == "system:bootstrap:ghijkl"
    assert "certificate" not in asked["status"]
    wire.clock.advance(10)
    back = store.get(NODES, "spare")
    assert back is not None
    assert "pool" not in back.labels
    assert unheard() == set()


async def post_token(wire: Wire, token: str, description: str) -> None:
    made = bootstrap_token(token, "0123456789abcdef", wire.clock.now() + 600)
    made["data"]["description"] = base64.b64encode(description.encode()).decode()
    assert (await wire.http.post("/api/v1/namespaces/kube-system/secrets", json=made)).status_code == 201


async def test_the_process_prints_its_kubeconfig_and_ends_on_sigterm(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "plugins.kubernetes.simulator", "--directory", str(tmp_path)]
    child = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    assert child.stdout is not None
    path = Path((await child.stdout.readline()).decode().strip())
    assert path == tmp_path / "kubeconfig"
    server = next(line.split()[-1] for line in path.read_text().splitlines() if "server:" in line)
    async with httpx.AsyncClient(trust_env=False) as http:
        assert (await http.get(f"{server}/readyz")).text == "ok"
    child.terminate()
    assert await child.wait() == 0


async def test_the_process_lists_its_scenarios() -> None:
    command = [sys.executable, "-m", "plugins.kubernetes.simulator", "--list"]
    child = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    said, _ = await child.communicate()
    assert [line.split("  ")[0] for line in said.decode().splitlines()] == sorted(SCENARIOS)
