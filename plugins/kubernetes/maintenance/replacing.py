"""The way back of a node whose machine is not what it was: reset, with a new image, or another one in its place.

Owns the plan: what it meets, and its steps. The old Node is deleted (by its typed name), a token leads the machine in,
the new Node gets what the old one had, and only then it takes pods.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from console.model import Answer, Reason, Ref
from console.plugin import Effect, Facts, Json, Right, Target
from console.workflow.steps import Phase, Step
from plugins.kubernetes.checks.fates import Fate
from plugins.kubernetes.checks.standing import standing
from plugins.kubernetes.checks.words import listed, pods
from plugins.kubernetes.joining.stories import Way
from plugins.kubernetes.maintenance.freeing import RELEASED
from plugins.kubernetes.maintenance.identity import HELD_BY, local_volumes
from plugins.kubernetes.maintenance.ways import EMPTY_DISKS, FREE_VOLUMES, NOT_DRAINED, new_name, way_of
from plugins.kubernetes.model import tables
from plugins.kubernetes.model.volumes import HOSTNAME, Volume

_NODE = (Right("get", "nodes"), Right("patch", "nodes"))
_DELETE = (Right("get", "nodes"), Right("delete", "nodes"))
_TOKEN = tuple(Right(verb, "secrets", namespace="kube-system") for verb in ("get", "create", "delete"))
_FOLLOW = (
    Right("get", "configmaps", namespace="kube-public"),
    Right("list", "certificatesigningrequests", "certificates.k8s.io"),
)
_VOLUME = (Right("get", "persistentvolumes"), Right("patch", "persistentvolumes"))
_OWN = (Fate.DAEMON, Fate.STATIC, Fate.FINISHED)
_SHORT, _LONG = 120.0, 0.0


def replaced(target: Target) -> bool:
    """Whether this rejoin goes by a token; the other way is that of a node that only rebooted."""
    return target.run == "rejoin" and way_of(target) not in {Way.REBOOTED, None}


def reasons(facts: Facts, target: Target) -> Iterator[Reason]:
    """What such a rejoin meets."""
    if way_of(target) is None:
        known = ", ".join(way.value for way in Way)
        yield Reason(Answer.UNKNOWN, "way", f"`{target.options.get('way')}` is no way to come back; there are {known}")
        return
    for name in target.nodes:
        yield from _of_node(facts, target, name)


def _of_node(facts: Facts, target: Target, name: str) -> Iterator[Reason]:
    node, way, subject = facts.get(tables.NODES, name), way_of(target), Ref("node", name)
    new = new_name(target, name)
    if node is not None and node.control_plane:
        text = (
            f"{name} is a control-plane node; that cannot be done by the API: its etcd member is removed with etcdctl, "
            "and `kubeadm init phase upload-certs --upload-certs` runs on another control-plane host"
        )
        yield Reason(Answer.NO, "control plane", text, subject)
        return
    if new != name and facts.get(tables.NODES, new) is not None:
        yield Reason(Answer.NO, "nodes", f"a Node {new} is there already", Ref("node", new))
    if node is None:
        text = f"Node {name} is deleted already; what it had is taken from the journal of its drain"
    else:
        state = "its kubelet must be stopped first" if node.ready else "its kubelet is silent"
        text = (
            f"Node {name} ({node.state}) will be deleted and joins anew{'' if new == name else f' as {new}'}; {state}"
        )
    yield Reason(Answer.SAFE, "nodes", text, subject)
    standing_here = standing((name,), facts) if node else None
    left = [pod for pod, its in standing_here.pods if its not in _OWN] if standing_here else []
    if left:
        text = f"{name} is not drained: {pods(len(left))} stand on it and are lost: {listed([p.key for p in left])}"
        yield Reason(Answer.DECIDE, "pods", text, subject, decision=NOT_DRAINED)
    here = list(local_volumes(facts, node, name))
    if here and way is not Way.RESET:
        text = f"{len(here)} local volumes of {name} come back empty unless their disks were kept: {_named(here)}"
        yield Reason(Answer.DECIDE, "volumes", text, subject, decision=EMPTY_DISKS)
    yield from (_released(one, target) for one in here if one.phase == RELEASED)


def _named(volumes: Sequence[Volume]) -> str:
    return listed([f"{one.name} ({one.path})" for one in volumes])


def _released(volume: Volume, target: Target) -> Reason:
    does = "is cleared" if FREE_VOLUMES in target.decisions else f"stays; `--decide {FREE_VOLUMES}` clears it"
    text = f"{volume.name} is Released: no claim binds it while it refers to {volume.claim}, which is gone; that {does}"
    return Reason(Answer.SAFE, "volumes", text, Ref("volume", volume.name))


def steps(facts: Facts, target: Target) -> list[Step]:
    """The steps of every node, each node's in a row."""
    found: list[Step] = []
    for name in target.nodes:
        found += _Row(facts, target, name).made()
    return found


@dataclass(slots=True)
class _Row:
    """The steps of one node, one after another."""

    facts: Facts
    target: Target
    node: str
    last: str = ""

    def made(self) -> list[Step]:
        row = self.facts.get(tables.NODES, self.node)
        host = row.label_map.get(HOSTNAME, self.node) if row else self.node
        here = list(local_volumes(self.facts, row, self.node))
        about: dict[str, Json] = {
            "node": self.node,
            "new": new_name(self.target, self.node),
            "uid": row.uid if row else "",
            "way": str(self.target.options.get("way")),
        }
        machine: dict[str, Json] = {**about, "version": self._version(), "paths": [one.path for one in here]}
        fits: dict[str, Json] = {**about, "host": host, "volumes": [one.name for one in here]}
        fresh: dict[str, Json] = {"node": about["new"], "new": about["new"]}
        held = f"{self.facts.instance.system}/delete/{self.node}"
        return [
            self._one("silent", "kubelet stopped on", about, effect=Effect.READ),
            self._one("delete", "delete Node", about, effect=Effect.DESTROY, rights=_DELETE, timeout=_SHORT),
            self._one("token", "token for", machine, rights=(*_TOKEN, *_FOLLOW), timeout=_SHORT),
            self._one("join", "join", machine, rights=(*_TOKEN, *_FOLLOW)),
            self._one("identity", "identity of", {**about, HELD_BY: held}, rights=_NODE, timeout=_SHORT),
            self._one("network", "network of", fresh, effect=Effect.READ),
            self._one("ready", "ready", fresh),
            self._one("revoke", "revoke token of", machine, rights=_TOKEN, timeout=_SHORT),
            self._one("fits", "volumes of", fits, effect=Effect.READ),
            *[self._free(one) for one in here if one.phase == RELEASED and FREE_VOLUMES in self.target.decisions],
            self._one("uncordon", "uncordon", fresh, phase=Phase.UNCORDON, rights=_NODE, timeout=_SHORT),
            self._one("whole", "whole again: sets with pods on", fresh, phase=Phase.CATCH_UP, effect=Effect.READ),
        ]

    def _free(self, volume: Volume) -> Step:
        params: dict[str, Json] = {"volume": volume.name, "uid": volume.uid, "claim-uid": volume.claim_uid}
        return self._one("free", "free volume", params, name=volume.name, rights=_VOLUME, timeout=_SHORT)

    def _one(  # noqa: PLR0913
        self,
        kind: str,
        title: str,
        params: dict[str, Json],
        *,
        name: str = "",
        phase: Phase = Phase.RETURN,
        effect: Effect = Effect.CHANGE,
        rights: tuple[Right, ...] = (),
        timeout: float = _LONG,
    ) -> Step:
        instance, of = self.facts.instance, name or self.node
        step = Step(
            id=f"{instance.system}/{kind}/{of}",
            title=f"{title} {of}",
            system=instance.system,
            instance=instance.name,
            kind=kind,
            phase=phase,
            params=params,
            after=(self.last,) if self.last else (),
            effect=effect,
            timeout=timeout,
            every=0.2,
            rights=rights,
        )
        self.last = step.id
        return step

    def _version(self) -> str:
        """What most Ready nodes run: a joining kubelet must not be newer than the API server."""
        found = sorted(node.version for node in self.facts.rows(tables.NODES).values() if node.ready and node.version)
        return max(dict.fromkeys(found), key=found.count, default="")
