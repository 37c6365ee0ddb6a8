"""What stands on a run's nodes while they are out: every system asked again and again, from live rows.

Owns the demand for those rows, and how they and the journal's word of a pod become one. Judges nothing itself, and
refuses to fail: a system whose rows are old is named.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from console.errors import ConsoleError
from console.model import InstanceId, Presence, Ref, SourceState, Tone
from console.plugin import Hooks
from console.workflow.events import End
from console.workflow.lease import Slots
from console.workflow.progress import Pod

if TYPE_CHECKING:
    from console.demand import Want
    from console.runtime import Runtime
    from console.workflow.events import Planned
    from console.workflow.journal import Page
    from console.workflow.steps import Step

_JOURNAL = {
    "asks": Tone.BAD,
    "held": Tone.WARN,
    "left here": Tone.WARN,
    "asked to go": Tone.BUSY,
    "leaving": Tone.BUSY,
    "gone": Tone.OK,
    "here": Tone.MUTED,
}
"""What the states of the journal mean."""
_DECIDED = frozenset({"asks", "left here"})
"""States of the journal that hold whatever is seen."""
_HANDLED = frozenset({"held", "asked to go", "leaving"})
"""States of the journal that say more than that a pod is here."""
HELD = frozenset({Tone.WARN, Tone.BAD})
"""Tones of what somebody must read."""
AWAY = frozenset({"gone", "back", "starting", "waits"})
"""States of what is not on the nodes any more."""


class Sight(Struct, frozen=True):
    """What is seen now; `missing` says in words what cannot be seen, or not now."""

    things: tuple[Presence, ...] = ()
    missing: tuple[str, ...] = ()


class PodRow(Struct, frozen=True):
    """One pod: its state in a word, since when (epoch s, 0: nobody knows), and why."""

    name: str
    namespace: str
    state: str
    tone: Tone
    since: float
    why: str
    mine: bool = False
    """A step of the run is about it."""
    step: str = ""
    """That step."""


def rows(found: Sequence[Pod], seen: Sequence[Presence]) -> list[PodRow]:
    """The journal's pods and those that are seen, each once.

    They keep their order while they change: first what the run's steps name, in the plan's order, then everything else
    on the nodes by namespace and name. What somebody must answer comes from the journal; where a pod is, from what is
    seen.
    """
    now = {(each.subject.namespace, each.subject.name): each for each in seen}
    made = [_merged(pod, now.pop((pod.namespace, pod.name), None)) for pod in found]
    others = (now[key] for key in sorted(now))
    return [*made, *(_row(each, each.text) for each in others)]


def _row(each: Presence, why: str, of: Pod | None = None) -> PodRow:
    subject, since, step = each.subject, of.since if of else 0.0, of.step if of else ""
    return PodRow(
        subject.name, subject.namespace, each.state, each.tone, each.since or since, why, of is not None, step
    )


def _merged(pod: Pod, live: Presence | None) -> PodRow:
    """A pod of a step: what holds it now is what is seen, else what the runner says of it, else what becomes of it."""
    tone = _JOURNAL.get(pod.state, Tone.PLAIN)
    told = PodRow(pod.name, pod.namespace, pod.state, tone, pod.since, pod.why, mine=True, step=pod.step)
    if live is None or pod.state in _DECIDED:
        return told
    if live.state in AWAY or live.state == "terminating" or live.tone in HELD:
        return _row(live, live.text or pod.why, pod)
    if pod.state in _HANDLED:
        return told
    return _row(live, pod.why or live.text, pod)


def named(steps: Sequence[Step]) -> tuple[Ref, ...]:
    """What the steps are about, one by one."""
    found: list[Ref] = []
    for step in steps:
        pod, space, uid = (step.params.get(key) for key in ("pod", "namespace", "uid"))
        if isinstance(pod, str) and pod:
            found.append(Ref("pod", pod, str(space or ""), str(uid or "")))
    return tuple(found)


class Watched:
    """The systems of one plan; their rows are wanted until `close`."""

    def __init__(self, kernel: Runtime) -> None:
        self._kernel = kernel
        self._hooks: dict[InstanceId, Hooks] = {}
        self._wants: list[Want] = []

    @property
    def seeing(self) -> bool:
        """Whether rows are wanted now."""
        return bool(self._hooks)

    async def open(self, plan: Planned) -> None:
        """Want the rows of every system that has steps in the plan; once. What is not connected is passed over."""
        if self._hooks:
            return
        known = {instance.id for instance in self._kernel.instances}
        for instance in dict.fromkeys(InstanceId(step.system, step.instance) for step in plan.steps):
            deferred = self._kernel.plugin(instance).hooks if instance in known else None
            if deferred is None:
                continue
            hooks: Hooks = await asyncio.to_thread(deferred.load)
            self._hooks[instance] = hooks
            self._wants += [self._kernel.want(instance, table) for table in hooks.reads]

    async def ready(self, within: float) -> None:
        """Return when all rows were read once, or could not be, or after so many seconds."""
        reads = (self._kernel.ready(instance, hooks.reads, within) for instance, hooks in self._hooks.items())
        await asyncio.gather(*reads)

    def look(self, plan: Planned) -> Sight:
        """Everything that the systems see now, in their order."""
        kernel, refs = self._kernel, named(plan.steps)
        things: list[Presence] = []
        missing: list[str] = []
        for instance, hooks in self._hooks.items():
            facts = kernel.facts(instance)
            for snapshot, table in ((facts.snapshot(table), table) for table in hooks.reads):
                if not snapshot.complete:
                    return Sight(missing=(f"{table.name} of {instance} are not read yet",))
                if snapshot.state is not SourceState.LIVE:
                    missing.append(f"{table.name} {snapshot.state.value}: {snapshot.error}")
            ask: Callable[..., Sequence[Presence]] = hooks.present
            things += kernel.fence.call(f"{instance.system} present", (), ask, facts, plan.target, refs)
        return Sight(tuple(things), tuple(dict.fromkeys(missing)))

    def close(self) -> None:
        """The rows are wanted no longer."""
        for want in self._wants:
            want.close()
        self._wants.clear()
        self._hooks.clear()


async def concerns(kernel: Runtime, page: Page) -> bool:
    """Whether what stands on the nodes now still belongs to this run.

    It does on its way, and after a drain for as long as a node is out by it; later it is another run's, or nobody's.
    """
    plan, end = page.state.plan, page.state.end
    if plan is None or end is None:
        return plan is not None
    if plan.target.run != "drain" or end is not End.DONE:
        return False
    try:
        taken = await Slots(await kernel.offer(lambda offers: offers.leases), kernel.settings.max_out).taken()
    except ConsoleError:
        return False
    return any(node in taken and taken[node].note.startswith(f"run {page.run} ") for node in plan.target.nodes)


async def sight(kernel: Runtime, page: Page, *, within: float) -> Sight:
    """One look at the nodes of a run, once their rows are read; empty where they do not concern it any more."""
    plan = page.state.plan
    if plan is None or not await concerns(kernel, page):
        return Sight()
    watched = Watched(kernel)
    try:
        await watched.open(plan)
        await watched.ready(within)
        return watched.look(plan)
    finally:
        watched.close()
