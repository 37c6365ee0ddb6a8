"""What a drain would lose, for good or for a while: unmanaged pods, emptyDir data, running jobs, the only copy.

Each is a decision of a person, under an id: `unmanaged`, `emptydir`, `jobs`, `outage`.
"""

from __future__ import annotations

from collections.abc import Iterator

from console.model import Answer, Reason, Ref
from console.plugin import Facts
from plugins.kubernetes.checks.fates import EVICTED, Fate
from plugins.kubernetes.checks.standing import Standing
from plugins.kubernetes.checks.words import listed, pod_ref, pods
from plugins.kubernetes.model import tables
from plugins.kubernetes.model.pods import Pod

UNMANAGED, EMPTY_DIR, JOBS, OUTAGE = "unmanaged", "emptydir", "jobs", "outage"
_JOB_TRACKING = "batch.kubernetes.io/job-tracking"


def foreign_finalizers(pod: Pod) -> list[str]:
    """Finalizers that somebody must remove before the pod is gone; the Job controller's own goes by itself."""
    return [one for one in pod.finalizers if one != _JOB_TRACKING] if pod.finalizers else []


def loss_reasons(stand: Standing, facts: Facts) -> Iterator[Reason]:
    """Losses and outages, and what cannot be known of a pod."""
    lost = stand.of(Fate.LOST)
    if lost:
        text = f"{pods(len(lost))} that nobody makes again: {listed([pod.key for pod in lost])}"
        yield Reason(Answer.DECIDE, UNMANAGED, text, pod_ref(lost[0]), decision=UNMANAGED)
    empty = [pod for pod, its in stand.pods if pod.empty_dirs and its in EVICTED]
    if empty:
        text = f"{pods(len(empty))} with an emptyDir volume, whose data goes: {listed([pod.key for pod in empty])}"
        yield Reason(Answer.DECIDE, EMPTY_DIR, text, pod_ref(empty[0]), decision=EMPTY_DIR)
    for pod in stand.of(Fate.UNKNOWN):
        owner = pod.owner
        who = f"{owner.kind} {owner.name}" if owner else "nobody"
        text = f"{pod.key} belongs to {who}: whether it makes the pod again is not known"
        yield Reason(Answer.UNKNOWN, "owners", text, pod_ref(pod))
    yield from _held(stand)
    yield from _outages(stand, facts)


def _held(stand: Standing) -> Iterator[Reason]:
    """Pods that somebody else must let go."""
    for pod, its in stand.pods:
        foreign = foreign_finalizers(pod)
        if foreign and its not in {Fate.DAEMON, Fate.STATIC}:
            state = "is being deleted and" if pod.deleted is not None else "will be"
            text = f"{pod.key} {state} held by {listed(foreign)}: who removes that, and when, is not known"
            yield Reason(Answer.UNKNOWN, "finalizers", text, pod_ref(pod))


def _outages(stand: Standing, facts: Facts) -> Iterator[Reason]:
    """Workloads all of whose ready pods are here, and jobs that start over."""
    for key, group in stand.by_owner(stateful=False).items():
        namespace, kind, name = key.split("/", 2)
        subject = Ref(kind.lower(), name, namespace)
        if kind == "Job":
            text = f"job {namespace}/{name} runs here: its pod starts again from the beginning"
            yield Reason(Answer.DECIDE, JOBS, text, subject, decision=JOBS)
            continue
        ready = [pod for pod, _ in group if pod.healthy]
        if ready and not any(
            pod.healthy and pod.node not in stand.nodes for pod in facts.by(tables.PODS_BY_OWNER, key)
        ):
            only = "its only ready pod is" if len(ready) == 1 else f"all {len(ready)} ready pods are"
            text = f"short outage of {kind} {namespace}/{name}: {only} here"
            yield Reason(Answer.DECIDE, OUTAGE, text, subject, decision=OUTAGE)
