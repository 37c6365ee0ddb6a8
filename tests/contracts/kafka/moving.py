"""What the plugin relies on where data moves or goes: replicas at other brokers, records before an offset."""

from __future__ import annotations

import pytest

from console.errors import NotFound, Refused
from plugins.kafka import acts, acts_replicas, sources
from plugins.kafka.client import Client
from plugins.kafka.model.rows import Partition, Reassignment
from tests.contracts.kafka.promises import Promise, act, deleted, made, must, partition, spread, topic, until

MOVED, SHORTER = "promise.moved", "promise.shorter"


async def _at(client: Client, name: str, replicas: tuple[int, ...]) -> Partition:
    """The partition once all these have it in sync, and nobody else."""

    async def there() -> Partition | None:
        row = await partition(client, name, 0)
        arrived = row is not None and row.replicas == replicas and sorted(row.isr) == sorted(replicas)
        return row if arrived and not list(await sources.reassignments(client)) else None

    found: Partition = await until(client, there, f"{name} is not at {replicas}")
    return found


async def replicas_go_to_other_brokers(client: Client) -> None:
    await acts.create_topic(act(client, topic=MOVED, partitions="1", replicas="2", configs="-"), None)
    await spread(client, MOVED, 1)
    part: Partition = await must(partition(client, MOVED, 0))
    stays, goes = part.replicas
    [new] = {0, 1, 2} - set(part.replicas)
    wanted = f"{new},{stays}"
    told = await acts_replicas.plan_partition(act(client, to=wanted), part)
    assert f"{MOVED}/0: {stays},{goes} -> {new},{stays} (copied to {new}, deleted from {goes})" in told
    assert (await acts_replicas.reassign_partition(act(client, to=wanted, plan="show"), part)) == told
    with pytest.raises(Refused, match="broker 99 is away"):
        await acts_replicas.reassign_partition(act(client, to=f"{stays},99", plan="do"), part)
    with pytest.raises(Refused, match="has 2 copies"):
        await acts_replicas.reassign_partition(act(client, to=str(stays), plan="do"), part)
    assert (await must(partition(client, MOVED, 0))).replicas == (stays, goes), "a plan changes nothing"
    said = await acts_replicas.reassign_partition(act(client, to=wanted, plan="do"), part)
    assert said.startswith(f"{MOVED}/0: 1 partitions are on their way")
    moved = await _at(client, MOVED, (new, stays))
    again = await acts_replicas.reassign_partition(act(client, to=wanted, plan="do"), moved)
    assert "nothing was changed" in again
    with pytest.raises(NotFound, match="arrived already"):
        await acts_replicas.cancel(act(client), Reassignment(MOVED, 0, (new, stays), (new,), (goes,)))
    row = await must(topic(client, MOVED))
    await acts_replicas.reassign_topic(act(client, to=f"{stays},{goes}", plan="do"), row)
    back = {(stays, goes), (goes, stays)}

    async def returned() -> bool:
        now = await partition(client, MOVED, 0)
        return now is not None and now.replicas in back

    await until(client, returned, "the topic does not go back")
    now: Partition = await must(partition(client, MOVED, 0))
    await _at(client, MOVED, now.replicas)
    await deleted(client, row)


async def records_before_an_offset_are_deleted(client: Client) -> None:
    row = await made(client, SHORTER, partitions=1)
    for n in range(3):
        await acts.produce(act(client, value=str(n), key="-", partition="0"), row)
    part: Partition = await must(partition(client, SHORTER, 0))
    for outside in ("0", "4", "-1"):
        with pytest.raises(Refused, match="offsets 0 to 3"):
            await acts.delete_records(act(client, before=outside), part)
    said = await acts.delete_records(act(client, before="2"), part)
    assert said == f"{SHORTER}/0 begins at offset 2 now, at 0 before: 2 offsets are deleted"
    left = await acts.peek_topic(act(client, count="10", **{"from": "start"}), row)
    assert left.startswith("1 messages:\n0@2 ")

    async def shorter() -> bool:
        now = await partition(client, SHORTER, 0)
        return now is not None and (now.start, now.end) == (2, 3)

    await until(client, shorter, "it still begins at 0")
    await acts.delete_records(act(client, before="end"), part)
    assert await acts.peek_topic(act(client, count="10", **{"from": "start"}), row) == "no messages"
    await deleted(client, row)


MOVES: tuple[Promise, ...] = (replicas_go_to_other_brokers, records_before_an_offset_are_deleted)
