"""The names of all rows: tables that the server fills, and indexes over them."""

from __future__ import annotations

from collections.abc import Iterable

from console.plugin import Index, Table
from plugins.kubernetes.model.budgets import Budget
from plugins.kubernetes.model.events import Event
from plugins.kubernetes.model.leases import Heartbeat, Namespace
from plugins.kubernetes.model.nodes import Node
from plugins.kubernetes.model.pods import Pod, claim_keys
from plugins.kubernetes.model.services import EndpointSlice, Service
from plugins.kubernetes.model.sets import MemberSet
from plugins.kubernetes.model.tokens import Token
from plugins.kubernetes.model.usage import Metrics, Summary
from plugins.kubernetes.model.volumes import Claim, StorageClass, Volume
from plugins.kubernetes.model.webhooks import WebhookConfiguration
from plugins.kubernetes.model.workloads import Workload


def storage_key(row: Volume | Claim) -> str:
    """`pv/NAME` or `pvc/NAMESPACE/NAME`."""
    return f"pv/{row.name}" if isinstance(row, Volume) else f"pvc/{row.namespace}/{row.name}"


NODES: Table[Node] = Table("nodes", lambda row: row.name)
PODS: Table[Pod] = Table("pods", lambda row: f"{row.namespace}/{row.name}")
SETS: Table[MemberSet] = Table("sets", lambda row: row.key)
WORKLOADS: Table[Workload] = Table("workloads", lambda row: row.key)
BUDGETS: Table[Budget] = Table("budgets", lambda row: row.key)
VOLUMES: Table[Volume] = Table("volumes", lambda row: row.name)
CLAIMS: Table[Claim] = Table("claims", lambda row: row.key)
STORAGE: Table[Volume | Claim] = Table("storage", storage_key)
"""Volumes and claims together, as the server gives them; VOLUMES and CLAIMS are its two halves."""
CLASSES: Table[StorageClass] = Table("storageclasses", lambda row: row.name)
SERVICES: Table[Service] = Table("services", lambda row: row.key)
SLICES: Table[EndpointSlice] = Table("endpointslices", lambda row: row.key)
EVENTS: Table[Event] = Table("events", lambda row: row.key)
TOKENS: Table[Token] = Table("tokens", lambda row: row.id)
NAMESPACES: Table[Namespace] = Table("namespaces", lambda row: row.name)
HEARTBEATS: Table[Heartbeat] = Table("heartbeats", lambda row: row.node)
METRICS: Table[Metrics] = Table("nodemetrics", lambda row: row.name)
SUMMARIES: Table[Summary] = Table("summaries", lambda row: row.name)
WEBHOOKS: Table[WebhookConfiguration] = Table("webhooks", lambda row: f"{row.kind}/{row.name}")


def owner_keys(pod: Pod) -> Iterable[str]:
    """`namespace/Kind/name` of the owner, and of the Deployment behind it."""
    owner = pod.owner
    if owner is None:
        return ()
    direct = f"{pod.namespace}/{owner.kind}/{owner.name}"
    behind = pod.workload
    if behind is None or behind is owner:
        return (direct,)
    return (direct, f"{pod.namespace}/{behind.kind}/{behind.name}")


PODS_BY_NODE: Index[Pod] = Index(PODS, "node", lambda pod: (pod.node,) if pod.node else ())
PODS_BY_OWNER: Index[Pod] = Index(PODS, "owner", owner_keys)
PODS_BY_NAMESPACE: Index[Pod] = Index(PODS, "namespace", lambda pod: (pod.namespace,))
PODS_BY_CLAIM: Index[Pod] = Index(PODS, "claim", claim_keys)
STATIC_BY_COMPONENT: Index[Pod] = Index(
    PODS, "control plane", lambda pod: (pod.label("component"),) if pod.mirror else ()
)
"""Static pods of the control plane by component: etcd, kube-apiserver, ..."""
BUDGETS_BY_NAMESPACE: Index[Budget] = Index(BUDGETS, "namespace", lambda budget: (budget.namespace,))
SETS_BY_NAMESPACE: Index[MemberSet] = Index(SETS, "namespace", lambda row: (row.namespace,))
CLAIMS_BY_VOLUME: Index[Claim] = Index(CLAIMS, "volume", lambda claim: (claim.volume,) if claim.volume else ())
VOLUMES_BY_HOST: Index[Volume] = Index(VOLUMES, "host", lambda volume: volume.hosts)
VOLUMES_BY_CLAIM: Index[Volume] = Index(VOLUMES, "claim", lambda volume: (volume.claim,) if volume.claim else ())
SLICES_BY_SERVICE: Index[EndpointSlice] = Index(SLICES, "service", lambda one: (one.service,))
EVENTS_BY_SUBJECT: Index[Event] = Index(EVENTS, "subject", lambda event: (event.about,))
