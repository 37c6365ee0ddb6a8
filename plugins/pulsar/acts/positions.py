"""Places in a topic: `LEDGER:ENTRY`, as brokers write a message's id, held against the ledgers that the topic has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from console.errors import Refused
from plugins.pulsar.client.paths import path_of

if TYPE_CHECKING:
    from plugins.pulsar.client.admin import Admin

_ID = re.compile(r"(\d{1,18}):(\d{1,18})", re.ASCII)
_LAST = re.compile(r"(\d{1,18}):(-?\d{1,18})", re.ASCII)
_LONG = 60.0
_NAMED = 8


class Ledger(msgspec.Struct, rename="camel"):
    """One ledger of a topic; of the last one, which is open, `entries` and `size` are 0."""

    ledger_id: int
    entries: int = 0
    size: int = 0
    offloaded: bool = False


class Ledgers(msgspec.Struct, rename="camel"):
    """`internalStats`: the ledgers from the oldest on, and the last message that is stored."""

    ledgers: list[Ledger] = []
    last_confirmed_entry: str = ""


class Place(msgspec.Struct, frozen=True, order=True):
    """One message of a topic."""

    ledger: int
    entry: int

    def __str__(self) -> str:
        return f"{self.ledger}:{self.entry}"


async def ledgers(admin: Admin, topic: str) -> Ledgers:
    """What the owner of a topic (or of a partition) says of its ledgers."""
    return await admin.get(f"/admin/v2/{path_of(topic)}/internalStats", Ledgers, deadline=_LONG)


def place(given: str) -> Place:
    """Raises Refused for anything but `LEDGER:ENTRY`: ids of clients also tell a partition and a place in a batch."""
    found = _ID.fullmatch(given.strip())
    if found is None:
        step = "LEDGER:ENTRY as peek shows it, for example 12:5, without partition and place in a batch"
        raise Refused(f"{given.strip()!r} is no id of a message", next_step=step)
    return Place(int(found[1]), int(found[2]))


def there(given: str, told: Ledgers, topic: str) -> Place:
    """The place, where the topic has it now. Raises Refused: another topic's, one that is gone, or not written yet."""
    wanted = place(given)
    ids = [one.ledger_id for one in told.ledgers]
    if wanted.ledger not in ids:
        has = f"it has {', '.join(map(str, ids[-_NAMED:])) or 'none'}; look at a message for its id"
        raise Refused(f"{topic} has no ledger {wanted.ledger}", next_step=has)
    count = next(one.entries for one in told.ledgers if one.ledger_id == wanted.ledger)
    last = _LAST.fullmatch(told.last_confirmed_entry)  # of a ledger that was just opened the entry is -1
    if (count and wanted.entry >= count) or last is None or wanted > Place(int(last[1]), int(last[2])):
        raise Refused(
            f"{topic} has no message {wanted}", next_step=f"the last one is {told.last_confirmed_entry or '-'}"
        )
    return wanted
