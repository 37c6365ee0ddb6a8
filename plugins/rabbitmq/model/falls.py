"""What goes with a member: which queues lose their majority, their last synchronised copy, or are away as it is.

As `rabbitmq-queues check_if_node_is_quorum_critical` and `check_if_node_is_mirror_sync_critical` judge, but for every
member at once and from rows that are there anyway. Where nobody says who serves a queue, that is unknown, never safe.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from plugins.rabbitmq.model.queues import QueueRow
from plugins.rabbitmq.model.wire import Row

ANY = ""
"""In the place of a member: which one is not known, so it may be any."""


class Loss(StrEnum):
    """What a queue loses when a member goes; `WORDS` says it in a line."""

    MAJORITY = "majority"
    COPY = "copy"
    ALONE = "alone"
    UNKNOWN = "unknown"


WORDS = {
    Loss.MAJORITY: "without it they have no majority",
    Loss.COPY: "it has their only synchronised copy",
    Loss.ALONE: "they live on it alone, and are away while it is",
    Loss.UNKNOWN: "the server does not say who serves them",
}


class Fall(Row, frozen=True, gc=False):
    """One member: how many queues lose what when it goes. `known` False: the queues could not all be read."""

    name: str
    majority: int = 0
    copy: int = 0
    alone: int = 0
    unknown: int = 0
    known: bool = True
    away: bool = False
    """It does not run: what went with it is gone already."""

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """In the order of `Loss`."""
        return self.majority, self.copy, self.alone, self.unknown


def losses(row: QueueRow) -> Iterable[tuple[Loss, str]]:
    """What this queue loses with which members. Exclusive queues go with their connection, and concern nobody."""
    if row.exclusive:
        return
    if not row.told or not row.members:
        yield from ((Loss.UNKNOWN, member) for member in row.members or (ANY,))
    elif row.kind != "classic" and len(row.members) > 1:
        if len(row.online) <= row.quorum:
            yield from ((Loss.MAJORITY, member) for member in row.online)
    elif row.mirrored:
        if row.online == (row.leader,):
            yield Loss.COPY, row.leader
    else:
        yield from ((Loss.ALONE, member) for member in row.online)


def key(loss: Loss, member: str) -> str:
    """The key of the index; nobody sees it."""
    return f"{loss}\n{member}"
