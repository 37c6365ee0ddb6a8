"""Eviction: the request, and what its answer means. One vocabulary for budgets, webhooks and what is gone already.

The API says 429 for a budget and for its own load alike, and 500 for two budgets on one pod; operators' webhooks refuse
with texts of their own although all is well. `judge` tells them apart; it is pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus

from console.text import clean
from plugins.kubernetes.client.answers import Status

_NEEDS = re.compile(r"needs (\d+) healthy pods and has (\d+) currently")
_BUDGET_NAME = re.compile(r"disruption budget (\S+)")
_LOAD_WAIT = 5.0
_HAND_OVER_WAIT = 10.0


class Outcome(Enum):
    """What became of an eviction request."""

    ACCEPTED = "accepted"
    """The pod is being deleted."""
    GONE = "gone"
    """There is no such pod any more, or it is another one of the same name."""
    BUDGET = "budget"
    """A budget does not allow it now; it may later."""
    SEVERAL_BUDGETS = "several budgets"
    """More than one budget matches the pod: the API refuses until a person changes that."""
    HAND_OVER = "hand-over"
    """An operator took the request and moves the pod itself; wait for the pod to go."""
    BUSY = "busy"
    """The API server asks for patience; nothing was decided."""


@dataclass(frozen=True, slots=True)
class Eviction:
    """The answer to one request; `needed` and `healthy` are the budget's arithmetic, where it is told."""

    outcome: Outcome
    message: str = ""
    wait: float = 0.0
    budget: str = ""
    needed: int | None = None
    healthy: int | None = None


def judge(code: int, status: Status | None, headers: Mapping[str, str]) -> Eviction | None:
    """What a refusal of an eviction means; None where it is an error like any other (no right, server broken)."""
    message = clean(status.message or "", 2000) if status else ""
    if code == HTTPStatus.NOT_FOUND or (code == HTTPStatus.CONFLICT and "uid" in message.lower()):
        return Eviction(Outcome.GONE, message)
    if "will be rolled by the Strimzi Cluster Operator" in message or "Eviction triggered evacuation" in message:
        return Eviction(Outcome.HAND_OVER, message, _HAND_OVER_WAIT)
    if "more than one PodDisruptionBudget" in message:
        return Eviction(Outcome.SEVERAL_BUDGETS, message)
    if code == HTTPStatus.TOO_MANY_REQUESTS:
        return _too_many(status, message, headers)
    return None


def _too_many(status: Status | None, message: str, headers: Mapping[str, str]) -> Eviction:
    wait = _wait(status, headers)
    causes = [cause for cause in (status.causes if status else ()) if cause.reason == "DisruptionBudget"]
    if not causes:
        return Eviction(Outcome.BUSY, message, wait)
    told = clean(causes[0].message, 1000)
    arithmetic, name = _NEEDS.search(told), _BUDGET_NAME.search(told)
    return Eviction(
        Outcome.BUDGET,
        told or message,
        wait,
        budget=name[1] if name else "",
        needed=int(arithmetic[1]) if arithmetic else None,
        healthy=int(arithmetic[2]) if arithmetic else None,
    )


def _wait(status: Status | None, headers: Mapping[str, str]) -> float:
    if status and status.details and status.details.retryAfterSeconds:
        return status.details.retryAfterSeconds
    try:
        return max(float(headers.get("retry-after", "")), 1.0)
    except ValueError:
        return _LOAD_WAIT
