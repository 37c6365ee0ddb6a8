"""The new Node gets what the old one had: labels, taints, annotations; it stays cordoned until all of that is there.

What the kubelet, the network or a cloud says of the machine itself is left to them: an old value may be wrong now.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from console.plugin import Facts, Json
from console.workflow.steps import Ctx, Done, Go, Outcome, StepKind, Stop, Wait
from plugins.kubernetes.checks.words import listed
from plugins.kubernetes.joining.successors import successors
from plugins.kubernetes.maintenance.objects import node_path, out_marks, part
from plugins.kubernetes.model import marks, tables
from plugins.kubernetes.model.nodes import Node
from plugins.kubernetes.model.volumes import HOSTNAME, Volume

HELD_BY = "held-by"
"""Parameter: the id of the step that deleted the old Node, whose memory holds what it had."""
_MACHINE = (
    "kubernetes.io/hostname",
    "kubernetes.io/arch",
    "kubernetes.io/os",
    "beta.kubernetes.io/",
    "node.kubernetes.io/instance-type",
    "topology.kubernetes.io/",
    "failure-domain.beta.kubernetes.io/",
    "kubeadm.alpha.kubernetes.io/cri-socket",
    "node.alpha.kubernetes.io/ttl",
    "volumes.kubernetes.io/controller-managed-attach-detach",
    "csi.volume.kubernetes.io/nodeid",
    "flannel.alpha.coreos.com/",
    "projectcalico.org/",
    "kwok.x-k8s.io/",
    "kubectl.kubernetes.io/last-applied-configuration",
)
"""Keys that belong to the machine as it is now: by name, or all that begin so (with `/` at the end)."""
_LIFECYCLE = ("node.kubernetes.io/", "node.cloudprovider.kubernetes.io/", "ToBeDeletedByClusterAutoscaler")


@dataclass(frozen=True, slots=True)
class Held:
    """What the old Node had, without what belongs to the machine; `known` is False where nobody remembers it."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    taints: tuple[Mapping[str, str], ...]
    unschedulable: bool
    known: bool = True


def held(memory: Mapping[str, Json] | None) -> Held:
    """From the memory of the step that deleted the Node, or of the cordon of the drain before."""
    content: dict[str, Any] = dict(memory or {})
    taints = [
        {key: str(value) for key, value in cast("Mapping[str, Any]", one).items()}
        for one in content.get("taints") or ()
    ]
    return Held(
        kept(part(content, "labels")),
        kept(part(content, "annotations")),
        tuple(one for one in taints if not one.get("key", "").startswith(_LIFECYCLE)),
        content.get("unschedulable") is True,
        known=bool(content),
    )


def kept(pairs: Mapping[str, Any]) -> dict[str, str]:
    """Labels or annotations without those of the machine."""
    return {key: str(value) for key, value in pairs.items() if not _of_machine(key)}


def _of_machine(key: str) -> bool:
    return any(key == one or (one.endswith("/") and key.startswith(one)) for one in _MACHINE)


def restoring(node: Mapping[str, Any], old: Held, own: Mapping[str, str | None]) -> dict[str, Any]:
    """A merge patch of exactly this node: what is missing is put back, what the new one says otherwise is left.

    `own` are our marks, for a Node that had none of a run. The result is cordoned.
    """
    meta, spec = part(node, "metadata"), part(node, "spec")
    labels, annotations = part(meta, "labels"), part(meta, "annotations")
    there: list[dict[str, str]] = spec.get("taints") or []
    places = {(one.get("key"), one.get("effect")) for one in there}
    added = [dict(one) for one in old.taints if (one.get("key"), one.get("effect")) not in places]
    marked: Mapping[str, str | None] = own if marks.RUN not in old.annotations else dict[str, str | None]()
    patch: dict[str, Any] = {
        "metadata": {
            "uid": meta.get("uid"),
            "resourceVersion": meta.get("resourceVersion"),
            "labels": {key: value for key, value in old.labels.items() if key not in labels},
            "annotations": {**{k: v for k, v in old.annotations.items() if k not in annotations}, **marked},
        },
        "spec": {"unschedulable": True},
    }
    if added:
        patch["spec"]["taints"] = [*there, *added]
    return patch


def _node(ctx: Ctx) -> Node | None:
    return ctx.facts.get(tables.NODES, str(ctx.step.params["new"]))


def _remembered(ctx: Ctx) -> Held:
    """What this run saw when it deleted the Node; where somebody else had deleted it, what the drain before it saw."""
    mine = ctx.memory.get(str(ctx.step.params[HELD_BY]))
    return held(mine or ctx.earlier.get(f"{ctx.step.system}/cordon/{ctx.step.params['node']}"))


async def _may_restore(ctx: Ctx) -> Outcome:
    if _node(ctx) is None:
        return Wait(f"waits for Node {ctx.step.params['new']}", 2.0)
    if not _remembered(ctx).known:
        return Stop(
            f"nobody remembers what Node {ctx.step.params['node']} had: it was deleted before, and no drain of it "
            "is in the journals",
            "give it its labels and taints yourself, then skip this",
        )
    return Go()


async def _restore(ctx: Ctx) -> str:
    name, old = str(ctx.step.params["new"]), _remembered(ctx)
    node = await ctx.client.get(node_path(name))
    own = out_marks(ctx, was=old.unschedulable)
    await ctx.client.patch(node_path(name), restoring(node, old, own))
    return _counted(old)


def _counted(old: Held) -> str:
    named = [f"{len(old.labels)} labels", f"{len(old.taints)} taints", f"{len(old.annotations)} annotations"]
    words = [*old.labels, *(one.get("key", "") for one in old.taints)]
    return f"restored, cordoned until the end: {', '.join(named)}" + (f" ({listed(sorted(words))})" if words else "")


async def _restored(ctx: Ctx) -> Outcome:
    node, old = _node(ctx), _remembered(ctx)
    if node is None:
        return Stop(f"Node {ctx.step.params['new']} is gone again")
    lacking = [key for key in old.labels if key not in node.label_map]
    lacking += [one["key"] for one in old.taints if all(one["key"] != taint.key for taint in node.taints)]
    if lacking or not node.cordoned:
        return Wait(f"waits to see on {node.name}: {listed(lacking) if lacking else 'the cordon'}", 2.0)
    return Done(_counted(old))


async def _go(_ctx: Ctx) -> Outcome:
    return Go()


async def _connected(ctx: Ctx) -> Outcome:
    """From a Node that is there to one that is Ready: mostly the network's pods have to come."""
    node = _node(ctx)
    if node is None:
        return Stop(f"Node {ctx.step.params['new']} is gone again")
    if node.ready is True and "no network" not in node.troubles:
        return Done(f"{node.name} is Ready, its network is up")
    ready = next((one for one in node.conditions if one.type == "Ready"), None)
    said = f": {ready.message}" if ready and ready.message else ", its kubelet has not said why"
    here = [pod for pod in ctx.facts.by(tables.PODS_BY_NODE, node.name) if pod.daemon and not pod.healthy]
    pods = (
        f"; on it: {listed([f'{pod.name} is {pod.status}' for pod in here])}" if here else "; no pod of a DaemonSet yet"
    )
    return Wait(f"{node.name} has joined and is {node.state}{said}{pods}", 3.0)


async def _fits(ctx: Ctx) -> Outcome:
    """Volumes find their node by its hostname label."""
    node = _node(ctx)
    if node is None:
        return Stop(f"Node {ctx.step.params['new']} is gone again")
    host, old = node.label_map.get(HOSTNAME, ""), str(ctx.step.params["host"])
    mine = tables.volumes_on(ctx.facts, host)
    left = [] if host == old else [one for one in tables.volumes_on(ctx.facts, old) if host not in one.hosts]
    if left:
        how = f"{node.name} says {HOSTNAME}={host or 'nothing'}, but {listed([one.name for one in left])} ask for {old}"
        return Stop(how, f"`pilothouse runs show {ctx.run}` has volumes for {host or node.name} to apply; then retry")
    if not mine:
        return Done(f"no local volume asks for {host}")
    return Done(
        f"{len(mine)} local volumes ask for {host}, and it is that; on it there must be: {listed(_paths(mine))}"
    )


def _paths(volumes: Sequence[Volume]) -> list[str]:
    return sorted({volume.path for volume in volumes})


def local_volumes(facts: Facts, node: Node | None, name: str) -> Iterator[Volume]:
    """The volumes that lie on a node, by its hostname label; where there is no Node, by its name."""
    host = node.label_map.get(HOSTNAME, name) if node else name
    yield from sorted(tables.volumes_on(facts, host), key=lambda volume: volume.name)


IDENTITY = StepKind(guard=_may_restore, until=_restored, act=_restore)
NETWORK = StepKind(guard=_go, until=_connected)


async def _new_volumes(ctx: Ctx) -> str:
    """Volumes for the machine that came in place of the old one, made from those of the old one."""
    names, new = ctx.step.params.get("volumes"), str(ctx.step.params["new"])
    found = [
        await ctx.client.get(f"/api/v1/persistentvolumes/{name}")
        for name in (names if isinstance(names, list | tuple) else ())
    ]
    if not found or new == ctx.step.params["node"]:
        return ""
    node = await ctx.client.get(node_path(new))
    host = str(part(node, "metadata", "labels").get(HOSTNAME) or new)
    return successors(found, str(ctx.step.params["host"]), host)


FITS = StepKind(guard=_go, until=_fits, instructions=_new_volumes)
