"""Admission webhooks as rows: who may refuse what, and on which service that depends."""

from __future__ import annotations

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


class HookWire(Wire, frozen=True, gc=False):
    """HookWire of the API, the fields that are read."""

    name: str = ""
    failure_policy: str | None = None
    client_config: HookClient = HookClient()
    rules: tuple[HookRule, ...] | None = None


class HooksWire(Wire, frozen=True, gc=False):
    """A ValidatingWebhookConfiguration or a MutatingWebhookConfiguration."""

    metadata: Meta
    webhooks: tuple[HookWire, ...] | None = None


class Webhook(Row, frozen=True, gc=False):
    """One webhook; `service`: key of the Service behind it, empty for a URL. `evictions`: it is asked about those."""

    name: str
    service: str
    url: str
    fails_closed: bool
    evictions: bool


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
    service = wire.client_config.service
    return Webhook(
        name=line(wire.name),
        service=key_of(word(service.namespace), line(service.name)) if service else "",
        url=line(wire.client_config.url),
        fails_closed=wire.failure_policy != "Ignore",
        evictions=any(_sees_evictions(rule) for rule in wire.rules or ()),
    )


def _sees_evictions(rule: HookRule) -> bool:
    groups, operations = rule.api_groups or (), rule.operations or ()
    return (
        bool({"", _ALL} & set(groups))
        and bool({"CREATE", _ALL} & set(operations))
        and bool({"pods/eviction", "pods/*", "*/*", "*/eviction"} & set(rule.resources or ()))
    )
