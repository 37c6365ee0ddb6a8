"""What actions do to where data lies: replicas are moved to other brokers, and what is on its way is called back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from console.errors import Conflict, NotFound
from console.format import size
from console.plugin import Act
from plugins.kafka.client import Client, asking, changing
from plugins.kafka.model import build
from plugins.kafka.model.rows import Partition, Reassignment, Topic
from plugins.kafka.model.wire import Part
from plugins.kafka.reassigning import Placement, brokers, exact, spread

SHOWN = 12
"""Lines of a plan that a sentence holds at most, beyond which it counts."""


async def plan_topic(act: Act, row: Topic) -> str:
    """Where each replica of a topic would go; changes nothing."""
    return await _told(act.client, row.name, await _of_topic(act, row))


async def reassign_topic(act: Act, row: Topic) -> str:
    """Show the plan, or carry it out."""
    return await _done(act, row.name, await _of_topic(act, row))


async def plan_partition(act: Act, row: Partition) -> str:
    """The same of one partition."""
    return await _told(act.client, row.key, await _of_partition(act, row))


async def reassign_partition(act: Act, row: Partition) -> str:
    """Show the plan, or carry it out."""
    return await _done(act, row.key, await _of_partition(act, row))


async def cancel(act: Act, row: Reassignment) -> str:
    """The partition stays where it was. Raises NotFound where it has arrived already."""
    await changing.reassign(await act.client.wire(), {(row.topic, row.number): None})
    act.client.changed()
    back = ",".join(str(one) for one in row.replicas if one not in row.adding)
    return f"{row.topic}/{row.number} stays on {back}; what was copied is deleted"


async def _of_topic(act: Act, row: Topic) -> Sequence[Placement]:
    parts, present = await _now(act.client, lambda part: part.topic == row.name, row.name)
    return spread(parts, brokers(act.answers.get("to", ""), present))


async def _of_partition(act: Act, row: Partition) -> Sequence[Placement]:
    parts, present = await _now(act.client, lambda part: (part.topic, part.number) == (row.topic, row.number), row.key)
    return [exact(parts[0], brokers(act.answers.get("to", ""), present))]


async def _now(client: Client, meant: Callable[[Part], bool], name: str) -> tuple[Sequence[Part], set[int]]:
    """The partitions as they are at this moment, and the brokers that are there. Raises Conflict: one is moving."""
    client.metadata.forget()
    held = await client.metadata.get()
    parts = [part for part in held.parts if meant(part)]
    if not parts:
        raise NotFound("it is gone", where=name)
    places = {(part.topic, part.number) for part in parts}
    if busy := [one for one in await asking.reassignments(await client.wire()) if (one.topic, one.number) in places]:
        first = f"{busy[0].topic}/{busy[0].number}"
        raise Conflict(f"{first} is on its way already", where=name, next_step="wait, or cancel it")
    return parts, {node.id for node in held.nodes}


async def _told(client: Client, name: str, plan: Sequence[Placement]) -> str:
    moved = _moved(plan)
    if not moved:
        return f"{name} is there already"
    sizes = build.sizes_by_leader(await client.metadata.get(), await client.logs.get())
    copied = sum(sizes.get((one.topic, one.number), 0) * len(one.copied) for one in moved)
    copies = sum(len(one.copied) for one in moved)
    told = f"{name}: {len(moved)} of {len(plan)} partitions would change, {copies} replicas ({size(copied)}) are copied"
    return f"{told}:\n{_lines(moved)}"


async def _done(act: Act, name: str, plan: Sequence[Placement]) -> str:
    client: Client = act.client
    if act.answers.get("plan") != "do":
        return await _told(client, name, plan)
    moved = _moved(plan)
    if not moved:
        return f"{name} is there already; nothing was changed"
    await changing.reassign(await client.wire(), {(one.topic, one.number): one.after for one in moved})
    client.changed()
    return f"{name}: {len(moved)} partitions are on their way; kafka.reassignments shows them\n{_lines(moved)}"


def _moved(plan: Sequence[Placement]) -> Sequence[Placement]:
    return [one for one in plan if one.before != one.after]


def _lines(moved: Sequence[Placement]) -> str:
    more = [f"and {len(moved) - SHOWN} more"] if len(moved) > SHOWN else []
    return "\n".join([*map(str, moved[:SHOWN]), *more])
