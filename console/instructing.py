"""What a person must do elsewhere while a run waits: the commands to type on a node, with what a journal must not hold.

Asked of the systems whenever somebody looks, under the rights of who looks; never written down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.errors import ConsoleError
from console.model import InstanceId
from console.workflow.machine import ready
from console.workflow.steps import Ctx

if TYPE_CHECKING:
    from console.runtime import Runtime
    from console.workflow.journal import Page
    from console.workflow.steps import Step, StepKind


async def instructions(runtime: Runtime, page: Page) -> dict[str, str]:
    """The text of every step that could go now and has one, by step id; why, where it cannot be told."""
    state = page.state
    if state.plan is None or state.end is not None:
        return {}
    found: dict[str, str] = {}
    for name in ready(state):
        step = state.step(name)
        kind = _kind(runtime, step)
        if kind is None or kind.instructions is None:
            continue
        try:
            text = await kind.instructions(await _ctx(runtime, page, step))
        except ConsoleError as error:
            text = f"# what is to be done there cannot be told: {error}"
        if text:
            found[name] = text
    return found


def _kind(runtime: Runtime, step: Step) -> StepKind | None:
    instance = InstanceId(step.system, step.instance)
    if all(one.id != instance for one in runtime.instances):
        return None
    hooks = runtime.plugin(instance).hooks
    return hooks.load().kinds.get(step.kind) if hooks is not None else None


async def _ctx(runtime: Runtime, page: Page, step: Step) -> Ctx:
    instance, state = InstanceId(step.system, step.instance), page.state
    assert state.plan is not None  # noqa: S101 - the caller looked
    memory = {name: each.memory for name, each in state.steps.items() if each.memory}
    return Ctx(
        step=step,
        run=page.run,
        target=state.plan.target,
        client=await runtime.client(instance),
        facts=runtime.facts(instance),
        now=runtime.clock.now(),
        author=state.plan.author,
        reason=state.plan.reason,
        memory={**memory, "": state.steps[step.id].memory or {}},
        started=state.steps[step.id].sent_at,
    )
