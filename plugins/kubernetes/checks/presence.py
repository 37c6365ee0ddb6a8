"""Every pod on the nodes of a run as it is now, and those that wait for these nodes: state and blocker in words.

Pure, from live rows; asked again and again while a run is on its way, so nothing here looks at the whole cluster. What
the run itself does is in its journal: this says what is seen.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, field

from console.model import Presence, Ref, Tone
from console.plugin import Facts, Target
from plugins.kubernetes.checks.budgeting import Finder, allows, blocked, unhealthy
from plugins.kubernetes.checks.fates import Fate, pinned, waiting_for
from plugins.kubernetes.checks.losses import foreign_finalizers
from plugins.kubernetes.checks.prospects import grace_left
from plugins.kubernetes.checks.scheduling import reasons
from plugins.kubernetes.checks.standing import standing
from plugins.kubernetes.checks.wishes import unreadable, wishes
from plugins.kubernetes.checks.words import listed, pod_ref
from plugins.kubernetes.model import tables
from plugins.kubernetes.model.pods import Pod

_OVERDUE = 30.0
"""Seconds past its grace from which a pod that is still there is a trouble."""
_OWN = frozenset({Fate.DAEMON, Fate.STATIC})


def present(facts: Facts, target: Target, named: Sequence[Ref]) -> Sequence[Presence]:
    """The pods on the nodes, those without a node whose volumes lie there, and what became of the named ones."""
    eye = _Eye(facts, target, Finder(facts))
    stand = standing(target.nodes, facts)
    found = {pod.uid: eye.here(pod, its) for pod, its in stand.pods}
    for node in target.nodes:
        found |= {pod.uid: eye.pending(pod) for pod in waiting_for(facts, node) if pod.uid not in found}
    for ref in named:
        made = None if ref.uid in found else eye.named(ref)
        if made is not None and made.subject.uid not in found:
            found[made.subject.uid] = made
    return tuple(found.values())


class _Eye(Struct):
    """One look at everything; `told` keeps what was said of each budget, `ill` who is not healthy in a namespace."""

    facts: Facts
    target: Target
    finder: Finder
    told: dict[str, str] = field(default_factory=dict[str, str])
    ill: dict[str, list[Pod]] = field(default_factory=dict[str, list[Pod]])

    def here(self, pod: Pod, its: Fate) -> Presence:
        """A pod on one of the nodes."""
        if its in _OWN:
            return self._own(pod, its)
        if pod.deleted is not None:
            return self._leaving(pod, pod.deleted)
        if its is Fate.FINISHED:
            return Presence(pod_ref(pod), "finished", f"it has finished ({pod.status})", Tone.MUTED)
        return self._to_go(pod, its) if self.target.run == "drain" else self._back(pod)

    def pending(self, pod: Pod) -> Presence:
        """A pod that has no node: for what it waits."""
        volumes = pinned(pod, self.facts)
        hosts = sorted({host for volume in volumes for host in volume.hosts})
        if hosts:
            text = f"waits for {listed(hosts)}: volume {listed([volume.name for volume in volumes])}"
        else:
            why = "; ".join(f"{count} nodes: {said}" for count, said in reasons(pod.message)[:2])
            text = f"waits for a node{f': {why}' if why else ''}"
        return Presence(pod_ref(pod), "waits", text, Tone.WARN, pod.created)

    def named(self, ref: Ref) -> Presence | None:
        """What a step is about and that is not on the nodes: gone, or there again under its name."""
        pod = self.facts.get(tables.PODS, f"{ref.namespace}/{ref.name}")
        if pod is None:
            return Presence(ref, "gone", "", Tone.OK)
        return self._back(pod) if pod.node else self.pending(pod)

    def _own(self, pod: Pod, its: Fate) -> Presence:
        owner = f"DaemonSet {pod.owner.name}" if its is Fate.DAEMON and pod.owner else "static pod"
        if pod.healthy:
            return Presence(pod_ref(pod), "stays", owner, Tone.MUTED)
        return Presence(pod_ref(pod), "stays", f"{owner}; {_unready(pod)}", Tone.WARN, pod.ready_since or 0.0)

    def _leaving(self, pod: Pod, end: float) -> Presence:
        """The API's time of deletion is when the grace ends."""
        now, held = self.facts.now, foreign_finalizers(pod)
        late = now - end
        text = grace_left(pod, now)
        if held and late >= 0:
            text = f"finalizer {listed(held)} holds it; {text}"
        tone = Tone.BUSY if late < 0 else Tone.WARN if late < _OVERDUE else Tone.BAD
        return Presence(pod_ref(pod), "terminating", text, tone)

    def _to_go(self, pod: Pod, its: Fate) -> Presence:
        """A pod that the drain sends away: what holds it, else what becomes of it."""
        asked = None if any(unreadable(self.target)) else wishes(self.target)
        if asked is not None and not asked.wants(pod):
            return Presence(pod_ref(pod), "stays", "--pod-selector does not select it", Tone.MUTED)
        held = "" if asked is not None and asked.disable_eviction else self._held(pod)
        if held:
            return Presence(pod_ref(pod), "held", held, Tone.WARN)
        final = foreign_finalizers(pod)
        if final:
            return Presence(pod_ref(pod), "here", f"finalizer {listed(final)} will hold it", Tone.WARN)
        hosts = sorted({host for volume in pinned(pod, self.facts) for host in volume.hosts})
        text = {
            Fate.RETURNS: f"will wait for {listed(hosts)} (its volume)",
            Fate.LOST: "nobody makes it again",
            Fate.UNKNOWN: f"what {pod.owner.kind if pod.owner else 'its owner'} does then is not known",
        }.get(its, "moves to another node")
        return Presence(pod_ref(pod), "here", text if pod.ready else f"{text}; {_unready(pod)}", Tone.MUTED)

    def _held(self, pod: Pod) -> str:
        """The budget that lets it not go now; empty where none holds it."""
        if pod.phase == "Pending":
            return ""
        budgets = self.finder.of(pod)
        if len(budgets) > 1:
            names = " and ".join(sorted(budget.name for budget in budgets))
            return f"under two budgets, {names}: the server refuses every eviction"
        if not budgets or allows(budgets[0], pod):
            return ""
        budget = budgets[0]
        space = budget.namespace
        if budget.key not in self.told:
            if space not in self.ill:
                self.ill[space] = unhealthy(self.facts, space)
            self.told[budget.key] = f"budget {blocked(budget, self.facts, self.ill[space])}"
        return self.told[budget.key]

    def _back(self, pod: Pod) -> Presence:
        """A pod that is there again, here or elsewhere."""
        where = f"on {pod.node}"
        if pod.healthy:
            return Presence(pod_ref(pod), "back", f"ready {where}", Tone.OK, pod.ready_since or pod.created)
        return Presence(pod_ref(pod), "starting", f"{_unready(pod)} {where}", Tone.BUSY, pod.created)


def _unready(pod: Pod) -> str:
    """Its STATUS, and that it is not ready where the word does not say so."""
    return "Running but not ready" if pod.status == "Running" else f"{pod.status}, not ready"
