"""Finds plugins by entry points. One that cannot be used becomes a value, `Broken`, and the others go on."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points

from msgspec import Struct

from console.plugin import API_VERSION, Plugin

GROUP = "pilothouse.plugins"


class Broken(Struct, frozen=True):
    """A plugin that could not be loaded, and why."""

    name: str
    reason: str


def discover(points: Sequence[EntryPoint] | None = None) -> list[Plugin | Broken]:
    """All plugins, each loaded by itself, by name; the platform (the one with offers) first."""
    found = entry_points(group=GROUP) if points is None else points
    plugins = [_load(point) for point in sorted(found, key=lambda point: point.name)]
    return sorted(plugins, key=lambda plugin: isinstance(plugin, Broken) or plugin.offers is None)


def _load(point: EntryPoint) -> Plugin | Broken:
    try:
        plugin = point.load()
    except Exception as error:  # noqa: BLE001 - a plugin may raise anything while it is imported
        return Broken(point.name, f"{type(error).__name__}: {error}")
    if not isinstance(plugin, Plugin):
        return Broken(point.name, f"{point.value} is no Plugin but {type(plugin).__name__}")
    if plugin.api != API_VERSION:
        return Broken(point.name, f"made for plugin API {plugin.api}, this console has {API_VERSION}")
    return plugin
