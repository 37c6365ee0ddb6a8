"""Names in the paths of requests: each part quoted, since names are foreign."""

from __future__ import annotations

from urllib.parse import quote

from plugins.pulsar.model.names import whole


def path_of(name: str) -> str:
    """The topic in a request's path: `persistent/shop/orders/events`, each part quoted."""
    domain, _, rest = whole(name).partition("://")
    parts = rest.split("/", 2)
    return "/".join([domain, *(quote(part, safe="") for part in parts)])


def part(name: str) -> str:
    """One part of a path: a tenant, a subscription."""
    return quote(name, safe="")


def space(name: str) -> str:
    """A namespace in a path: `shop/orders`, each part quoted."""
    return "/".join(part(one) for one in name.split("/"))
