"""Admission webhooks as rows: who may refuse what, and on which service that depends."""

from __future__ import annotations

from plugins.kubernetes.model.selectors import LabelSelector, Selector, selector
from plugins.kubernetes.model.wire import Meta, Row, Wire, epoch, key_of, line, word

_ALL = "*"


class HookService(Wire, frozen=True, gc=False):
    """HookService of the API, the fields that are read."""

    namespace: str = ""
    name: str = ""


class HookClient(Wire, frozen=True, gc=False):
    """HookClient of the API, the fields that are read."""

    service: HookService | None = None
    url: str | None = None


class HookRule(Wire, frozen=True, gc=False):
    """HookRule of the API, the fields that are read."""

    api_groups: tuple[str, ...] | None = None
    resources: tuple[str, ...] | None = None
    operations: tuple[str, ...] | None = None


class HookCondition(Wire, frozen=True, gc=False):
    """A MatchCondition: only its name is read, its expression is not evaluated."""

    name: str = ""


class HookWire(Wire, frozen=True, gc=False):
    """HookWire of the API, the fields that are read."""

    name: str = ""
    match_conditions: tuple[HookCondition, ...] | None = None
    failure_policy: str | None = None
    client_config: HookClient = HookClient()
    rules: tuple[HookRule, ...] | None = None
    namespace_selector: LabelSelector | None = None
    object_selector: LabelSelector | None = None


class HooksWire(Wire, frozen=True, gc=False):
    """A ValidatingWebhookConfiguration or a MutatingWebhookConfiguration."""

    metadata: Meta
    webhooks: tuple[HookWire, ...] | None = None


class Webhook(Row, frozen=True, gc=False):
    """One webhook; `service`: key of the Service behind it, empty for a URL.

    `evictions`, `pods`: it is asked when those are made; `makes` names all kinds that it is asked about when they are
    made (`pods`, `ingresses.networking.k8s.io`). `namespaces` and `objects` narrow that down; None selects everything.
    """

    name: str
    service: str
    url: str
    fails_closed: bool
    evictions: bool
    pods: bool = False
    makes: tuple[str, ...] = ()
    namespaces: Selector | None = None
    objects: Selector | None = None
    conditions: tuple[str, ...] = ()
    """Names of its match conditions (CEL): it is asked only where all are true, which only the server can tell."""


class WebhookConfiguration(Row, frozen=True, gc=False):
    """The webhooks of one configuration; `kind`: Validating or Mutating."""

    kind: str
    name: str
    uid: str
    created: float
    hooks: tuple[Webhook, ...]


def validating_row(wire: HooksWire) -> WebhookConfiguration:
    """A ValidatingWebhookConfiguration."""
    return _row("Validating", wire)


def mutating_row(wire: HooksWire) -> WebhookConfiguration:
    """A MutatingWebhookConfiguration."""
    return _row("Mutating", wire)


def _row(kind: str, wire: HooksWire) -> WebhookConfiguration:
    meta = wire.metadata
    hooks = tuple(_hook(one) for one in wire.webhooks or ())
    return WebhookConfiguration(kind, line(meta.name), line(meta.uid, 64), epoch(meta.creation_timestamp) or 0.0, hooks)


def _hook(wire: HookWire) -> Webhook:
    service, rules = wire.client_config.service, wire.rules or ()
    makes = dict.fromkeys(name for rule in rules for name in _made(rule))
    return Webhook(
        name=line(wire.name),
        service=key_of(word(service.namespace), line(service.name)) if service else "",
        url=line(wire.client_config.url),
        fails_closed=wire.failure_policy != "Ignore",
        evictions=any(_sees(rule, _EVICTIONS) for rule in rules),
        pods=any(_sees(rule, _PODS) for rule in rules),
        makes=tuple(makes),
        namespaces=selector(wire.namespace_selector),
        objects=selector(wire.object_selector),
        conditions=tuple(line(one.name, 253) for one in wire.match_conditions or ()),
    )


_EVICTIONS = frozenset({"pods/eviction", "pods/*", "*/*", "*/eviction"})
_PODS = frozenset({"pods", "*", "*/*"})


def _sees(rule: HookRule, resources: frozenset[str]) -> bool:
    """Whether it is asked when one of these resources of the core group is made."""
    return (
        bool({"", _ALL} & set(rule.api_groups or ())) and _creates(rule) and bool(resources & set(rule.resources or ()))
    )


def _creates(rule: HookRule) -> bool:
    return bool({"CREATE", _ALL} & set(rule.operations or ()))


def _made(rule: HookRule) -> tuple[str, ...]:
    if not _creates(rule):
        return ()
    groups = rule.api_groups or ("",)
    return tuple(
        f"{word(res)}.{word(group)}" if group else word(res) for group in groups for res in rule.resources or ()
    )
