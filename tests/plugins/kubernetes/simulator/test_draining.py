from __future__ import annotations

import json

from plugins.kubernetes.simulator.kinds import BUDGETS, NODES, PODS, STATEFUL_SETS, VOLUMES
from plugins.kubernetes.simulator.store import Entry
from tests.plugins.kubernetes.simulator.conftest import Wire


def budget(wire: Wire, key: str) -> dict[str, int]:
    entry = wire.simulator.world.store.get(BUDGETS, key)
    assert entry is not None
    return entry.status


def pods_on(wire: Wire, node: str, *namespaces: str) -> list[Entry]:
    held = wire.simulator.cluster.desk.pods.on_node(node)
    return [pod for pod in held if pod.namespace in namespaces]


async def test_a_second_eviction_under_one_budget_is_429_with_its_cause(wire: Wire) -> None:
    granted = await wire.evict("pulsar", "pulsar-bookie-0")
    assert (granted.status_code, granted.json()["status"]) == (201, "Success")
    refused = await wire.evict("pulsar", "pulsar-bookie-1")
    assert refused.status_code == 429
    assert "retry-after" not in refused.headers
    assert refused.json() == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": "Cannot evict pod as it would violate the pod's disruption budget.",
        "reason": "TooManyRequests",
        "details": {
            "causes": [
                {
                    "reason": "DisruptionBudget",
                    "message": "The disruption budget pulsar-bookie needs 2 healthy pods and has 3 currently",
                }
            ]
        },
        "code": 429,
    }


async def test_a_budget_that_is_not_yet_seen_asks_to_come_back_in_ten_seconds(wire: Wire) -> None:
    path = "/apis/policy/v1/namespaces/pulsar/poddisruptionbudgets/pulsar-bookie"
    await wire.patch(path, {"spec": {"maxUnavailable": 2}}, "merge")
    answer = await wire.evict("pulsar", "pulsar-bookie-0")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "10")
    assert answer.json()["details"]["retryAfterSeconds"] == 10
    wire.clock.advance(1)
    assert (await wire.evict("pulsar", "pulsar-bookie-0")).status_code == 201
    assert (await wire.evict("pulsar", "pulsar-bookie-1")).status_code == 201


async def test_two_budgets_are_500(wire: Wire) -> None:
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"component": "bookie"}}}
    made = {"metadata": {"name": "second"}, "spec": spec}
    await wire.http.post("/apis/policy/v1/namespaces/pulsar/poddisruptionbudgets", json=made)
    wire.clock.advance(1)
    answer = await wire.evict("pulsar", "pulsar-bookie-0")
    assert answer.status_code == 500
    assert answer.json()["message"] == (
        "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
    )


async def test_an_eviction_of_another_uid_is_409_and_has_spent_the_budget_all_the_same(wire: Wire) -> None:
    answer = await wire.evict(
        "pulsar", "pulsar-bookie-0", preconditions={"uid": "11111111-1111-4111-8111-111111111111"}
    )
    assert (answer.status_code, answer.json()["reason"]) == (409, "Conflict")
    assert not wire.pod("pulsar/pulsar-bookie-0").deleting
    assert budget(wire, "pulsar/pulsar-bookie")["disruptionsAllowed"] == 0
    wire.clock.advance(130)
    assert budget(wire, "pulsar/pulsar-bookie")["disruptionsAllowed"] == 1


async def test_a_dry_run_asks_the_budget_and_spends_nothing(wire: Wire) -> None:
    for _ in range(2):
        assert (await wire.evict("pulsar", "pulsar-bookie-0", dryRun=["All"])).status_code == 201
    assert budget(wire, "pulsar/pulsar-bookie")["disruptionsAllowed"] == 1
    await wire.evict("pulsar", "pulsar-bookie-1")
    assert (await wire.evict("pulsar", "pulsar-bookie-0", dryRun=["All"])).status_code == 429


async def test_an_unready_pod_may_go_while_the_others_suffice(wire: Wire) -> None:
    wire.simulator.cluster.crash("pulsar/pulsar-bookie-2")
    wire.clock.advance(5)
    status = budget(wire, "pulsar/pulsar-bookie")
    assert (status["disruptionsAllowed"], status["currentHealthy"]) == (0, 2)
    assert (await wire.evict("pulsar", "pulsar-bookie-0")).status_code == 429
    assert (await wire.evict("pulsar", "pulsar-bookie-2")).status_code == 201


async def test_a_pod_is_terminating_for_its_grace_and_then_gone(wire: Wire) -> None:
    await wire.evict("default", "debug-shell")
    pod = wire.pod("default/debug-shell")
    assert pod.meta["deletionGracePeriodSeconds"] == 5
    target = next(c for c in pod.status["conditions"] if c["type"] == "DisruptionTarget")
    assert (target["reason"], target["message"]) == ("EvictionByEvictionAPI", "Eviction API: evicting")
    wire.clock.advance(5)
    assert wire.gone("default/debug-shell")


async def test_a_drained_pulsar_node_keeps_its_members_waiting_for_their_disks_and_gets_them_back(wire: Wire) -> None:
    await wire.patch("/api/v1/nodes/node1", {"spec": {"unschedulable": True}})
    volumes = {v.name: v.uid for v in wire.simulator.world.store.each(VOLUMES)}
    before = {pod.key: pod.uid for pod in pods_on(wire, "node1", "pulsar")}
    assert "pulsar/pulsar-zookeeper-0" in before
    for key in before:
        assert (await wire.evict(*key.split("/"))).status_code == 201
    wire.clock.advance(60)
    assert pods_on(wire, "node1", "pulsar") == []
    bookie = wire.pod("pulsar/pulsar-bookie-0")
    assert bookie.status["phase"] == "Pending"
    (scheduled,) = [c for c in bookie.status["conditions"] if c["type"] == "PodScheduled"]
    assert scheduled["message"] == (
        "0/7 nodes are available: 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable, "
        "5 node(s) didn't match PersistentVolume's node affinity. no new claims to deallocate, "
        "preemption: 0/7 nodes are available: 7 Preemption is not helpful for scheduling."
    )
    (event,) = await events(wire, "pulsar", "pulsar-bookie-0", "FailedScheduling")
    assert event["message"] == scheduled["message"]
    assert (await wire.evict("pulsar", "pulsar-bookie-1")).status_code == 429
    await wire.patch("/api/v1/nodes/node1", {"spec": {"unschedulable": None}})
    wire.clock.advance(60)
    after = {pod.key: pod.uid for pod in pods_on(wire, "node1", "pulsar")}
    assert {"pulsar/pulsar-zookeeper-0", "pulsar/pulsar-bookie-0"} <= set(after)
    assert not set(before.values()) & set(after.values())
    assert {v.name: v.uid for v in wire.simulator.world.store.each(VOLUMES)} == volumes
    assert budget(wire, "pulsar/pulsar-bookie")["disruptionsAllowed"] == 1


async def events(wire: Wire, namespace: str, name: str, reason: str) -> list[dict[str, str]]:
    found = await wire.get(f"/api/v1/namespaces/{namespace}/events", fieldSelector=f"involvedObject.name={name}")
    return [item for item in found["items"] if item["reason"] == reason][-1:]


async def test_an_ordered_set_comes_back_one_after_the_other(wire: Wire) -> None:
    keys = [f"redis/my-redis-redis-ha-server-{n}" for n in range(3)]
    wire.simulator.cluster.delete_pods(*keys)
    started: list[str] = []
    for _ in range(200):
        wire.clock.advance(0.1)
        for key in keys:
            entry = wire.simulator.world.store.get(PODS, key)
            ready = entry is not None and not entry.deleting and entry.status.get("phase") == "Running"
            if ready and key not in started:
                started.append(key)
                later = [wire.simulator.world.store.get(PODS, other) for other in keys[keys.index(key) + 1 :]]
                assert not [
                    other for other in later if other and not other.deleting and other.status["phase"] == "Running"
                ]
    assert started == keys


async def test_a_parallel_set_comes_back_at_once(wire: Wire) -> None:
    keys = [f"kafka/my-cluster-kafka-{n}" for n in range(3)]
    wire.simulator.cluster.delete_pods(*keys)
    wire.clock.advance(2.2)
    assert [wire.pod(key).deleting for key in keys] == [False, False, False]


async def test_a_scaled_down_set_loses_its_highest_ordinal_and_keeps_the_claim(wire: Wire) -> None:
    path = "/apis/apps/v1/namespaces/redis/statefulsets/my-redis-redis-ha-server/scale"
    await wire.patch(path, {"spec": {"replicas": 2}}, "merge")
    wire.clock.advance(15)
    assert wire.gone("redis/my-redis-redis-ha-server-2")
    claim = await wire.get("/api/v1/namespaces/redis/persistentvolumeclaims/data-my-redis-redis-ha-server-2")
    assert claim["status"]["phase"] == "Bound"


async def test_a_new_template_rolls_from_the_top_and_on_delete_waits(wire: Wire) -> None:
    marks = {"spec": {"template": {"metadata": {"annotations": {"restarted": "now"}}}}}
    await wire.patch("/apis/apps/v1/namespaces/redis/statefulsets/my-redis-redis-ha-server", marks)
    await wire.patch("/apis/apps/v1/namespaces/kafka/statefulsets/my-cluster-kafka", marks)
    wire.clock.advance(0.5)
    assert wire.pod("redis/my-redis-redis-ha-server-2").deleting
    assert not wire.pod("redis/my-redis-redis-ha-server-0").deleting
    wire.clock.advance(60)
    redis = wire.simulator.world.store.get(STATEFUL_SETS, "redis/my-redis-redis-ha-server")
    kafka = wire.simulator.world.store.get(STATEFUL_SETS, "kafka/my-cluster-kafka")
    assert redis is not None
    assert kafka is not None
    assert redis.status["currentRevision"] == redis.status["updateRevision"]
    assert (redis.status["updatedReplicas"], redis.status["readyReplicas"]) == (3, 3)
    assert kafka.status["currentRevision"] != kafka.status["updateRevision"]
    assert "updatedReplicas" not in kafka.status


async def test_a_lost_node_is_unknown_tainted_and_evicted_after_five_minutes(wire: Wire) -> None:
    wire.simulator.cluster.stop_node("k8s-node1")
    wire.clock.advance(65)
    node = await wire.get("/api/v1/nodes/k8s-node1")
    ready = next(c for c in node["status"]["conditions"] if c["type"] == "Ready")
    assert (ready["status"], ready["reason"]) == ("Unknown", "NodeStatusUnknown")
    assert {(t["key"], t["effect"]) for t in node["spec"]["taints"]} == {
        ("node.kubernetes.io/unreachable", "NoSchedule"),
        ("node.kubernetes.io/unreachable", "NoExecute"),
    }
    redis = wire.pod("redis/my-redis-redis-ha-server-0")
    assert next(c["status"] for c in redis.status["conditions"] if c["type"] == "Ready") == "False"
    assert not redis.deleting
    wire.clock.advance(310)
    assert wire.pod("redis/my-redis-redis-ha-server-0").deleting
    calico = [pod for pod in pods_on(wire, "k8s-node1", "kube-system") if pod.name.startswith("calico")]
    assert [pod.deleting for pod in calico] == [False]
    wire.clock.advance(600)
    assert wire.pod("redis/my-redis-redis-ha-server-0").deleting
    wire.simulator.cluster.start_node("k8s-node1")
    wire.clock.advance(60)
    back = wire.pod("redis/my-redis-redis-ha-server-0")
    assert back.uid != redis.uid
    assert back.status["phase"] == "Running"
    assert "taints" not in (await wire.get("/api/v1/nodes/k8s-node1"))["spec"]


async def test_a_deleted_node_loses_its_pods_and_rejoins_without_label_and_taint(wire: Wire) -> None:
    await wire.patch("/api/v1/nodes/node3", {"spec": {"unschedulable": True}})
    await wire.http.delete("/api/v1/nodes/node3")
    wire.clock.advance(60)
    assert pods_on(wire, "node3", "pulsar", "kube-system") == []
    wire.simulator.cluster.join_node("node3")
    wire.clock.advance(30)
    node = wire.simulator.world.store.get(NODES, "node3")
    assert node is not None
    assert "node-role.kubernetes.io/pulsar" not in node.labels
    assert "taints" not in node.spec
    assert next(c["status"] for c in node.status["conditions"] if c["type"] == "Ready") == "True"
    assert wire.pod("pulsar/pulsar-zookeeper-2").spec["nodeName"] == "node3"
    assert wire.pod("pulsar/pulsar-proxy-2").status["phase"] == "Pending"


async def test_a_mirror_pod_comes_back_by_itself(wire: Wire) -> None:
    uid = wire.pod("kube-system/etcd-k8s-master1").uid
    path = "/api/v1/namespaces/kube-system/pods/etcd-k8s-master1"
    await wire.http.request("DELETE", path, content=json.dumps({"gracePeriodSeconds": 0}))
    wire.clock.advance(10)
    assert wire.pod("kube-system/etcd-k8s-master1").uid != uid
    assert wire.pod("kube-system/etcd-k8s-master1").status["phase"] == "Running"


async def test_services_lose_and_regain_the_endpoint_of_a_member(wire: Wire) -> None:
    path = "/apis/discovery.k8s.io/v1/namespaces/redis/endpointslices"
    chosen = "kubernetes.io/service-name=my-redis-redis-ha"

    async def ready() -> int:
        (found,) = (await wire.get(path, labelSelector=chosen))["items"]
        return sum(point["conditions"]["ready"] for point in found["endpoints"])

    assert await ready() == 3
    wire.simulator.cluster.delete_pods("redis/my-redis-redis-ha-server-1")
    wire.clock.advance(0.3)
    assert await ready() == 2
    wire.clock.advance(20)
    assert await ready() == 3
