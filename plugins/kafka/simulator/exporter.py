"""A simulated kafka_exporter over the same world: its metrics as text, true ones or those that it is known for."""

from __future__ import annotations

import asyncio

from console.simulating import Members
from plugins.kafka.simulator.world import World

MEMBER = "exporter"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: %d\r\n\r\n"


class Exporter(Members):
    """`fault`: `hang` answers nothing, `silent` tells nothing of Kafka, `old` what it told before, `half` is cut."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.fault = ""
        self.asked = 0
        self._old = b""

    def serves(self, member: str) -> bool:
        return member == MEMBER

    async def one(self, member: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        await reader.readuntil(b"\r\n\r\n")
        self.asked += 1
        if self.fault == "hang" or not self.serves(member):
            await asyncio.Event().wait()
        self.world.look()
        text = _OWN if self.fault == "silent" else self._old if self.fault == "old" else metrics(self.world)
        self._old = text
        writer.write(HEAD % len(text) + (text[: len(text) // 2] if self.fault == "half" else text))
        await writer.drain()
        return self.fault != "half"


_OWN = (
    b"# HELP go_goroutines Number of goroutines that currently exist.\n# TYPE go_goroutines gauge\ngo_goroutines 14\n"
)


def metrics(world: World) -> bytes:
    """What one scrape gives."""
    up = sum(world.up(one) for one in world.brokers)
    lines = [_OWN.decode().rstrip(), "# TYPE kafka_brokers gauge", f"kafka_brokers {up}"]
    for name, topic in world.topics.items():
        lines.append(f'kafka_topic_partitions{{topic="{name}"}} {len(topic.partitions)}')
        for number, part in enumerate(topic.partitions):
            mark = f'{{partition="{number}",topic="{name}"}}'
            lines.append(f"kafka_topic_partition_current_offset{mark} {float(int(part.end)):g}")
            lines.append(f"kafka_topic_partition_oldest_offset{mark} {float(part.start):g}")
    for group in world.groups.values():
        for (name, number), at in group.committed.items():
            mark = f'{{consumergroup="{group.name}",partition="{number}",topic="{name}"}}'
            end = world.topics[name].partitions[number].end
            lines.append(f"kafka_consumergroup_lag{mark} {max(0, int(end) - int(at))}")
    return ("\n".join(lines) + "\n").encode()
