"""What stands on a run's nodes while the run is on its way: every system asked again and again, from live rows.

Owns the demand for those rows. Judges nothing itself, and refuses to fail: a system whose rows are old is named.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from console.model import InstanceId, Presence, Ref, SourceState
from console.plugin import Hooks

if TYPE_CHECKING:
    from console.demand import Want
    from console.runtime import Runtime
    from console.workflow.events import Planned
    from console.workflow.steps import Step


class Sight(Struct, frozen=True):
    """What is seen now; `missing` says in words what cannot be seen, or not now."""

    things: tuple[Presence, ...] = ()
    missing: tuple[str, ...] = ()


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
