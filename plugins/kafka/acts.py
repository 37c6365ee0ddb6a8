"""What actions do. Each looks at the cluster as it is now before it changes it, and says what was there before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence

from console.errors import Conflict, ConsoleError, NotFound, Refused, UsageError
from console.plugin import Act
from console.plugin import Resource as Kind
from plugins.kafka import resources
from plugins.kafka.client import Client, asking, changing, members, records
from plugins.kafka.model import build
from plugins.kafka.model.rows import Broker, Group, Partition, Resource, Topic
from plugins.kafka.model.wire import TP, Listed, Part
from plugins.kafka.resetting import Move, chosen, moment, moves, whole

_SAID = 12
"""Lines of a plan or of messages that a sentence holds at most, beyond which it counts."""


# -- leaders


async def elect_of_broker(act: Act, row: Broker) -> str:
    """Give a broker back what it should lead, where it is in sync."""
    return await _elect(act.client, lambda part: part.replicas[:1] == (row.id,))


async def elect_of_topic(act: Act, row: Topic) -> str:
    """Preferred leaders of a topic."""
    return await _elect(act.client, lambda part: part.topic == row.name)


async def elect_of_partition(act: Act, row: Partition) -> str:
    """The preferred leader of one partition."""
    return await _elect(act.client, lambda part: (part.topic, part.number) == (row.topic, row.number))


async def _elect(client: Client, meant: Callable[[Part], bool]) -> str:
    parts = await _parts(client)
    asked = [part for part in parts if meant(part) and part.leader != part.replicas[0]]
    ready = [(part.topic, part.number) for part in asked if part.replicas[0] in part.isr]
    if not asked:
        return "every partition was led by its preferred leader already"
    if not ready:
        raise Refused(f"of {len(asked)} partitions none has its preferred leader in sync", next_step="wait for it")
    done, refused = await changing.elect(await client.wire(), ready)
    client.changed()
    if refused and not done:
        raise Conflict(refused[0], where="election")
    waiting = f"; {len(asked) - len(ready)} wait until it is in sync" if len(asked) > len(ready) else ""
    return f"{done} of {len(ready)} partitions went to their preferred leader{waiting}{_list('; refused: ', refused)}"


def _chosen(act: Act, key: str, nothing: str) -> str:
    """An answer, empty where the word for nothing was given."""
    answer = act.answers.get(key, "").strip()
    return "" if answer == nothing else answer


async def _parts(client: Client) -> Sequence[Part]:
    client.metadata.forget()
    return (await client.metadata.get()).parts


def _list(title: str, lines: Iterable[object]) -> str:
    every = [str(line) for line in lines]
    more = f"; and {len(every) - _SAID} more" if len(every) > _SAID else ""
    return f"{title}{'; '.join(every[:_SAID])}{more}" if every else ""


# -- topics


async def create_topic(act: Act, _row: object) -> str:
    """A topic by the answers."""
    name = act.answers.get("topic", "").strip()
    if not name:
        raise UsageError("the topic needs a name", where="create")
    partitions, replicas = (whole(act.answers.get(key) or "-1") for key in ("partitions", "replicas"))
    pairs = [pair.partition("=") for pair in act.answers.get("configs", "").split(",") if pair.strip() not in {"", "-"}]
    configs = {key.strip(): value.strip() for key, _, value in pairs}
    await changing.create_topic(await act.client.wire(), name, partitions, replicas=replicas, configs=configs)
    act.client.changed()
    return f"topic {name} created"


async def add_partitions(act: Act, row: Topic) -> str:
    """More partitions; refused when there are as many already."""
    count = whole(act.answers.get("partitions", ""))
    now = sum(part.topic == row.name for part in await _parts(act.client))
    if count <= now:
        raise Refused(f"{row.name} has {now} partitions; their number only grows")
    await changing.add_partitions(await act.client.wire(), row.name, count)
    act.client.changed()
    return f"{row.name} has {count} partitions, {now} before"


async def delete_topic(act: Act, row: Topic) -> str:
    """The topic that was seen, by its id where the broker takes one."""
    held = await act.client.metadata.get()
    if row.name not in held.ids:
        raise NotFound("it is gone", where=f"topic {row.name}")
    await changing.delete_topic(await act.client.wire(), row.name, held.ids[row.name])
    act.client.changed()
    return f"topic {row.name} deleted"


async def alter_topic(act: Act, row: Topic) -> str:
    """One key of a topic."""
    return await _alter(act, changing.TOPIC, row.name)


async def alter_broker(act: Act, row: Broker) -> str:
    """One dynamic key of a broker."""
    return await _alter(act, changing.BROKER, str(row.id))


async def _alter(act: Act, kind: int, name: str) -> str:
    client: Client = act.client
    key, value = act.answers.get("key", "").strip(), _chosen(act, "value", "default")
    if not key:
        raise UsageError("which key?", where="config")
    wire = await client.wire()
    node = int(name) if kind == changing.BROKER else None
    held = (await asking.configs(wire, kind, [name], [key], node=node)).get(name, {})
    if key not in held:
        raise UsageError(f"there is no key {key!r}", where=name)
    before = held[key][0]
    await changing.alter(wire, kind, name, (key, value or None))
    client.changed()
    return f"{key} of {name} is {value or 'as the brokers have it'}, it was {before or 'empty'}"


# -- messages


async def peek_topic(act: Act, row: Topic) -> str:
    """The newest (or oldest) messages of a topic, over its partitions."""
    only = _chosen(act, "partition", "all")
    parts = [
        part for part in await _parts(act.client) if part.topic == row.name and (not only or part.number == whole(only))
    ]
    return await _peek(act, parts)


async def peek_partition(act: Act, row: Partition) -> str:
    """The same, of one partition."""
    parts = [p for p in await _parts(act.client) if (p.topic, p.number) == (row.topic, row.number)]
    return await _peek(act, parts)


async def _peek(act: Act, parts: Sequence[Part]) -> str:
    client: Client = act.client
    led = [part for part in parts if part.leader >= 0]
    if not led:
        raise NotFound("no partition of it has a leader", where="peek")
    count = max(1, min(records.MOST, whole(act.answers.get("count") or "10")))
    start = act.answers.get("from") or "end"
    bounds = await ends_of(client, led)
    wire, uid = await client.wire(), (await client.metadata.get()).ids.get(led[0].topic)
    share = -(-count // len(led))

    async def one(part: Part) -> Sequence[records.Message]:
        first, end = bounds.get((part.topic, part.number), (0, 0))
        at = {"end": end - share, "offset": whole(act.answers.get("offset") or "0")}.get(start, first)
        place = (part.topic, uid, part.number)
        if first >= end or (start == "offset" and at >= end):
            return ()
        return await records.peek(wire, part.leader, place, offset=max(first, at), count=share)

    found = [message for some in await asyncio.gather(*map(one, led)) for message in some]
    found.sort(key=lambda message: (message.at, message.partition, message.offset))
    if not found:
        return "no messages"
    newest = found[-count:] if start == "end" else found[:count]
    return f"{len(newest)} messages:\n" + "\n".join(map(str, newest))


async def ends_of(client: Client, parts: Iterable[Part]) -> Mapping[TP, tuple[int, int]]:
    """First and end offsets of partitions, asked now."""
    wire = await client.wire()
    leaders: dict[int, list[TP]] = {}
    for part in parts:
        if part.leader >= 0:
            leaders.setdefault(part.leader, []).append((part.topic, part.number))
    starts, ends = await asyncio.gather(
        asking.offsets(wire, leaders, asking.EARLIEST), asking.offsets(wire, leaders, asking.LATEST)
    )
    first, last = build.merged(starts), build.merged(ends)
    return {place: (first[place], last[place]) for place in first.keys() & last.keys()}


async def produce(act: Act, row: Topic) -> str:
    """One message, with acks=all."""
    client: Client = act.client
    number = whole(act.answers.get("partition") or "0")
    part = next((p for p in await _parts(client) if (p.topic, p.number) == (row.name, number)), None)
    if part is None or part.leader < 0:
        raise NotFound("there is no such partition, or it has no leader", where=f"{row.name}/{number}")
    place = (row.name, (await client.metadata.get()).ids.get(row.name), number)
    offset = await records.produce(
        await client.wire(),
        part.leader,
        place,
        (_chosen(act, "key", "-"), act.answers.get("value", ""), client.clock.now()),
    )
    client.changed()
    return f"written to {row.name}/{number} at offset {offset}"


async def delete_records(act: Act, row: Partition) -> str:
    """What stands before an offset, for everybody; refused where that is nothing, or behind the end."""
    client: Client = act.client
    parts = [part for part in await _parts(client) if (part.topic, part.number) == (row.topic, row.number)]
    bounds = await ends_of(client, parts)
    if (row.topic, row.number) not in bounds:
        raise NotFound("it is gone, or has no leader", where=row.key)
    start, end = bounds[row.topic, row.number]
    said = act.answers.get("before", "").strip()
    before = end if said == "end" else whole(said)
    if not start < before <= end:
        raise Refused(f"{row.key} has the offsets {start} to {end}: {before} is not among them", where="delete-records")
    left = await changing.delete_records(await client.wire(), parts[0].leader, (row.topic, row.number), before)
    client.changed()
    return f"{row.key} begins at offset {left} now, at {start} before: {left - start} offsets are deleted"


# -- groups


async def plan_reset(act: Act, row: Group) -> str:
    """Where each partition would go; changes nothing."""
    plan = await _plan(act, row)
    return f"{row.name} would go, on {len(plan)} partitions:\n" + "\n".join(map(str, plan))


async def reset(act: Act, row: Group) -> str:
    """Show the plan, or carry it out on a group that is empty now."""
    if act.answers.get("plan") != "do":
        return await plan_reset(act, row)
    client: Client = act.client
    plan = await _plan(act, row)
    listed = [Listed(row.name, "consumer", row.state, row.kind)]
    described = await members.described(await client.wire(), row.coordinator, listed)
    state = described[row.name][0] if row.name in described else row.state
    if state not in {"Empty", "Dead"}:
        raise Conflict(f"the group is {state}: stop its consumers first", where=row.name)
    wanted = {(move.topic, move.partition): move.after for move in plan if move.after != move.before}
    if not wanted:
        return f"{row.name} is there already; nothing was changed"
    await changing.commit(await client.wire(), row.coordinator, row.name, wanted)
    client.changed()
    return f"{row.name} reset on {len(wanted)} partitions{_list(': ', (m for m in plan if m.after != m.before))}"


async def _plan(act: Act, row: Group) -> Sequence[Move]:
    client: Client = act.client
    target, by = act.answers.get("to") or "end", act.answers.get("by", "").strip()
    places = chosen(row, _chosen(act, "topic", "all"))
    meant = {(place.topic, place.partition) for place in places}
    parts = [part for part in await _parts(client) if (part.topic, part.number) in meant]
    bounds = await ends_of(client, parts)
    at: dict[TP, int] = {}
    if target == "time":
        leaders: dict[int, list[TP]] = {}
        for part in parts:
            if part.leader >= 0:
                leaders.setdefault(part.leader, []).append((part.topic, part.number))
        at = build.merged(await asking.offsets(await client.wire(), leaders, moment(by)))
    number = whole(by) if target in {"offset", "shift"} else 0
    return moves(places, target, number=number, bounds=bounds, at=at)


async def delete_group(act: Act, row: Group) -> str:
    """A group that is empty, with its offsets."""
    await changing.delete_group(await act.client.wire(), row.coordinator, row.name)
    return f"group {row.name} deleted"


# -- the operator


async def roll(act: Act, row: Broker) -> str:
    """Ask Strimzi to restart the broker's pod: it takes the annotation away when that is done."""
    client: Client = act.client
    if client.platform is None or row.pod is None:
        raise Refused("no pod is known for it", where=f"broker {row.id}")
    note = {"metadata": {"annotations": {resources.ROLL: "true"}, "uid": row.pod.uid or None}}
    if not row.pod.uid:
        del note["metadata"]["uid"]
    await client.platform.amend(Kind("", "v1", "pods"), row.pod.namespace, row.pod.name, note)
    return f"{row.pod.name} is marked; Strimzi rolls it at its next round, within two minutes"


async def pause(act: Act, row: Resource) -> str:
    """The operator leaves it alone."""
    await _annotate(act.client, row, {resources.PAUSE: "true"})
    return f"reconciliation of {row.kind} {row.name} is paused"


async def resume(act: Act, row: Resource) -> str:
    """The operator looks at it again."""
    await _annotate(act.client, row, {resources.PAUSE: None})
    return f"reconciliation of {row.kind} {row.name} goes on"


async def _annotate(client: Client, row: Resource, notes: Mapping[str, str | None]) -> None:
    if client.platform is None:
        raise Refused("no platform is open", where=row.name)
    plural, trouble = resources.KINDS[row.kind], ConsoleError("not installed", where=row.kind)
    for version in resources.VERSIONS:
        try:
            await client.platform.amend(
                Kind(resources.GROUP, version, plural),
                row.namespace,
                row.name,
                {"metadata": {"annotations": dict(notes)}},
            )
        except NotFound as error:
            trouble = error
        else:
            return
    raise trouble
