"""Webhooks in a drain: those that are asked about evictions, and those whose only backends stand on the nodes that go.

Rules (Kubernetes, admission): a webhook that cannot be reached refuses everything it is asked about where its policy is
Fail, and is passed over where it is Ignore. So while its last backend is away, nothing it selects can be made, or it
is made without what the webhook adds (a sidecar). A backend that can move is moved first, before all other pods:
`first` names those pods, and the plan's steps keep that order.

Match conditions (CEL) are not evaluated: a webhook is taken to be asked. Where a NO rests on that alone, it becomes a
decision that names them: a webhook is asked only where all of its conditions are true.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from msgspec import Struct, field

from console.model import Answer, Reason, Ref
from console.plugin import Facts
from plugins.kubernetes.checks.fates import Fate
from plugins.kubernetes.checks.standing import Standing
from plugins.kubernetes.checks.words import listed
from plugins.kubernetes.model import tables
from plugins.kubernetes.model.pods import Pod
from plugins.kubernetes.model.selectors import Selector
from plugins.kubernetes.model.services import Endpoint
from plugins.kubernetes.model.webhooks import Webhook

WEBHOOK_GAP = "webhook-gap"
_TOPIC = "webhooks"
_SHOWN = 2


class _Backed(Struct):
    """The webhooks of one service (or URL) and policy, and who answers for them."""

    place: str
    fails: bool
    hooks: list[Webhook] = field(default_factory=list[Webhook])
    ready: list[Endpoint] = field(default_factory=list[Endpoint])
    service: bool = True

    @property
    def title(self) -> str:
        return f"webhook {listed(sorted({hook.name for hook in self.hooks}), _SHOWN)} ({self.place})"

    @property
    def evictions(self) -> bool:
        return any(hook.evictions for hook in self.hooks)

    @property
    def pods(self) -> bool:
        return any(hook.pods for hook in self.hooks)

    @property
    def made(self) -> str:
        """What it is asked about."""
        return listed(sorted({name for hook in self.hooks for name in hook.makes})) or "nothing"

    @property
    def subject(self) -> Ref:
        space, _, name = self.place.rpartition("/")
        return Ref("service", name, space) if self.service else Ref("webhook", self.hooks[0].name)

    def here(self, nodes: frozenset[str]) -> list[Endpoint]:
        return [one for one in self.ready if one.node in nodes]


def webhook_reasons(stand: Standing, facts: Facts) -> Iterator[Reason]:
    """Lines for webhooks that this drain meets."""
    for backed in _backed(facts):
        here = backed.here(stand.nodes)
        if backed.service and backed.ready and len(here) == len(backed.ready):
            yield _only_here(backed, here, stand, facts)
        elif backed.service and not backed.ready and backed.fails and (backed.evictions or backed.pods):
            yield from _nobody(backed, stand)
        elif backed.evictions and stand.evicted:
            where = f"ready on {listed(sorted({one.node for one in backed.ready}))}" if backed.service else "no service"
            text = f"{backed.title} is asked about every eviction: it may refuse or take the pod over itself; {where}"
            yield Reason(Answer.SAFE, _TOPIC, text, backed.subject)


def first(stand: Standing, facts: Facts) -> dict[str, str]:
    """The pods that move before all others, by key, with the service whose webhooks they answer."""
    fates = {pod.key: its for pod, its in stand.pods}
    found: dict[str, str] = {}
    for backed in _backed(facts):
        here = backed.here(stand.nodes)
        if backed.service and here and len(here) == len(backed.ready):
            found |= {one.pod: backed.place for one in here if fates.get(one.pod) is Fate.MOVES}
    return found


def _backed(facts: Facts) -> list[_Backed]:
    """All webhooks by what answers for them and what happens when it does not."""
    found: dict[tuple[str, bool], _Backed] = {}
    for configuration in facts.rows(tables.WEBHOOKS).values():
        for hook in configuration.hooks:
            place = hook.service or hook.url or "nowhere"
            backed = found.setdefault((place, hook.fails_closed), _Backed(place, hook.fails_closed))
            backed.hooks.append(hook)
            backed.service = bool(hook.service)
    ready: dict[str, list[Endpoint]] = defaultdict(list)
    for place in {place for place, _ in found}:
        for one in facts.by(tables.SLICES_BY_SERVICE, place):
            ready[place] += [endpoint for endpoint in one.endpoints if endpoint.ready]
    for (place, _), backed in found.items():
        backed.ready = ready[place]
    return [found[key] for key in sorted(found)]


def _nobody(backed: _Backed, stand: Standing) -> Iterator[Reason]:
    """Nobody answers already, and it fails closed."""
    if backed.evictions and stand.evicted:
        text = f"{backed.title} has no ready backend and fails closed: it refuses every eviction until one is ready"
        yield _no(text, backed, [hook for hook in backed.hooks if hook.evictions])
    elif backed.pods and stand.of(Fate.MOVES, Fate.RETURNS):
        text = f"{backed.title} has no ready backend and fails closed: no pod that it selects can be made again"
        yield _no(text, backed, [hook for hook in backed.hooks if hook.pods])


def _only_here(backed: _Backed, here: list[Endpoint], stand: Standing, facts: Facts) -> Reason:
    """All ready backends stand on the nodes that go."""
    fates = {pod.key: (pod, its) for pod, its in stand.pods}
    mine = [fates[one.pod] for one in here if one.pod in fates]
    names = listed([pod.key for pod, _ in mine] or [one.address for one in here])
    only = f"{backed.title}: its only ready backend{'s are' if len(here) > 1 else ' is'} here ({names})"
    where = listed(sorted(stand.nodes))
    moves = bool(mine) and all(its is Fate.MOVES for _, its in mine)
    if not backed.fails:
        if moves:
            text = f"{only}: moved first, the others wait until it is ready elsewhere; it is passed over meanwhile"
            return Reason(Answer.SAFE, _TOPIC, text, backed.subject)
        text = f"{only} and cannot move: while {where} is out, {backed.made} are made without it (no sidecar)"
        return Reason(Answer.DECIDE, _TOPIC, text, backed.subject, WEBHOOK_GAP)
    stops = f"nothing that it selects can be made ({backed.made}{'; evictions are refused' * backed.evictions})"
    if not moves:
        text = f"{only} and cannot move: while {where} is out {stops}; run a second one elsewhere first"
        grave = [hook for hook in backed.hooks if hook.pods or hook.evictions]
        if grave:  # nothing that is evicted would come back; about other kinds a person may decide
            return _no(text, backed, grave)
        return Reason(Answer.DECIDE, _TOPIC, text, backed.subject, WEBHOOK_GAP)
    own = [hook for hook in backed.hooks if any(_selects(hook, pod, facts) for pod, _ in mine)]
    if own:
        text = f"{only} and fails closed: it would refuse its own replacement; run a second one elsewhere first"
        return _no(text, backed, own)
    text = f"{only}: until its replacement is ready {stops}; it is moved first and the others wait, or run a second one"
    return Reason(Answer.DECIDE, _TOPIC, text, backed.subject, WEBHOOK_GAP)


def _no(text: str, backed: _Backed, asked: list[Webhook]) -> Reason:
    """A refusal by the webhooks that are `asked`; a decision where each of them is asked on conditions only."""
    if not all(hook.conditions for hook in asked):
        return Reason(Answer.NO, _TOPIC, text, backed.subject)
    names = listed(sorted({name for hook in asked for name in hook.conditions}))
    text += (
        f"; that is so only where its match conditions are true ({names}), which are not evaluated here: look at them"
    )
    return Reason(Answer.DECIDE, _TOPIC, text, backed.subject, WEBHOOK_GAP)


def _selects(hook: Webhook, pod: Pod, facts: Facts) -> bool:
    """Whether the webhook is asked when this pod is made."""
    if not hook.pods:
        return False
    space = facts.get(tables.NAMESPACES, pod.namespace)
    labels = {"kubernetes.io/metadata.name": pod.namespace} | (dict(space.labels) if space is not None else {})
    return _matches(hook.namespaces, labels) and _matches(hook.objects, dict(pod.labels))


def _matches(chosen: Selector | None, labels: dict[str, str]) -> bool:
    return chosen is None or chosen.matches(labels)
