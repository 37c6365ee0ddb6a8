"""The scripted faults by name: what goes wrong in a demo or a test, and when."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from plugins.kubernetes.simulator.access import VIEWER, Rights, view_of
from plugins.kubernetes.simulator.clock import micro_stamp, stamp
from plugins.kubernetes.simulator.cluster import Cluster
from plugins.kubernetes.simulator.controllers.base import with_condition
from plugins.kubernetes.simulator.fields import rows
from plugins.kubernetes.simulator.kinds import BUDGETS, CLAIMS, LEASES, MUTATING, NODES, PODS, SECRETS, VOLUMES
from plugins.kubernetes.simulator.reference.shapes import daemon_set, service
from plugins.kubernetes.simulator.transport import Transport

Object = dict[str, Any]


@dataclass(slots=True)
class Stage:
    """What a scenario may touch."""

    cluster: Cluster
    rights: Rights
    transport: Transport
    token: str

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        """Do something in so many seconds of the world's time."""
        self.cluster.world.clock.after(seconds, act)


_SCRIPTS: dict[str, tuple[str, Callable[[Stage], None]]] = {}


def _scenario(name: str, line: str) -> Callable[[Callable[[Stage], None]], Callable[[Stage], None]]:
    def keep(script: Callable[[Stage], None]) -> Callable[[Stage], None]:
        _SCRIPTS[name] = (line, script)
        return script

    return keep


@_scenario("node-lost", "node2 dies after ten seconds: unreachable, its members unready, evicted after five minutes")
def _node_lost(stage: Stage) -> None:
    stage.after(10, lambda: stage.cluster.stop_node("node2"))


@_scenario("budget-blocked", "a bookie is down already, so the budget of the bookies allows no eviction")
def _budget_blocked(stage: Stage) -> None:
    stage.cluster.crash("pulsar/pulsar-bookie-2")


@_scenario("disk-gone", "the directories of node1's volumes are gone: its members will not start again")
def _disk_gone(stage: Stage) -> None:
    store = stage.cluster.world.store
    stage.cluster.lose_disk(
        *(volume.name for volume in store.each(VOLUMES) if volume.name.endswith("-0") and "pulsar" in volume.name)
    )


@_scenario("node-reset", "a drained node is reset: its kubelet stops after 20 s, and it joins when a token is there")
def _node_reset(stage: Stage) -> None:
    stage.cluster.attend(resets=True)


@_scenario("api-flap", "every minute the API server refuses connections for fifteen seconds")
def _api_flap(stage: Stage) -> None:
    def down() -> None:
        _later(stage.transport.cut(refuse=True))
        stage.after(15, up)

    def up() -> None:
        _later(stage.transport.restore())
        stage.after(45, down)

    stage.after(20, down)


_RUNNING: set[asyncio.Task[None]] = set()


def _later(work: Any) -> None:
    task = asyncio.get_running_loop().create_task(work)
    _RUNNING.add(task)
    task.add_done_callback(_RUNNING.discard)


async def settled() -> None:
    """Return when what scenarios have begun on the socket is done."""
    await asyncio.gather(*_RUNNING)


@_scenario("api-slow", "every answer takes two seconds")
def _api_slow(stage: Stage) -> None:
    stage.cluster.world.faults.delay = 2.0


@_scenario("token-expired", "the credential of the kubeconfig is refused after thirty seconds")
def _token_expired(stage: Stage) -> None:
    def expire() -> None:
        stage.cluster.world.faults.token_expired = True

    stage.after(30, expire)


@_scenario("gone-410", "every minute the history is dropped: watches and pages from before it end with 410")
def _gone(stage: Stage) -> None:
    def drop() -> None:
        stage.cluster.world.store.forget_history()
        stage.cluster.world.end_watches()
        stage.after(60, drop)

    stage.after(15, drop)


@_scenario("forbidden", "a viewer of the namespaces kafka and redis: no nodes, no lists of the whole cluster")
def _forbidden(stage: Stage) -> None:
    stage.rights.tokens[stage.token] = VIEWER
    stage.rights.rules[VIEWER.groups[0]] = view_of("kafka", "redis")


@_scenario("throttled", "the first forty requests after ten seconds are answered 429 with Retry-After")
def _throttled(stage: Stage) -> None:
    def throttle() -> None:
        stage.cluster.world.faults.throttle = 40

    stage.after(10, throttle)


@_scenario("crashloop", "a ZooKeeper, a bookie and an application crash again and again")
def _crashloop(stage: Stage) -> None:
    stage.cluster.crash("pulsar/pulsar-zookeeper-1", "pulsar/pulsar-bookie-2", "kafka/kafka-prometheus-0")


@_scenario("pending-pods", "node1 is cordoned and its members were deleted: they wait for its volumes")
def _pending(stage: Stage) -> None:
    cluster = stage.cluster
    cluster.cordon("node1")
    cluster.delete_pods("pulsar/pulsar-zookeeper-0", "pulsar/pulsar-bookie-0")


@_scenario("two-budgets", "the Kafka brokers have two budgets: their eviction is refused with 500")
def _two_budgets(stage: Stage) -> None:
    first = stage.cluster.world.store.get(BUDGETS, "kafka/my-cluster-kafka")
    if first is not None:
        meta = {"name": "my-cluster-kafka-second", "namespace": "kafka", "labels": dict(first.labels)}
        spec = first.draft()["spec"]
        stage.cluster.world.create(BUDGETS, {"metadata": meta, "spec": spec})


@_scenario("node-rejoined", "node1 was deleted and has joined again, without its label and its taint: its members wait")
def _node_rejoined(stage: Stage) -> None:
    cluster, store = stage.cluster, stage.cluster.world.store
    cluster.delete_pods(*(pod.key for pod in store.each(PODS) if pod.spec.get("nodeName") == "node1"))
    node = store.get(NODES, "node1")
    if node is not None:
        cluster.world.delete(node)
    stage.after(2, lambda: cluster.join_node("node1"))


@_scenario(
    "join-token-expired", "the join token that somebody wrote down expires after five seconds and is cleaned away"
)
def _join_token_expired(stage: Stage) -> None:
    def expire(body: Object) -> None:
        until = stamp(stage.cluster.world.clock.now() + 5)
        body["data"]["expiration"] = base64.b64encode(until.encode()).decode()

    stage.cluster.world.change(SECRETS, "kube-system/bootstrap-token-labday", expire)


@_scenario(
    "stale-cni", "node1 came back from a reset with an old CNI configuration: NotReady, its pods find no network"
)
def _stale_cni(stage: Stage) -> None:
    def edit(body: Object) -> None:
        for one in body["status"]["conditions"]:
            if one["type"] == "Ready":
                said = "container runtime network not ready: cni config uninitialized"
                one |= {"status": "False", "reason": "KubeletNotReady", "message": said}

    stage.cluster.world.change(NODES, "node1", edit)


@_scenario(
    "runner-gone", "the SSH session of a drain of k8s-node4 dropped ten minutes ago, and its runner died with it"
)
def _runner_gone(stage: Stage) -> None:
    world = stage.cluster.world
    meta = {
        "name": "node-k8s-node4",
        "namespace": "pilothouse",
        "labels": {"app.kubernetes.io/managed-by": "pilothouse"},
        "annotations": {"pilothouse/note": "run d-7k2 by oncall"},
    }
    spec = {"holderIdentity": "oncall@k8s-master1 pid 4711", "leaseDurationSeconds": 30, "leaseTransitions": 1}
    world.create(LEASES, {"metadata": meta, "spec": spec | {"renewTime": micro_stamp(world.clock.now() - 600)}})


@_scenario("all-tainted", "every worker is tainted but one: what has no toleration finds no other node, new Jobs wait")
def _all_tainted(stage: Stage) -> None:
    def taint(body: Object) -> None:
        made = {"key": "dedicated", "value": "kafka", "effect": "NoSchedule"}
        body["spec"]["taints"] = [*rows(body["spec"], "taints"), made]

    for node in tuple(stage.cluster.world.store.each(NODES)):
        if node.name.startswith("k8s-node") and node.name != "k8s-node1":
            stage.cluster.world.change(NODES, node.key, taint)


@_scenario(
    "volume-released", "the claim of bookie-0's ledgers was deleted: its volume is Released and binds to no new claim"
)
def _volume_released(stage: Stage) -> None:
    store = stage.cluster.world.store
    stage.cluster.delete_pods("pulsar/pulsar-bookie-0")
    claim = next((one for one in store.each(CLAIMS, "pulsar") if one.name.endswith("ledgers-pulsar-bookie-0")), None)
    if claim is not None:
        stage.cluster.world.delete(claim)


@_scenario(
    "no-pull-secret", "the default ServiceAccount has no pull secret: broker-0 was made again and finds no image"
)
def _no_pull_secret(stage: Stage) -> None:
    key, cluster = "pulsar/pulsar-broker-0", stage.cluster
    cluster.world.faults.stuck.add(key)
    cluster.delete_pods(key)

    def refused() -> None:
        pod = cluster.world.store.get(PODS, key)
        if pod is None or pod.deleting or not pod.spec.get("nodeName"):
            stage.after(2, refused)
            return
        status, now = pod.draft()["status"], cluster.world.now()
        why = {"reason": "ImagePullBackOff", "message": "pull access denied: no imagePullSecrets"}
        about: Object = {"imageID": "", "ready": False, "restartCount": 0, "started": False, "lastState": {}}
        status["containerStatuses"] = [
            about | {"name": one["name"], "image": one["image"], "state": {"waiting": why}}
            for one in rows(pod.spec, "containers")
        ]
        made: Object = {"type": "Initialized", "status": "True", "lastProbeTime": None}
        status["conditions"] = with_condition(rows(status, "conditions"), made, now)
        cluster.world.set_status(pod, status)

    stage.after(5, refused)


@_scenario(
    "foreign-locks", "kured holds k8s-node3 and reboots it, and the cluster autoscaler is about to delete k8s-node2"
)
def _foreign_locks(stage: Stage) -> None:
    cluster = stage.cluster
    held = {"nodeID": "k8s-node3", "metadata": {"unschedulable": False}, "created": cluster.world.now(), "TTL": 0}
    kured = daemon_set("kured", "ghcr.io/kubereboot/kured:1.16.0")
    kured["metadata"]["annotations"] = {"weave.works/kured-node-lock": json.dumps(held)}
    cluster.add(kured)

    def taint(body: Object) -> None:
        made = {"key": "ToBeDeletedByClusterAutoscaler", "value": "1", "effect": "NoSchedule"}
        body["spec"]["taints"] = [*rows(body["spec"], "taints"), made]

    cluster.world.change(NODES, "k8s-node2", taint)


@_scenario(
    "webhook-alone", "the only backend of Dapr's sidecar webhook stands on k8s-node2, and the webhook fails closed"
)
def _webhook_alone(stage: Stage) -> None:
    cluster, name, space = stage.cluster, "dapr-sidecar-injector", "dapr-system"
    cluster.add(service(space, name, {"app": name}, {"https": 443}))
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    others = {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": [space]}
    hook = {
        "name": "sidecar-injector.dapr.io",
        "failurePolicy": "Fail",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "clientConfig": {"service": {"namespace": space, "name": name, "path": "/mutate", "port": 443}},
        "rules": [rule],
        "namespaceSelector": {"matchExpressions": [others]},
    }
    cluster.world.create(MUTATING, {"metadata": {"name": name}, "webhooks": [hook]})


@_scenario("old-server", "the server calls itself v1.25.4 and knows no streaming lists")
def _old_server(stage: Stage) -> None:
    stage.cluster.world.version = "v1.25.4"


SCENARIOS: Mapping[str, str] = MappingProxyType({name: line for name, (line, _) in _SCRIPTS.items()})


def play(name: str, stage: Stage) -> None:
    """Start a scenario."""
    _SCRIPTS[name][1](stage)
