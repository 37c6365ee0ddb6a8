"""A plan as lines: its verdict, the reasons worst first, what becomes of each pod, and the order of the steps. Pure."""

from __future__ import annotations

from itertools import groupby

from textual.content import Content

from console.model import Answer, Reason, Tone
from console.plugin import Cell, Effect
from console.text import clean
from console.workflow import planview
from console.workflow.plan import Plan
from console.workflow.steps import Step
from screens.paint import Paint

TONES = {Answer.SAFE: Tone.OK, Answer.DECIDE: Tone.WARN, Answer.NO: Tone.BAD, Answer.UNKNOWN: Tone.BAD}
_ORDER = list(Answer)
_NAMED = 4


def verdict_cell(answer: Answer) -> Cell:
    """The answer with its tone."""
    return Cell(answer.value, TONES[answer])


def reason_lines(paint: Paint, plan: Plan) -> list[Content]:
    """Every reason with its system and its arithmetic, the worst first; decisions say whether they are taken."""
    rows = [("", reason) for reason in plan.kernel.reasons]
    rows += [(str(part.instance), reason) for part in plan.parts for reason in part.verdict.reasons]
    rows.sort(key=lambda row: -_ORDER.index(row[1].answer))
    several = len(plan.parts) > 1
    if not rows:
        return [paint.line(("nothing speaks against it", "muted"))]
    return [_reason(paint, plan, reason, instance if several else "") for instance, reason in rows]


def _reason(paint: Paint, plan: Plan, reason: Reason, instance: str) -> Content:
    taken = ""
    if reason.decision:
        taken = "  [taken]" if reason.decision in plan.target.decisions else "  [to decide]"
    where = f"{clean(instance)}  " if instance else ""
    topic = f"  {where}{clean(reason.topic)}  "
    answer = Cell(f"{reason.answer.value:<7}", TONES[reason.answer])
    return paint.line(answer, (topic, "title"), clean(reason.rest, 400), (taken, "warn"))


def order_lines(paint: Paint, plan: Plan) -> list[Content]:
    """The steps by phase; what stands together has no order among itself."""
    lines = pod_lines(paint, plan)
    lines.append(paint.line(("in which order", "title")))
    for phase, steps in groupby(plan.steps, key=lambda step: step.phase):
        lines.append(paint.line((f" {phase.name.lower().replace('_', ' ')}", "label")))
        lines += [_step(paint, step) for step in steps]
    if not plan.steps:
        lines.append(paint.line(("  nothing", "muted")))
    return lines


def pod_lines(paint: Paint, plan: Plan) -> list[Content]:
    """What becomes of the pods: how many of each lot with their names, then each that something holds."""
    lines: list[Content] = [paint.line(("what happens", "title"))] if plan.prospects else []
    for phrase, pods in planview.happens(plan):
        names = ", ".join(clean(each.subject.name) for each in pods[:_NAMED])
        more = f" and {len(pods) - _NAMED} more" if len(pods) > _NAMED else ""
        lines.append(paint.line((f" {len(pods):>3} {clean(phrase)}", "label"), (f"  {names}{more}", "muted")))
    held = [each for each in plan.prospects if planview.prospect_line(each)]
    lines += [paint.line(("pod by pod", "title"))] if held else []
    for each in sorted(held, key=lambda each: -_ORDER.index(each.answer)):
        answer = Cell(f"{each.answer.value:<7}", TONES[each.answer])
        lines.append(paint.line(answer, f"  {clean(planview.prospect_line(each), 400)}"))
    if plan.together is not None:
        lines.append(paint.line(("which nodes together", "title")))
        lines.append(paint.line(f"  {clean(str(plan.together), 400)}"))
    return lines


def _step(paint: Paint, step: Step) -> Content:
    role = "bad" if step.effect is Effect.DESTROY else "muted" if step.effect is Effect.READ else "plain"
    after = f"  after {', '.join(clean(name) for name in step.after)}" if step.after else ""
    return paint.line((f"   {clean(step.title)}", role), (after, "muted"))
