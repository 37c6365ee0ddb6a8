"""The scheduler: filters in the order of its default plugins, a simple score, and FailedScheduling in its words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from plugins.kubernetes.simulator.controllers.base import Desk, with_condition
from plugins.kubernetes.simulator.controllers.queue import Queue
from plugins.kubernetes.simulator.controllers.volumes import Volumes
from plugins.kubernetes.simulator.fields import child, rows, texts
from plugins.kubernetes.simulator.index import anti_terms, is_done
from plugins.kubernetes.simulator.kinds import CLAIMS, NODES, PODS, VOLUMES
from plugins.kubernetes.simulator.quantity import quantity, requests
from plugins.kubernetes.simulator.selectors import object_test, requirement
from plugins.kubernetes.simulator.store import Change, Entry

Object = dict[str, Any]
SOURCE = "default-scheduler"
HELPLESS = "Preemption is not helpful for scheduling"
NEW_WORDS_SINCE = 34


def tolerates(tolerations: list[Object], taint: Object) -> bool:
    """Whether one of the tolerations covers a taint."""
    for item in tolerations:
        if item.get("effect") and item["effect"] != taint["effect"]:
            continue
        if item.get("key") and item["key"] != taint["key"]:
            continue
        if item.get("operator", "Equal") == "Exists" or item.get("value", "") == taint.get("value", ""):
            return True
    return False


def untolerated(pod_spec: Object, node: Entry, effects: tuple[str, ...] = ("NoSchedule", "NoExecute")) -> Object | None:
    """The first taint of a node that a pod does not tolerate."""
    tolerations = rows(pod_spec, "tolerations")
    for taint in rows(node.spec, "taints"):
        if taint["effect"] in effects and not tolerates(tolerations, taint):
            return taint
    return None


def matches_terms(terms: list[Object], node: Entry) -> bool:
    """Whether a node matches any of the node selector terms; fields mean metadata.name."""
    for term in terms:
        expressions, fields = rows(term, "matchExpressions"), rows(term, "matchFields")
        if (
            (expressions or fields)
            and all(requirement(item)(node.labels) for item in expressions)
            and all(requirement(item)({"metadata.name": node.name}) for item in fields)
        ):
            return True
    return False


def fits_affinity(pod_spec: Object, node: Entry) -> bool:
    """NodeSelector and required node affinity."""
    if any(node.labels.get(key) != value for key, value in texts(pod_spec, "nodeSelector").items()):
        return False
    affinity = child(child(pod_spec, "affinity"), "nodeAffinity")
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    return required is None or matches_terms(rows(required, "nodeSelectorTerms"), node)


class Scheduler:
    """Looks at the pods without a node whenever something changes that could help one."""

    def __init__(self, desk: Desk, volumes: Volumes) -> None:
        self.desk, self.volumes = desk, volumes
        self.hints: dict[str, str] = {}
        self.queue = Queue(lambda: desk.world.clock, lambda _: self.run(), delay=0.03)
        desk.store.listen(self._pod_changed, PODS)
        desk.store.listen(self._node_changed, NODES)
        desk.store.listen(lambda _: self._wake(), CLAIMS, VOLUMES)

    def _wake(self) -> None:
        if self.desk.pods.waiting:
            self.queue.add("")

    def _pod_changed(self, change: Change) -> None:
        unbound = not change.new.spec.get("nodeName")
        new_pod = unbound and change.type == "ADDED"
        if (
            new_pod
            or change.type == "DELETED"
            or (change.old is not None and is_done(change.new) and not is_done(change.old))
        ):
            self._wake()

    def _node_changed(self, change: Change) -> None:
        old = change.old
        if old is None or change.type == "DELETED" or old.spec != change.new.spec or old.labels != change.new.labels:
            self._wake()

    def run(self) -> None:
        """Try every pod that waits for a node, in order of priority and age."""
        waiting = [pod for pod in self.desk.pods.unassigned() if not pod.deleting and not is_done(pod)]
        waiting.sort(key=lambda pod: (-pod.spec.get("priority", 0), pod.meta["creationTimestamp"], pod.key))
        for pod in waiting:
            if pod.spec.get("schedulerName", SOURCE) == SOURCE and not pod.spec.get("schedulingGates"):
                self._place(pod)

    def _place(self, pod: Entry) -> None:
        nodes = list(self.desk.store.each(NODES))
        if problem := self.volumes.problem(pod):
            total = len(nodes)
            tail = "" if self.recent else f" preemption: 0/{total} nodes are available: {total} {HELPLESS}."
            missing = " not found" if self.recent and problem.endswith("not found") else ""
            self._fail(pod, f"0/{total} nodes are available: {problem}.{missing}{tail}")
            return
        reasons: Counter[str] = Counter()
        helpless = 0
        possible: list[Entry] = []
        for node in nodes:
            why, could_preempt = self._why_not(pod, node)
            if not why:
                possible.append(node)
                continue
            reasons.update(why)
            helpless += not could_preempt
        if possible:
            self._bind(pod, self._best(pod, possible))
            return
        self._fail(pod, _sentence(len(nodes), reasons, helpless, recent=self.recent))

    def _why_not(self, pod: Entry, node: Entry) -> tuple[list[str], bool]:
        """(reasons of the first filter that refuses, whether preemption could help)."""
        spec = pod.spec
        if node.spec.get("unschedulable") and not tolerates(
            rows(spec, "tolerations"), {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
        ):
            return ["node(s) were unschedulable"], False
        if taint := untolerated(spec, node):
            which = "(s)" if self.recent else f" {{{taint['key']}: {taint.get('value', '')}}}"
            return [f"node(s) had untolerated taint{which}"], False
        if not fits_affinity(spec, node):
            return ["node(s) didn't match Pod's node affinity/selector"], False
        if lacking := self._lacking(spec, node):
            return lacking, self._could_ever(spec, node)
        if why := self.volumes.conflict(pod, node):
            return [why], False
        if why := self._repelled(pod, node):
            return [why], True
        return [], False

    def _lacking(self, spec: Object, node: Entry) -> list[str]:
        room = child(node.status, "allocatable")
        asked = self.desk.pods.asked[node.name]
        lacking = ["Too many pods"] if asked["pods"] + 1 > quantity(room.get("pods", 0)) else []
        for name, value in requests(spec).items():
            if value > 0 and asked[name] + value > quantity(room.get(name, 0)) + 1e-9:
                lacking.append(f"Insufficient {name}")
        return lacking

    def _could_ever(self, spec: Object, node: Entry) -> bool:
        room = child(node.status, "allocatable")
        return all(value <= quantity(room.get(name, 0)) for name, value in requests(spec).items())

    @property
    def recent(self) -> bool:
        """Whether the server's version speaks as 1.34 and later do."""
        return self.desk.world.minor >= NEW_WORDS_SINCE

    def _repelled(self, pod: Entry, node: Entry) -> str:
        pods, mine = self.desk.pods, anti_terms(pod.spec)
        for other in self._beside(pod, pods.by_node[node.name]) if mine else ():
            if any(_repels(term, other, node) for term in mine):
                return "node(s) didn't match pod anti-affinity rules"
        for other in self._beside(pod, pods.repelling[node.name]):
            if any(_repels(term, pod, node) for term in anti_terms(other.spec)):
                return "node(s) didn't satisfy existing pods anti-affinity rules"
        return ""

    def _beside(self, pod: Entry, keys: set[str]) -> Iterator[Entry]:
        entries = self.desk.store.entries(PODS)
        for key in keys:
            other = entries[key]
            if other.namespace == pod.namespace and not is_done(other):
                yield other

    def _best(self, pod: Entry, nodes: list[Entry]) -> Entry:
        owner = next(iter(rows(pod.meta, "ownerReferences")), {"name": ""})["name"].rpartition("-")[0]
        for hint in (pod.key, f"{pod.namespace}/{owner}"):
            if (chosen := self.hints.pop(hint, None)) and (found := [node for node in nodes if node.name == chosen]):
                return found[0]
        siblings = Counter(
            other.spec.get("nodeName", "")
            for ref in rows(pod.meta, "ownerReferences")
            for other in self.desk.pods.owned_by(ref["uid"])
        )
        return min(nodes, key=lambda node: (siblings[node.name], self._use(node), node.name))

    def _use(self, node: Entry) -> float:
        asked, room = self.desk.pods.asked[node.name], child(node.status, "allocatable")
        shares = [asked[name] / quantity(room[name]) for name in ("cpu", "memory") if quantity(room.get(name, 0))]
        return sum(shares) / max(1, len(shares)) + asked["pods"] / 1000

    def _bind(self, pod: Entry, node: Entry) -> None:
        self.volumes.bind(pod, node)

        def edit(body: Object) -> None:
            body["spec"]["nodeName"] = node.name
            status = body["status"]
            made: Object = {"type": "PodScheduled", "status": "True", "lastProbeTime": None}
            kept = [item for item in rows(status, "conditions") if item["type"] != "PodScheduled"]
            status["conditions"] = with_condition(kept, made, self.desk.world.now())

        bound = self.desk.world.change(PODS, pod.key, edit)
        if bound is not None:
            self.desk.event(bound, "Scheduled", f"Successfully assigned {pod.key} to {node.name}", source=SOURCE)

    def _fail(self, pod: Entry, message: str) -> None:
        def edit(body: Object) -> None:
            status = body["status"]
            made: Object = {"type": "PodScheduled", "status": "False", "lastProbeTime": None}
            made |= {"observedGeneration": body["metadata"].get("generation", 1)}
            made |= {"reason": "Unschedulable", "message": message}
            status["conditions"] = with_condition(rows(status, "conditions"), made, self.desk.world.now())

        changed = self.desk.world.change(PODS, pod.key, edit)
        if changed is not None:
            self.desk.event(changed, "FailedScheduling", message, source=SOURCE, warning=True)


def _repels(term: Object, other: Entry, node: Entry) -> bool:
    if term.get("topologyKey") not in node.labels:
        return False
    return object_test(term.get("labelSelector"))(other.labels)


def _sentence(total: int, reasons: Counter[str], helpless: int, *, recent: bool) -> str:
    texts = sorted(f"{count} {reason}" for reason, count in reasons.items())
    head = f"0/{total} nodes are available: {', '.join(texts)}." if total else "no nodes available to schedule pods"
    if not total:
        return head
    helps = [f"{total - helpless} No preemption victims found for incoming pod"] if total > helpless else []
    helps += [f"{helpless} {HELPLESS}"] if helpless else []
    claims = "no new claims to deallocate, " if recent else ""
    return f"{head} {claims}preemption: 0/{total} nodes are available: {', '.join(sorted(helps))}."
