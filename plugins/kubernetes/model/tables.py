"""The names of all rows: tables that the server fills, and indexes over them."""

from __future__ import annotations

from collections.abc import Iterable

from console.plugin import Facts, Index, Table
from plugins.kubernetes.model.budgets import Budget
from plugins.kubernetes.model.events import Event
from plugins.kubernetes.model.leases import Heartbeat, Namespace
from plugins.kubernetes.model.locks import Lock
from plugins.kubernetes.model.nodes import Node
from plugins.kubernetes.model.pods import Pod, claim_keys
from plugins.kubernetes.model.services import EndpointSlice, Service
from plugins.kubernetes.model.sets import MemberSet
from plugins.kubernetes.model.tokens import Token
from plugins.kubernetes.model.usage import Metrics, PodUse, Summary
from plugins.kubernetes.model.volumes import Claim, StorageClass, Volume
from plugins.kubernetes.model.webhooks import WebhookConfiguration
from plugins.kubernetes.model.workloads import Workload


def storage_key(row: Volume | Claim) -> str:
    """`pv/NAME` or `pvc/NAMESPACE/NAME`."""
    return f"pv/{row.name}" if isinstance(row, Volume) else f"pvc/{row.namespace}/{row.name}"


def claim_of(row: Volume | Claim) -> str:
    """The key of the claim that a row is, or that a volume is bound to; empty for a free volume."""
    return row.claim if isinstance(row, Volume) else row.key


NODES: Table[Node] = Table("nodes", lambda row: row.name)
PODS: Table[Pod] = Table("pods", lambda row: f"{row.namespace}/{row.name}")
SETS: Table[MemberSet] = Table("sets", lambda row: row.key)
WORKLOADS: Table[Workload] = Table("workloads", lambda row: row.key)
BUDGETS: Table[Budget] = Table("budgets", lambda row: row.key)
STORAGE: Table[Volume | Claim] = Table("storage", storage_key)
"""Volumes and claims together: one needs the other, and a right to one alone still shows that one."""
CLASSES: Table[StorageClass] = Table("storageclasses", lambda row: row.name)
SERVICES: Table[Service] = Table("services", lambda row: row.key)
SLICES: Table[EndpointSlice] = Table("endpointslices", lambda row: row.key)
EVENTS: Table[Event] = Table("events", lambda row: row.key)
TOKENS: Table[Token] = Table("tokens", lambda row: row.id)
NAMESPACES: Table[Namespace] = Table("namespaces", lambda row: row.name)
HEARTBEATS: Table[Heartbeat] = Table("heartbeats", lambda row: row.node)
METRICS: Table[Metrics] = Table("nodemetrics", lambda row: row.name)
POD_USE: Table[PodUse] = Table("podmetrics", lambda row: row.pod)
"""Use of pods, by the keys of `PODS`: apart from them, since all of it changes with every answer."""
SUMMARIES: Table[Summary] = Table("summaries", lambda row: row.name)
WEBHOOKS: Table[WebhookConfiguration] = Table("webhooks", lambda row: f"{row.kind}/{row.name}")

LOCKS: Table[Lock] = Table("locks", lambda row: row.key)
"""What tools other than this console hold, where they say so in objects of their own."""


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


def _reach(pod: Pod) -> Iterable[str]:
    return {space for term in pod.shape.apart for space in (term.namespaces or (pod.namespace,))} | {
        "*" for term in pod.shape.apart if term.among is not None
    }


PODS_BY_NODE: Index[Pod] = Index(PODS, "node", lambda pod: (pod.node,) if pod.node else ())
PODS_BY_OWNER: Index[Pod] = Index(PODS, "owner", owner_keys)
PODS_BY_NAMESPACE: Index[Pod] = Index(PODS, "namespace", lambda pod: (pod.namespace,))
PODS_APART: Index[Pod] = Index(PODS, "apart", lambda pod: _reach(pod) if pod.shape.apart else ())
"""Pods that refuse to stand beside others, by the namespaces of those others; `*` where those are chosen by label."""
PODS_UNPLACED: Index[Pod] = Index(PODS, "unplaced", lambda pod: () if pod.node or pod.finished else ("",))
"""All pods that have no node yet, under the empty key; kept by the store, so that a look does not scan all pods."""
PODS_BY_CLAIM: Index[Pod] = Index(PODS, "claim", claim_keys)
STATIC_BY_COMPONENT: Index[Pod] = Index(
    PODS, "control plane", lambda pod: (pod.label("component"),) if pod.mirror else ()
)
"""Static pods of the control plane by component: etcd, kube-apiserver, ..."""
WORKLOADS_WITH_LOCKS: Index[Workload] = Index(WORKLOADS, "locks", lambda row: ("",) if row.locks else ())
"""All workloads whose tool has locked a node, under the empty key."""
BUDGETS_BY_NAMESPACE: Index[Budget] = Index(BUDGETS, "namespace", lambda budget: (budget.namespace,))
SETS_BY_NAMESPACE: Index[MemberSet] = Index(SETS, "namespace", lambda row: (row.namespace,))
STORAGE_BY_HOST: Index[Volume | Claim] = Index(
    STORAGE, "host", lambda row: row.hosts if isinstance(row, Volume) else ()
)
"""The volumes that lie on a host."""
STORAGE_BY_CLAIM: Index[Volume | Claim] = Index(STORAGE, "claim", lambda row: (claim_of(row),))
"""A claim (by its key) and the volumes that refer to it."""
SLICES_BY_SERVICE: Index[EndpointSlice] = Index(SLICES, "service", lambda one: (one.service,))
HOOKS_BY_SERVICE: Index[WebhookConfiguration] = Index(
    WEBHOOKS, "service", lambda one: {hook.service for hook in one.hooks if hook.service}
)
"""The webhook configurations that a service answers."""
EVENTS_BY_SUBJECT: Index[Event] = Index(EVENTS, "subject", lambda event: (event.about,))


def volume(facts: Facts, name: str) -> Volume | None:
    """The volume of this name."""
    found = facts.get(STORAGE, f"pv/{name}")
    return found if isinstance(found, Volume) else None


def claim(facts: Facts, key: str) -> Claim | None:
    """The claim with this key (`namespace/name`)."""
    found = facts.get(STORAGE, f"pvc/{key}")
    return found if isinstance(found, Claim) else None


def volumes_on(facts: Facts, host: str) -> list[Volume]:
    """The volumes that lie on a host."""
    return [row for row in facts.by(STORAGE_BY_HOST, host) if isinstance(row, Volume)]
