"""How a drain is asked for: kubectl's options with kubectl's meanings, read from a target. Pure.

Options of a target (all frozen in the journal): `grace-period` (seconds, -1: the pod's own), `timeout` (seconds for all
evictions together, 0: no end), `pod-selector`, `delete-emptydir-data`, `force`, `disable-eviction`,
`skip-wait-for-delete-timeout` (seconds past the moment at which a pod should have been gone, 0: wait for it).

The dangerous ones are wishes only: each needs its decision, by the ids in DANGEROUS, before anything is changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from console.errors import UsageError
from console.model import Answer, Reason
from console.plugin import Json, Target
from console.selector import Selector, parse_selector
from plugins.kubernetes.checks.words import listed, pod_ref, pods
from plugins.kubernetes.model.pods import Pod

NO_EVICTION = "disable-eviction"
NO_GRACE = "no-grace"
DANGEROUS: Mapping[str, str] = {
    "force": "unmanaged",
    "delete-emptydir-data": "emptydir",
    "disable-eviction": NO_EVICTION,
    "grace-period": NO_GRACE,
}
"""Option -> the decision that it needs (`grace-period` only where it is 0)."""


class Wishes(Struct, frozen=True):
    """The options of one drain."""

    grace: int = -1
    timeout: float = 0.0
    selector: Selector | None = None
    disable_eviction: bool = False
    skip_wait: float = 0.0

    def wants(self, pod: Pod) -> bool:
        """Whether this drain is about the pod at all."""
        return self.selector is None or self.selector.matches(dict(pod.labels))

    def leaves_behind(self, pod: Pod, now: float) -> bool:
        """Whether the pod should have been gone so long ago that it is not waited for."""
        return bool(self.skip_wait) and pod.deleted is not None and now - pod.deleted > self.skip_wait


def wishes(target: Target) -> Wishes:
    """The options as values. Raises UsageError for a selector that cannot be read."""
    text = str(target.options.get("pod-selector") or "")
    return Wishes(
        grace=int(_number(target.options.get("grace-period"), -1)),
        timeout=_number(target.options.get("timeout"), 0),
        selector=parse_selector(text) if text else None,
        disable_eviction=target.options.get("disable-eviction") is True,
        skip_wait=_number(target.options.get("skip-wait-for-delete-timeout"), 0),
    )


def unreadable(target: Target) -> Iterator[Reason]:
    """A selector that cannot be read: which pods are meant is not known."""
    try:
        wishes(target)
    except UsageError as error:
        yield Reason(Answer.UNKNOWN, "options", f"--pod-selector: {error}")


def harsh(asked: Wishes, evicted: list[Pod]) -> Iterator[Reason]:
    """What the dangerous options mean for these pods, as decisions."""
    if not evicted:
        return
    names = listed([pod.key for pod in evicted])
    if asked.disable_eviction:
        text = f"{pods(len(evicted))} would be deleted without asking any budget: {names}"
        yield Reason(Answer.DECIDE, "options", text, pod_ref(evicted[0]), decision=NO_EVICTION)
    if asked.grace == 0:
        text = f"{pods(len(evicted))} would be killed without any time to stop: {names}"
        yield Reason(Answer.DECIDE, "options", text, pod_ref(evicted[0]), decision=NO_GRACE)


def unasked(reason: Reason) -> Reason:
    """A budget's refusal where no budget will be asked: said, but it stops nothing."""
    if reason.answer is not Answer.NO or reason.topic != "budgets":
        return reason
    return Reason(Answer.DECIDE, reason.topic, f"{reason.text}; not asked", reason.subject, decision=NO_EVICTION)


def _number(value: Json, default: float) -> float:
    try:
        return float(value) if isinstance(value, int | float | str) else default
    except ValueError:
        return default
