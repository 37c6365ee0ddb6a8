"""The names of all rows: tables that the server fills, and indexes over them."""

from __future__ import annotations

from collections.abc import Iterable

from console.plugin import Index, Table
from plugins.kubernetes.model.nodes import Node
from plugins.kubernetes.model.pods import Pod, claim_keys

NODES: Table[Node] = Table("nodes", lambda row: row.name)
PODS: Table[Pod] = Table("pods", lambda row: f"{row.namespace}/{row.name}")


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
