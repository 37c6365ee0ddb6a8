"""Settings of the Kubernetes plugin: frozen values from the TOML table `[kubernetes]`. Reads no file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from console.errors import ConfigError

_TABLE = "kubernetes"
_RANGES = {"page_size": (10, 500), "request_timeout": (1, 600), "watch_idle": (5, 3600), "login_timeout": (1, 600)}
_CHOICES = {"streaming_lists": ("auto", "always", "never"), "compression": ("auto", "always", "never")}


@dataclass(frozen=True, slots=True)
class Settings:
    """How we connect. Empty texts mean: what kubectl would take.

    kubeconfig        files, in the order in which they win; empty: KUBECONFIG, then ~/.kube/config
    context           the context; empty: the current one
    namespace         the namespace that a person means when naming none
    namespaces        where to look when listing all namespaces is forbidden; with `only_namespaces` look nowhere else
    impersonate       act as this user (`--as`), with `impersonate_groups` and `impersonate_uid`
    request_timeout   seconds for one request; `watch_idle`: silence after which a watch is suspect
    login_timeout     seconds for a login helper
    page_size         objects a page of a list
    streaming_lists   sendInitialEvents: auto (when a position was lost), always, never
    compression       gzip: auto (where the link is slow), always, never
    direct            reach pod addresses directly, although this host is not proved to be a node: a VPN may own them
    dial_namespace    the namespace of host names that have none
    shared_namespace  where our journals, leases and audit record live; the kernel's own setting
    """

    kubeconfig: tuple[str, ...] = ()
    context: str = ""
    namespace: str = ""
    namespaces: tuple[str, ...] = ()
    only_namespaces: bool = False
    impersonate: str = ""
    impersonate_groups: tuple[str, ...] = ()
    impersonate_uid: str = ""
    request_timeout: float = 30.0
    watch_idle: float = 90.0
    login_timeout: float = 30.0
    page_size: int = 250
    streaming_lists: str = "auto"
    compression: str = "auto"
    direct: bool = False
    dial_namespace: str = "default"
    shared_namespace: str = "pilothouse"


def configure(table: Mapping[str, Any]) -> Settings:
    """The settings of a TOML table; raises ConfigError that names the key."""
    known = {field.name: field for field in fields(Settings)}
    values: dict[str, Any] = {}
    for key, value in table.items():
        name = key.replace("-", "_")
        if name not in known:
            raise ConfigError(
                f"there is no setting {key!r}", where=f"[{_TABLE}]", next_step=f"known are {', '.join(sorted(known))}"
            )
        values[name] = _checked(name, value, known[name].default)
    if values.get("impersonate_groups") and not values.get("impersonate"):
        raise ConfigError("impersonate_groups needs impersonate: groups are those of a user", where=f"[{_TABLE}]")
    return Settings(**values)


def _checked(name: str, value: Any, default: Any) -> Any:
    """`value` in the form of the setting `name`."""
    where = f"[{_TABLE}] {name}"
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise ConfigError("must be true or false", where=where)
        return value
    if isinstance(default, tuple):
        return _texts(value, where)
    if isinstance(default, int | float):
        return _number(name, value, where, whole=isinstance(default, int))
    if not isinstance(value, str):
        raise ConfigError("must be text", where=where)
    choices = _CHOICES.get(name)
    if choices and value not in choices:
        raise ConfigError(f"{value!r} is none of {', '.join(choices)}", where=where)
    return value


def _texts(value: Any, where: str) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list | tuple):
        texts = tuple(text for text in value if isinstance(text, str) and text)  # pyright: ignore[reportUnknownVariableType]
        if len(texts) == len(value):  # pyright: ignore[reportUnknownArgumentType]
            return texts
    raise ConfigError("must be a text or a list of texts", where=where)


def _number(name: str, value: Any, where: str, *, whole: bool) -> float | int:
    lowest, highest = _RANGES[name]
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        raise ConfigError("must be a whole number" if whole else "must be a number of seconds", where=where)
    if not lowest <= value <= highest:
        raise ConfigError(f"must be between {lowest} and {highest}", where=where)
    return value if whole else float(value)
