"""Plain actions on objects: what the panes' actions do. One request each, with the object's uid as its precondition.

Each returns one sentence of what was done; every failure is a console error. They run behind the kernel's gate.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from console.audit import person
from console.errors import Rejected, Throttled
from console.format import timestamp
from console.plugin import Act
from plugins.kubernetes.client import writing
from plugins.kubernetes.model import marks
from plugins.kubernetes.model.addresses import CORE, POLICY, Address, of_kind

if TYPE_CHECKING:
    from plugins.kubernetes.client.api import Api
    from plugins.kubernetes.joins.nodes import NodeView
    from plugins.kubernetes.joins.services import ServiceView
    from plugins.kubernetes.joins.stateful import StatefulRow
    from plugins.kubernetes.joins.storage import VolumeView
    from plugins.kubernetes.model.budgets import Budget
    from plugins.kubernetes.model.pods import Pod
    from plugins.kubernetes.model.tokens import Token
    from plugins.kubernetes.model.workloads import Workload

_RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
_MOST = 10_000


async def cordon(act: Act, view: NodeView) -> str:
    """Mark a node unschedulable, and by whom and why."""
    api: Api = act.client
    left = {
        marks.CORDONED_BY: str(person()),
        marks.CORDONED_AT: timestamp(api.manner.clock.now()),
        marks.REASON: act.answers.get("reason") or None,
    }
    patch = writing.cordon_patch(unschedulable=True, annotations=left)
    await api.patch(_node(view).path, patch)
    return f"{view.node.name} is cordoned"


async def uncordon(act: Act, view: NodeView) -> str:
    """Let pods come again, and take our marks away."""
    api: Api = act.client
    left: dict[str, str | None] = {marks.CORDONED_BY: None, marks.CORDONED_AT: None, marks.REASON: None}
    await api.patch(_node(view).path, writing.cordon_patch(unschedulable=False, annotations=left))
    return f"{view.node.name} takes pods again"


async def delete_pod(act: Act, pod: Pod) -> str:
    """Ask exactly this pod to stop."""
    api: Api = act.client
    await api.delete(_pod(pod).path, uid=pod.uid, grace=_number(act, "grace", pod.shape.grace))
    return f"{pod.name} is asked to stop"


async def kill_pod(act: Act, pod: Pod) -> str:
    """Remove exactly this pod from the API at once."""
    api: Api = act.client
    await api.delete(_pod(pod).path, uid=pod.uid, grace=0)
    return f"{pod.name} is removed"


async def evict_pod(act: Act, pod: Pod) -> str:
    """Ask for an eviction of exactly this pod; a budget that does not allow it now is told in its own words."""
    api: Api = act.client
    grace = _number(act, "grace", pod.shape.grace)
    body = await asyncio.to_thread(writing.eviction, pod.namespace, pod.name, uid=pod.uid, grace=grace)
    try:
        await api.create(f"{_pod(pod).path}/eviction", body)
    except Throttled as error:
        raise Rejected(f"not now: {error.what}", where=error.where, next_step="try again later") from error
    return f"{pod.name} is evicted"


async def scale(act: Act, row: Workload | StatefulRow) -> str:
    """Set the number of replicas."""
    api: Api = act.client
    place = _workload(row)
    replicas = _number(act, "replicas", -1)
    if not 0 <= replicas <= _MOST:
        raise Rejected(f"{replicas} is not a number of replicas between 0 and {_MOST}")
    await api.patch(f"{place.path}/scale", {"spec": {"replicas": replicas}})
    return f"{place.name} should have {replicas}"


async def restart(act: Act, row: Workload | StatefulRow) -> str:
    """Begin a rollout with the same template, as `kubectl rollout restart` does."""
    api: Api = act.client
    place = _workload(row)
    stamp = {_RESTARTED_AT: timestamp(api.manner.clock.now())}
    await api.patch(place.path, {"spec": {"template": {"metadata": {"annotations": stamp}}}})
    return f"{place.name} is being rolled"


async def delete_workload(act: Act, row: Workload) -> str:
    """Delete a workload; its pods follow in the background."""
    return await _delete(act, of_kind(row.kind, row.namespace, row.name, row.uid), propagation="Background")


async def delete_claim(act: Act, view: VolumeView) -> str:
    """Delete the claim that holds a volume."""
    claim = view.claim
    if claim is None:
        raise Rejected("no claim holds it")
    return await _delete(act, Address(CORE, "persistentvolumeclaims", claim.name, claim.namespace, claim.uid))


async def free_volume(act: Act, view: VolumeView) -> str:
    """Clear the reference of exactly this Released volume to exactly the claim that was shown."""
    api: Api = act.client
    volume = view.volume
    if volume is None or act.answers.get("clear", "yes") != "yes":
        raise Rejected("nothing was changed")
    place = Address(CORE, "persistentvolumes", volume.name, uid=volume.uid)
    found = await api.get(place.path)
    claim: dict[str, Any] = found.get("spec", {}).get("claimRef") or {}
    if found.get("status", {}).get("phase") != "Released" or claim.get("uid", "") != volume.claim_uid:
        raise Rejected(f"{volume.name} is not what was shown any more", next_step="look at it again")
    meta = {key: found["metadata"].get(key) for key in ("uid", "resourceVersion")}
    await api.patch(place.path, {"metadata": meta, "spec": {"claimRef": None}})
    return f"{volume.name} is no longer tied to {volume.claim}"


async def delete_budget(act: Act, budget: Budget) -> str:
    """Delete a budget."""
    return await _delete(act, Address(POLICY, "poddisruptionbudgets", budget.name, budget.namespace, budget.uid))


async def delete_service(act: Act, view: ServiceView) -> str:
    """Delete a service."""
    one = view.service
    return await _delete(act, Address(CORE, "services", one.name, one.namespace, one.uid))


async def revoke_token(act: Act, token: Token) -> str:
    """Delete the Secret of a bootstrap token."""
    return await _delete(act, Address(CORE, "secrets", token.name, "kube-system", token.uid))


async def _delete(act: Act, place: Address, *, propagation: str = "") -> str:
    api: Api = act.client
    await api.delete(place.path, uid=place.uid, propagation=propagation)
    return f"{place.name} is deleted"


def _node(view: NodeView) -> Address:
    return Address(CORE, "nodes", view.node.name)


def _pod(pod: Pod) -> Address:
    return Address(CORE, "pods", pod.name, pod.namespace, pod.uid)


def _workload(row: Any) -> Address:
    one = getattr(row, "of", row)  # a line of the stateful tree, or a workload
    return of_kind(one.kind, one.namespace, one.name, one.uid)


def _number(act: Act, name: str, default: int) -> int:
    text = act.answers.get(name, "").strip()
    if not text:
        return default
    try:
        return int(text)
    except ValueError:
        raise Rejected(f"{text!r} is not a whole number") from None
