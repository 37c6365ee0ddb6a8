"""The way in which a node comes back, as the options of a rejoin say it. Pure."""

from __future__ import annotations

from console.plugin import Target
from plugins.kubernetes.joining.stories import Way

WAY, NEW_NAME = "way", "new-name"
EMPTY_DISKS = "empty-disks"
NOT_DRAINED = "not-drained"
FREE_VOLUMES = "free-volumes"


def way_of(target: Target) -> Way | None:
    """The way that is asked for; None where it is none that we know."""
    try:
        return Way(str(target.options.get(WAY, Way.REBOOTED)))
    except ValueError:
        return None


def new_name(target: Target, node: str) -> str:
    """The name under which the node joins: its own, unless another machine comes in its place."""
    return str(target.options.get(NEW_NAME) or node)
