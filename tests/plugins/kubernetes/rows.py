"""Rows for tests: recorded answers of a real API server, and small objects written as the API would send them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from console.facts import StoreFacts
from console.model import InstanceId
from console.plugin import Table
from console.store import Store
from plugins.kubernetes.model import (
    budgets,
    events,
    leases,
    locks,
    nodes,
    pods,
    services,
    sets,
    tables,
    tokens,
    volumes,
    webhooks,
)
from plugins.kubernetes.model import workloads as work
from plugins.kubernetes.model.podwire import PodWire
from plugins.kubernetes.model.wire import Wire
from tests.clock import FakeClock

R = TypeVar("R")
DATA = Path(__file__).parent / "data"
LAB = InstanceId("kubernetes", "lab")
KINDS: Mapping[str, tuple[Table[Any], type[Wire], Callable[[Any], Any]]] = {
    "nodes": (tables.NODES, nodes.NodeWire, nodes.node_row),
    "pods": (tables.PODS, PodWire, pods.pod_row),
    "statefulsets": (tables.SETS, sets.StatefulSetWire, sets.stateful_set_row),
    "strimzipodsets": (tables.SETS, sets.PodSetWire, sets.pod_set_row),
    "deployments": (tables.WORKLOADS, work.DeploymentWire, work.deployment_row),
    "daemonsets": (tables.WORKLOADS, work.DaemonSetWire, work.daemon_set_row),
    "jobs": (tables.WORKLOADS, work.JobWire, work.job_row),
    "cronjobs": (tables.WORKLOADS, work.CronJobWire, work.cron_job_row),
    "persistentvolumes": (tables.STORAGE, volumes.PersistentVolumeWire, volumes.volume_row),
    "persistentvolumeclaims": (tables.STORAGE, volumes.ClaimWire, volumes.claim_row),
    "storageclasses": (tables.CLASSES, volumes.StorageClassWire, volumes.storage_class_row),
    "poddisruptionbudgets": (tables.BUDGETS, budgets.BudgetWire, budgets.budget_row),
    "services": (tables.SERVICES, services.ServiceWire, services.service_row),
    "endpointslices": (tables.SLICES, services.EndpointSliceWire, services.endpoint_slice_row),
    "events": (tables.EVENTS, events.EventWire, events.event_row),
    "secrets": (tables.TOKENS, tokens.TokenWire, tokens.token_row),
    "validatingwebhookconfigurations": (tables.WEBHOOKS, webhooks.HooksWire, webhooks.validating_row),
    "mutatingwebhookconfigurations": (tables.WEBHOOKS, webhooks.HooksWire, webhooks.mutating_row),
    "nodemaintenances": (tables.LOCKS, locks.MaintenanceWire, locks.maintenance_row),
    "medik8s-leases": (tables.LOCKS, leases.LeaseWire, locks.lease_lock),
    "namespaces": (tables.NAMESPACES, leases.NamespaceWire, leases.namespace_row),
    "leases": (tables.HEARTBEATS, leases.LeaseWire, leases.heartbeat_row),
}


def row(kind: str, thing: Mapping[str, Any]) -> Any:
    """One object of the API as its row."""
    _, item, made = KINDS[kind]
    return made(msgspec.json.decode(json.dumps(thing).encode(), type=item))


def recorded(kind: str) -> list[dict[str, Any]]:
    """Recorded objects of a real API server."""
    return json.loads((DATA / f"{kind}.json").read_text())["items"]


class World:
    """A store that is filled by hand, every table of it complete."""

    def __init__(self, clock: FakeClock | None = None) -> None:
        self.store = Store(clock or FakeClock())
        self.facts: StoreFacts = self.store.facts(LAB)
        for table, _, _ in KINDS.values():
            self.fill(table, ())

    def fill(self, table: Table[R], rows: Iterable[R]) -> None:
        """A whole list."""
        feed = self.store.rows(LAB, table)
        feed.begin()
        feed.add(rows)
        feed.end()

    def put(self, kind: str, *things: Mapping[str, Any]) -> World:
        """More objects."""
        table = KINDS[kind][0]
        self.store.rows(LAB, table).change([row(kind, thing) for thing in things])
        return self

    def drop(self, table: Table[Any], *keys: str) -> None:
        self.store.rows(LAB, table).change(gone=keys)


def lab() -> World:
    """The recorded cluster: seven nodes, the sets of Pulsar with their volumes, and some other pods."""
    world = World()
    for kind in KINDS:
        if (DATA / f"{kind}.json").exists():
            world.put(kind, *recorded(kind))
    return world


# ------------------------------------------------------------------------------------------------------ small objects


def node(name: str, *, cpu: str = "4", memory: str = "16Gi", ready: str = "True", **spec: Any) -> dict[str, Any]:
    """A node; `spec` as the API spells it (`unschedulable`, `taints`), `labels` go to the metadata.

    `max_pods`: how many it takes.
    """
    room = {"cpu": cpu, "memory": memory, "pods": spec.pop("max_pods", "110")}
    labels = {"kubernetes.io/hostname": name, **spec.pop("labels", {})}
    return {
        "metadata": {"name": name, "uid": f"uid-{name}", "labels": labels},
        "spec": spec,
        "status": {
            "allocatable": room,
            "conditions": [
                {"type": "Ready", "status": ready, "lastTransitionTime": "2023-11-14T22:00:00Z", "reason": "Kubelet"}
            ],
        },
    }


def pod(name: str, on: str = "n1", *, owner: str = "", ready: bool = True, **more: Any) -> dict[str, Any]:
    """A running pod; `owner` as `Kind/name`; `spec`, `status`, `meta` add to what is here."""
    kind, _, owner_name = owner.partition("/")
    owners = [{"kind": kind, "name": owner_name, "uid": f"uid-{owner_name}", "controller": True}] if owner else []
    meta = {"name": name, "namespace": "ns", "uid": f"uid-{name}", "creationTimestamp": "2023-11-14T21:00:00Z"}
    running = {"running": {"startedAt": "2023-11-14T21:00:00Z"}}
    containers = [{"name": "main", "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}}}]
    state = {"name": "main", "ready": ready, "restartCount": 0, "state": running, "lastState": {}}
    return {
        "metadata": {**meta, "ownerReferences": owners, **more.get("meta", {})},
        "spec": {"nodeName": on, "containers": containers, **more.get("spec", {})},
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": str(ready)}, {"type": "Initialized", "status": "True"}],
            "containerStatuses": [state],
            **more.get("status", {}),
        },
    }


def replica(name: str, on: str = "n1", of: str = "web", **more: Any) -> dict[str, Any]:
    """A pod of Deployment `of`."""
    labels = {"app": of, "pod-template-hash": "abc"}
    meta = {"labels": labels, **more.pop("meta", {})}
    return pod(name, on, owner=f"ReplicaSet/{of}-abc", meta=meta, **more)


def member(number: int, on: str, of: str = "zk", **more: Any) -> dict[str, Any]:
    """A member of StatefulSet `of`."""
    meta = {"labels": {"app": of}, **more.pop("meta", {})}
    return pod(f"{of}-{number}", on, owner=f"StatefulSet/{of}", meta=meta, **more)


def stateful_set(name: str = "zk", replicas: int = 3, ready: int = 3, **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": "ns", "uid": f"uid-{name}"},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, **spec},
        "status": {"readyReplicas": ready, "replicas": replicas},
    }


def budget(name: str, app: str, *, healthy: int, desired: int, allowed: int, **more: Any) -> dict[str, Any]:
    """A budget over the pods labelled `app=APP`; `spec` and `status` add to what is here."""
    spec = {"selector": {"matchLabels": {"app": app}}, "maxUnavailable": 1, **more.get("spec", {})}
    status = {"currentHealthy": healthy, "desiredHealthy": desired, "disruptionsAllowed": allowed}
    status |= {"expectedPods": desired + 1, "observedGeneration": 1, **more.get("status", {})}
    return {"metadata": {"name": name, "namespace": "ns", "generation": 1}, "spec": spec, "status": status}


def local_volume(claim: str, host: str, path: str = "/data") -> tuple[dict[str, Any], dict[str, Any]]:
    """A claim in namespace `ns` and the local volume behind it."""
    terms = [{"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [host]}]}]
    volume = {
        "metadata": {"name": f"pv-{claim}"},
        "spec": {
            "capacity": {"storage": "10Gi"},
            "local": {"path": path},
            "claimRef": {"namespace": "ns", "name": claim},
            "nodeAffinity": {"required": {"nodeSelectorTerms": terms}},
        },
        "status": {"phase": "Bound"},
    }
    bound = {
        "metadata": {"name": claim, "namespace": "ns"},
        "spec": {"volumeName": f"pv-{claim}"},
        "status": {"phase": "Bound"},
    }
    return volume, bound


def using(*claims: str) -> dict[str, Any]:
    """The part of a pod's spec that uses these claims."""
    return {"volumes": [{"name": one, "persistentVolumeClaim": {"claimName": one}} for one in claims]}
