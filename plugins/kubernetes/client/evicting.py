"""Eviction: the request, and what its answer means. One vocabulary for budgets, webhooks and what is gone already.

The API says 429 for a budget and for its own load alike, and 500 for two budgets on one pod; operators' webhooks refuse
with texts of their own although all is well, others refuse because it is not. `judge` tells them apart; it is pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import Enum
from http import HTTPStatus

from msgspec import Struct

from console.text import clean
from plugins.kubernetes.client.answers import Cause, Status

_NEEDS = re.compile(r"needs (\d+) healthy pods and has (\d+) currently")
_BUDGET_NAME = re.compile(r"disruption budget (\S+)")
_HAND_OVER = re.compile(r"will be rolled by the Strimzi Cluster Operator|Eviction triggered evacuation", re.IGNORECASE)
_DENIED = re.compile(r"admission webhook \"?[^\" ]+\"? denied the request|ValidatingAdmissionPolicy .* denied request")
_NO_WEBHOOK = re.compile(r"failed calling webhook \"?(?P<name>[^\" :]+)")
_LOAD_WAIT = 5.0
_HAND_OVER_WAIT = 10.0
_WEBHOOK_WAIT = 10.0


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
    DENIED = "denied"
    """An admission webhook or policy refuses: a person must look at its rule."""
    WEBHOOK_DOWN = "webhook down"
    """A webhook that must be asked does not answer; it may later, unless it stands on the node itself."""
    TERMINATING = "namespace terminating"
    """The namespace is being deleted: the pod goes with it, and cannot be evicted."""


class Eviction(Struct, frozen=True):
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
    if _HAND_OVER.search(message):
        return Eviction(Outcome.HAND_OVER, message, _HAND_OVER_WAIT)
    if _NO_WEBHOOK.search(message):
        return Eviction(Outcome.WEBHOOK_DOWN, message, _WEBHOOK_WAIT)
    if _DENIED.search(message):
        return Eviction(Outcome.DENIED, message)
    if "more than one PodDisruptionBudget" in message:
        return Eviction(Outcome.SEVERAL_BUDGETS, message)
    if code == HTTPStatus.TOO_MANY_REQUESTS:
        return _too_many(status, message, headers)
    if code == HTTPStatus.FORBIDDEN and any(cause.reason == "NamespaceTerminating" for cause in _causes(status)):
        return Eviction(Outcome.TERMINATING, message, _LOAD_WAIT)
    return None


def _causes(status: Status | None) -> Sequence[Cause]:
    return status.causes if status else ()


def _too_many(status: Status | None, message: str, headers: Mapping[str, str]) -> Eviction:
    wait = _wait(status, headers)
    causes = [cause for cause in _causes(status) if cause.reason == "DisruptionBudget"]
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
