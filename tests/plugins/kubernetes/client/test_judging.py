"""What the answer to an eviction means, on the texts that servers and webhooks really send."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from plugins.kubernetes.client.answers import read_status
from plugins.kubernetes.client.evicting import Eviction, Outcome, judge

VIOLATES = "Cannot evict pod as it would violate the pod's disruption budget."
NEEDS = "The disruption budget web needs 2 healthy pods and has 1 currently"
STRIMZI = (
    'admission webhook "strimzi-drain-cleaner.strimzi.io" denied the request: The pod will be rolled by the '
    "Strimzi Cluster Operator"
)
KUBEVIRT = (
    'admission webhook "virt-launcher-eviction-interceptor.kubevirt.io" denied the request: Eviction triggered '
    "evacuation of VMI ns/vm"
)
TWICE = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
DOWN = (
    'Internal error occurred: failed calling webhook "guard.example.com": failed to call webhook: Post '
    '"https://guard.ns.svc:443/": dial tcp 10.0.0.9:443: connect: connection refused'
)
BUSY = "Too many requests, please try again later."


def said(code: int, message: str, *, headers: dict[str, str] | None = None, **details: Any) -> Eviction | None:
    body = {"kind": "Status", "status": "Failure", "message": message, "code": code, "details": details}
    return judge(code, read_status(msgspec.json.encode(body)), headers or {})


@pytest.mark.parametrize(
    ("code", "message", "outcome"),
    [
        (404, 'pods "web-1" not found', Outcome.GONE),
        (409, "Precondition failed: UID in precondition: a, UID in object meta: b", Outcome.GONE),
        (500, STRIMZI, Outcome.HAND_OVER),
        (429, KUBEVIRT, Outcome.HAND_OVER),
        (500, TWICE, Outcome.SEVERAL_BUDGETS),
        (429, BUSY, Outcome.BUSY),
        (500, DOWN, Outcome.WEBHOOK_DOWN),
        (403, 'admission webhook "guard.example.com" denied the request: frozen until Monday', Outcome.DENIED),
        (400, 'admission webhook "guard.example.com" denied the request without explanation', Outcome.DENIED),
        (
            422,
            "pods \"web-1\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no",
            Outcome.DENIED,
        ),
    ],
)
def test_each_answer_has_a_meaning_of_its_own(code: int, message: str, outcome: Outcome) -> None:
    found = said(code, message)
    assert found is not None
    assert found.outcome is outcome
    assert found.message == message


def test_a_budget_is_told_from_a_busy_server_by_its_cause_and_says_need_and_have() -> None:
    found = said(429, VIOLATES, causes=[{"reason": "DisruptionBudget", "message": NEEDS}])
    assert found == Eviction(Outcome.BUDGET, NEEDS, 5.0, "web", 2, 1)
    busy = said(429, BUSY, headers={"retry-after": "7"})
    assert busy == Eviction(Outcome.BUSY, BUSY, 7.0)


def test_the_time_that_the_server_names_is_kept() -> None:
    text = "The disruption budget web is still being processed by the server."
    found = said(429, VIOLATES, causes=[{"reason": "DisruptionBudget", "message": text}], retryAfterSeconds=10)
    assert found is not None
    assert (found.outcome, found.wait, found.needed) == (Outcome.BUDGET, 10.0, None)


def test_a_namespace_that_ends_is_known_by_its_cause() -> None:
    text = 'pods "web-1" is forbidden: unable to create new content in namespace ns because it is being terminated'
    cause = {"reason": "NamespaceTerminating", "message": "namespace ns is being terminated"}
    found = said(403, text, causes=[cause])
    assert found is not None
    assert found.outcome is Outcome.TERMINATING


@pytest.mark.parametrize(
    ("code", "message"),
    [(403, 'User "a" cannot create resource "pods/eviction" in API group ""'), (500, "etcdserver: request timed out")],
)
def test_what_is_no_word_about_evictions_stays_an_error(code: int, message: str) -> None:
    assert said(code, message) is None
