"""What a server answers, in the words and fields of real ones (3.5 and 3.9)."""

from __future__ import annotations

import time
from typing import Any

from plugins.zookeeper.simulator.world import Ensemble, Peer

NOT_SERVING = "This ZooKeeper instance is not currently serving requests"
_BUILT = "-7246445ec281f3dbf53dc54e970c914f39713903, built on 2025-08-19 19:53 UTC"


def word(world: Ensemble, one: Peer, asked: str) -> str:
    """The answer of a four-letter word."""
    if asked not in one.allows:
        return f"{asked} is not executed because it is not in the whitelist.\n"
    if asked == "ruok":
        return "imok"
    if asked == "conf":
        return _conf(world, one)
    mode = world.mode(one)
    if not mode:
        return f"{NOT_SERVING}\n"
    if asked == "srvr":
        return _srvr(world, one, mode)
    if asked == "mntr":
        return "".join(f"zk_{name}\t{value}\n" for name, value in _monitor(world, one, mode).items())
    return "rw"


def command(world: Ensemble, one: Peer, name: str) -> dict[str, Any]:
    """The answer of the AdminServer."""
    mode = world.mode(one)
    if name == "voting_view":
        config = {
            str(n): {"server_addresses": [f"{p.name}:2888"], "learner_type": "participant"} for n, p in _voters(world)
        }
        return {"current_config": config, "command": name, "error": None}
    if name == "configuration":
        return {"server_id": one.id, "command": name, "error": None}
    if name not in {"monitor", "srvr"}:
        return {"command": name, "error": f"Unknown command: {name}"}
    if not mode:
        return {"command": name, "error": NOT_SERVING}
    if name == "monitor":
        return {**_monitor(world, one, mode), "command": name, "error": None}
    inside = {"server_state": mode, "last_processed_zxid": world.zxid(one)}
    return {
        "version": world.version + _BUILT,
        "server_stats": inside,
        "node_count": 2040,
        "command": name,
        "error": None,
    }


def _voters(world: Ensemble) -> list[tuple[int, Peer]]:
    return [(one.id, one) for one in world.voters]


def _srvr(world: Ensemble, one: Peer, mode: str) -> str:
    return (
        f"Zookeeper version: {world.version}{_BUILT}\nLatency min/avg/max: 0/1.204/261\nReceived: 2313\nSent: 2897\n"
        f"Connections: 6\nOutstanding: {one.outstanding}\nZxid: {world.zxid(one):#x}\nMode: {mode}\nNode count: 2040\n"
    )


def _conf(world: Ensemble, one: Peer) -> str:
    lines = [
        f"server.{p.id}={p.name}.example:2888:3888:{'participant' if p.votes else 'observer'};0.0.0.0:2181"
        for p in world.peers.values()
    ]
    weights = ["group.1=1:2:3", "weight.1=2"] if world.weighted else []
    return "\n".join(["clientPort=2181", f"serverId={one.id}", "membership: ", *lines, *weights, "version=0"])


def _monitor(world: Ensemble, one: Peer, mode: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "version": world.version + _BUILT,
        "server_state": mode,
        "avg_latency": 1.2,
        "max_latency": 261.0,
        "outstanding_requests": float(one.outstanding),
        "znode_count": 2040.0,
        "watch_count": 310.0,
        "ephemerals_count": 44.0,
        "num_alive_connections": 6.0,
        "approximate_data_size": 412_000.0,
        "open_file_descriptor_count": 365.0,
        "max_file_descriptor_count": 20_000.0,
        "quorum_size": float(len(world.voters)),
        "uptime": 1000 * (time.time() - one.started),
    }
    if mode == "leader":
        followers = len(world.taking_part()) - 1
        observers = sum(not p.votes and world.up(p.name) for p in world.peers.values())
        found |= {
            "synced_followers": float(followers + world.without_vote),
            "synced_non_voting_followers": float(world.without_vote),
            "synced_observers": float(observers),
            "learners": float(followers + observers + world.without_vote),
            "pending_syncs": 0.0,
        }
    return found
