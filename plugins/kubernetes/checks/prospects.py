"""What a drain does to each single pod of the nodes, with what holds it: the verdict, told pod by pod.

Pure. The sums (budgets over several pods, room for all that move) are those of the verdict, said again at each pod that
they concern, so that a line of one pod never contradicts the verdict.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from console.format import duration
from console.model import Answer, NodeName, Prospect, Reason
from console.plugin import Facts
from plugins.kubernetes.checks.budgeting import doubled, judge, weigh
from plugins.kubernetes.checks.fates import EVICTED, Fate, pinned
from plugins.kubernetes.checks.losses import EMPTY_DIR, JOBS, UNMANAGED, foreign_finalizers
from plugins.kubernetes.checks.room import PENDING, Room, place, unplaced
from plugins.kubernetes.checks.standing import Standing, grouped
from plugins.kubernetes.checks.unheard import confirms
from plugins.kubernetes.checks.words import listed, pod_ref
from plugins.kubernetes.model.pods import Pod

WHAT: Mapping[Fate, tuple[str, str]] = {
    Fate.MOVES: ("moves", "move to other nodes"),
    Fate.RETURNS: ("waits", "stay pending until the node is back"),
    Fate.DAEMON: ("daemonset", "stay (DaemonSets)"),
    Fate.STATIC: ("static", "stay (static pods)"),
    Fate.FINISHED: ("finished", "have finished"),
    Fate.LEAVING: ("leaving", "are terminating already"),
    Fate.LOST: ("lost", "are lost"),
    Fate.UNKNOWN: ("unknown", "go, and nobody knows what then"),
}
"""The word for machines, never renamed (docs and scripts use it), and the phrase for several pods."""


def prospects(stand: Standing, rooms: Mapping[str, Room], facts: Facts) -> tuple[Prospect, ...]:
    """One a pod, in the order of namespaces and names."""
    held = _held(stand, rooms, facts)
    found: list[Prospect] = []
    for pod, its in stand.pods:
        mine = tuple(held[pod.key])
        what, several = WHAT[its]
        text = _text(pod, its, facts)
        if its is Fate.MOVES and any(reason.decision == PENDING for reason in mine):
            what, several = WHAT[Fate.RETURNS]
            text = f"stays pending until {listed(sorted(stand.nodes))} is back: no other node takes it"
        found.append(Prospect(pod_ref(pod), NodeName(pod.node), what, text, several, mine))
    return tuple(found)


def _held(stand: Standing, rooms: Mapping[str, Room], facts: Facts) -> Mapping[str, list[Reason]]:
    """Reasons by the key of the pod."""
    found: dict[str, list[Reason]] = defaultdict(list)
    weighed = weigh(stand, facts)
    for pod, several in weighed.twice:
        found[pod.key].append(doubled(pod, several))
    for load in weighed.loads.values():
        reason = judge(load)
        for pod in load.pods:
            found[pod.key].append(reason)
    groups = grouped(stand.of(Fate.MOVES), facts)
    fit = place([mover for mover, _ in groups], stand.nodes, rooms, facts)
    for mover, group in groups:
        for reason in (unplaced(left, stand.nodes) for left in fit.left if left[0] is mover):
            for pod in group:
                found[pod.key].append(reason)
    for pod, its in stand.pods:
        found[pod.key] += _own(pod, its, facts)
    return found


def _own(pod: Pod, its: Fate, facts: Facts) -> list[Reason]:
    """What concerns this pod alone."""
    found: list[Reason] = []
    owner, ref = pod.owner, pod_ref(pod)
    if its is Fate.LOST:
        found.append(Reason(Answer.DECIDE, UNMANAGED, "nobody makes it again", ref, UNMANAGED))
    elif its is Fate.UNKNOWN and owner is not None:
        text = f"it belongs to {owner.kind} {owner.name}: whether that makes it again is not known"
        found.append(Reason(Answer.UNKNOWN, "owners", text, ref))
    elif its is Fate.RETURNS:
        paths = [f"{volume.name} ({volume.path or volume.source})" for volume in pinned(pod, facts)]
        found.append(Reason(Answer.DECIDE, "volumes", f"{listed(paths)} lies here", ref, PENDING))
    if its in EVICTED and pod.empty_dirs:
        text = f"the data of its {pod.empty_dirs} emptyDir volume{'s' if pod.empty_dirs > 1 else ''} goes"
        found.append(Reason(Answer.DECIDE, EMPTY_DIR, text, ref, EMPTY_DIR))
    if its in EVICTED and owner is not None and owner.kind == "Job":
        found.append(Reason(Answer.DECIDE, JOBS, "it starts again from the beginning", ref, JOBS))
    silent = confirms(pod, facts) if its in EVICTED or its is Fate.LEAVING else None
    if silent is not None:
        found.append(silent)
    held = foreign_finalizers(pod)
    if held and its not in {Fate.DAEMON, Fate.STATIC}:
        text = f"held by {listed(held)}: who removes that, and when, is not known"
        found.append(Reason(Answer.UNKNOWN, "finalizers", text, ref))
    return found


def _text(pod: Pod, its: Fate, facts: Facts) -> str:
    """The same for people, in a few words."""
    owner = pod.owner
    match its:
        case Fate.RETURNS:
            hosts = sorted({host for volume in pinned(pod, facts) for host in volume.hosts})
            text = f"stays pending until {listed(hosts)} is back: its volume is there"
        case Fate.DAEMON:
            text = f"stays: DaemonSet {owner.name if owner else ''}"
        case Fate.STATIC:
            text = "stays: a static pod of the kubelet"
        case Fate.FINISHED:
            text = f"is removed: it has finished ({pod.status})"
        case Fate.LEAVING:
            text = f"is terminating already, {grace_left(pod, facts.now)}"
        case Fate.LOST:
            gone = f"{owner.kind} {owner.name} is not there any more" if owner else "no controller makes it again"
            text = f"is lost: {gone}"
        case Fate.UNKNOWN:
            text = f"is evicted; what {owner.kind if owner else 'its owner'} does then is not known"
        case Fate.MOVES:
            text = "moves to another node"
    return text


def grace_left(pod: Pod, now: float) -> str:
    """A deletion's time stamp is when the grace ends."""
    left = (pod.deleted or now) - now
    if left >= 0:
        return f"{duration(left)} of its grace left"
    node = f" on {pod.node}" if pod.node else ""
    return f"{duration(-left)} over its grace: its kubelet{node} has not confirmed the end"
