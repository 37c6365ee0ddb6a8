"""From a place to what it is about: the pane's declaration and the row, as they are now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.errors import UsageError
from console.model import InstanceId
from console.plugin import Pane

if TYPE_CHECKING:
    from console.runtime import Runtime
    from screens.trail import Place


def pane_of(kernel: Runtime, place: Place) -> tuple[InstanceId, Pane[Any]]:
    """The pane that `place.name` is. Raises UsageError."""
    if place.instance is not None:
        for pane in kernel.panes(place.instance):
            if pane.name == place.name:
                return place.instance, pane
    raise UsageError(f"there is no pane `{place.name}`")


def row_of(kernel: Runtime, place: Place) -> tuple[InstanceId, Pane[Any], Any]:
    """The row with the key `place.subject`. Raises UsageError when it is gone."""
    instance, pane = pane_of(kernel, place)
    row = kernel.facts(instance).get(pane.table, place.subject)
    if row is None:
        raise UsageError(f"{place.subject} is gone from {pane.name}")
    return instance, pane, row
