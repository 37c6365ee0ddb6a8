"""The tools of RabbitMQ as far as the console runs them in pods."""

from __future__ import annotations

from collections.abc import Sequence

from console.simulating import Said
from plugins.rabbitmq.simulator.world import World

NAMES = ("rabbitmq-upgrade", "rabbitmq-queues")
_USAGE = 64


def run(world: World, member: str, command: Sequence[str]) -> Said:
    """What a tool prints in the pod of a member, and what it changes."""
    tool, *words = [command[0].rpartition("/")[2], *command[1:]]
    if world.version < (3, 8, 0):
        return Said(127, b"", f"{tool}: not found\n".encode())
    match tool, words:
        case "rabbitmq-upgrade", ["drain"]:
            world.drained.add(member)
            return Said(0, f"Will put node {member} into maintenance mode.\n".encode())
        case "rabbitmq-upgrade", ["revive"]:
            world.drained.discard(member)
            return Said(0, f"Will put node {member} back into regular operating mode.\n".encode())
        case "rabbitmq-queues", ["grow", target, _]:
            return Said(0, f"Growing all quorum queues on {target}...\n{_grown(world, target)} queues\n".encode())
        case "rabbitmq-queues", ["shrink", target]:
            return Said(0, f"Shrinking quorum queues on {target}...\n{_shrunk(world, target)} queues\n".encode())
        case "rabbitmq-queues", ["add_member" | "delete_member" as verb, "--vhost", vhost, name, target]:
            return _one(world, (verb, vhost, name, target))
        case _:
            return Said(_USAGE, b"", f"Error: {' '.join(words)} is not known\n".encode())


def _grown(world: World, target: str) -> int:
    lacking = [queue for queue in world.queues.values() if queue.kind == "quorum" and target not in queue.members]
    for queue in lacking:
        queue.members = [*queue.members, target]
    return len(lacking)


def _shrunk(world: World, target: str) -> int:
    having = [queue for queue in world.queues.values() if queue.kind == "quorum" and target in queue.members]
    for queue in having:
        queue.members = [one for one in queue.members if one != target]
    return len(having)


def _one(world: World, asked: tuple[str, str, str, str]) -> Said:
    verb, vhost, name, target = asked
    queue = world.queues.get((vhost, name))
    if queue is None or queue.kind != "quorum":
        return Said(65, b"", f"Error: no quorum queue '{name}' in vhost '{vhost}'\n".encode())
    if target not in world.members:
        return Said(69, b"", f"Error: {target} is not a member of the cluster\n".encode())
    others = [one for one in queue.members if one != target]
    queue.members = [*others, target] if verb == "add_member" else others
    return Said(0)
