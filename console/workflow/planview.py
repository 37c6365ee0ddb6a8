"""A plan in words and as JSON: what `plan` prints and the first screen of a drain shows.

Owns the form only; JSON keys are never renamed.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from console.model import Answer, Prospect, Reason
from console.workflow.codec import step_json
from console.workflow.plan import Plan
from console.workflow.steps import Phase, Step

_TOGETHER = 3
_RANK = {answer: rank for rank, answer in enumerate(Answer)}


def as_json(plan: Plan) -> dict[str, Any]:
    """The plan as one JSON object."""
    return {
        "run": plan.target.run,
        "nodes": list(plan.target.nodes),
        "verdict": plan.verdict.answer.value,
        "exit": plan.exit_code,
        "checkedAt": plan.at,
        "took": plan.took,
        "decisions": [
            {"id": reason.decision, "text": reason.text, "taken": reason.decision in plan.target.decisions}
            for reason in plan.verdict.decisions
        ],
        "systems": [
            {
                "system": part.instance.system,
                "instance": part.instance.name,
                "verdict": part.verdict.answer.value,
                "reasons": [_reason(reason) for reason in part.verdict.reasons],
                "proof": dict(part.proof),
                "pods": [_prospect(each) for each in part.prospects],
            }
            for part in plan.parts
        ],
        "reasons": [_reason(reason) for reason in plan.kernel.reasons],
        "together": _together(plan),
        "order": order(plan),
        "steps": [step_json(step) for step in plan.steps],
        "held": [{"lease": record.name, "holder": record.holder, "note": record.note} for record in plan.held],
    }


def as_text(plan: Plan) -> str:
    """The plan as lines; reasons stand worst first."""
    answer = plan.verdict.answer
    open_ = len(plan.undecided)
    what = f"  ({open_} decision{'s' if open_ != 1 else ''} to take)" if open_ else ""
    head = f"plan: {plan.target.run} {', '.join(plan.target.nodes)}"
    lines = [f"{head}    verdict {answer.value}{what}    checked in {plan.took:.1f} s"]
    rows = [("pilothouse", reason) for reason in plan.kernel.reasons]
    rows += [(str(part.instance), reason) for part in plan.parts for reason in part.verdict.reasons]
    width = max((len(reason.topic) for _, reason in rows), default=0)
    for _, reason in sorted(rows, key=lambda row: -_worst(row[1])):
        lines.append(f"  {reason.answer.value:<7} {reason.topic:<{width}}  {reason.rest}{_decision(plan, reason)}")
    lines += [f"  {line}" for line in pod_lines(plan)]
    if plan.together is not None:
        lines.append(f"nodes: {plan.together}")
    lines.append(f"order: {order(plan) or 'nothing to do'}")
    return "\n".join(lines)


def happens(plan: Plan) -> list[tuple[str, list[Prospect]]]:
    """What becomes of the things on the nodes: a phrase, and those that it is about; the most disturbing first."""
    found: dict[str, list[Prospect]] = {}
    for each in plan.prospects:
        found.setdefault(each.what, []).append(each)
    order = sorted(found.items(), key=lambda item: (-max(_RANK[p.answer] for p in item[1]), -len(item[1]), item[0]))
    return [(each[0].several, each) for _, each in order]


def pod_lines(plan: Plan) -> list[str]:
    """A count a fate with some names, then each pod that something holds or that loses something."""
    lines = [f"{len(pods)} {phrase}: {_some(pods)}" for phrase, pods in happens(plan)]
    for each in plan.prospects:
        line = prospect_line(each)
        if line:
            lines.append(f"{each.answer.value:<7} {line}")
    return lines


def prospect_line(each: Prospect) -> str:
    """One thing and why it is not simply safe; empty where it is."""
    held = [reason for reason in each.reasons if reason.answer is not Answer.SAFE]
    if not held:
        return ""
    name = f"{each.subject.namespace}/{each.subject.name}" if each.subject.namespace else each.subject.name
    return f"{name}  {each.text}: {'; '.join(reason.text for reason in held)}"


def _some(pods: Sequence[Prospect], shown: int = 4) -> str:
    names = [each.subject.name for each in pods[:shown]]
    return ", ".join(names) + (f" and {len(pods) - shown} more" if len(pods) > shown else "")


def _together(plan: Plan) -> dict[str, Any] | None:
    found = plan.together
    if found is None:
        return None
    alone = {str(node): answer.value for node, answer in found.alone.items()}
    return {"groups": [list(group) for group in found.groups], "alone": alone}


def _prospect(each: Prospect) -> dict[str, Any]:
    subject = each.subject
    return {
        "namespace": subject.namespace,
        "name": subject.name,
        "uid": subject.uid,
        "node": each.node,
        "what": each.what,
        "text": each.text,
        "verdict": each.answer.value,
        "reasons": [_reason(reason) for reason in each.reasons],
    }


def order(plan: Plan) -> str:
    """One line: what is done together, and what after what."""
    words: list[str] = []
    for _, of_phase in groupby(plan.steps, key=lambda step: step.phase):
        words.extend(_wave(list(of_phase)))
    return " → ".join(words)


def _wave(steps: list[Step]) -> list[str]:
    """The steps of one phase in turns: those that wait for nobody in it, those that wait only for them, and so on."""
    turns: dict[str, int] = {}
    for step in steps:  # the plan's order: what a step waits for stands before it
        turns[step.id] = max((turns[name] + 1 for name in step.after if name in turns), default=0)
    words: list[str] = []
    for turn in range(max(turns.values(), default=-1) + 1):
        titles = [step.title for step in steps if turns[step.id] == turn]
        many = len(titles) > _TOGETHER and steps[0].phase is Phase.EVICT
        words.append(f"{len(titles)} together" if many else ", ".join(titles))
    return words


def _worst(reason: Reason) -> int:
    return _RANK[reason.answer]


def _decision(plan: Plan, reason: Reason) -> str:
    if not reason.decision:
        return ""
    return f"  [{reason.decision}: {'taken' if reason.decision in plan.target.decisions else 'open'}]"


def _reason(reason: Reason) -> dict[str, Any]:
    subject = reason.subject
    return {
        "answer": reason.answer.value,
        "topic": reason.topic,
        "text": reason.text,
        "decision": reason.decision,
        "subject": {"kind": subject.kind, "namespace": subject.namespace, "name": subject.name} if subject else None,
    }
