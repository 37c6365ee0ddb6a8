"""Settings: `[plugins.ports]` with `targets = ["host:port", ...]`. Reads no file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from console.errors import ConfigError
from console.model import InstanceId
from console.plugin import Instance


@dataclass(frozen=True, slots=True)
class Settings:
    """The addresses to look at."""

    targets: tuple[tuple[str, int], ...] = ()


def configure(table: Mapping[str, Any]) -> Settings:
    """Check the table; a wrong target is named."""
    targets: list[tuple[str, int]] = []
    for text in table.get("targets", ()):
        host, _, port = str(text).rpartition(":")
        if not host or not port.isdigit():
            raise ConfigError(f"target {text!r} is not host:port", where="[plugins.ports]")
        targets.append((host, int(port)))
    return Settings(tuple(targets))


def discover(settings: Settings) -> Sequence[Instance]:
    """One instance, where there is anything to look at."""
    return [Instance(InstanceId("ports", "all"), settings)] if settings.targets else []
