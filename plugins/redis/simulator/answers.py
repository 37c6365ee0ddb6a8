"""What a server and a Sentinel answer, in the words and fields of the real ones (5.0.3 and 7)."""

from __future__ import annotations

import time
from collections.abc import Sequence

from plugins.redis.simulator.wire import Failed, Reply
from plugins.redis.simulator.world import DOWN_AFTER, Sentinel, Server, World

_MULTI = 7
"""The first version whose INFO takes several sections."""


def server(world: World, one: Server, command: Sequence[str]) -> Reply:
    """The answer of a server."""
    match [word.upper() for word in command[:2]]:
        case ["PING"]:
            return b"+PONG"
        case ["INFO", *_]:
            if len(command) > 2 and int(world.version.split(".")[0]) < _MULTI:  # noqa: PLR2004
                raise Failed("ERR syntax error")
            return _info(world, one)
        case ["CONFIG", "GET"]:
            values = {"min-replicas-to-write": str(world.least_replicas), "min-replicas-max-lag": "5"}
            return [text for name, value in values.items() if name == command[2] for text in (name, value)]
        case ["SLOWLOG", "GET"]:
            return [[n, at, took, list(words), "10.244.0.9:40112", ""] for n, at, took, words in reversed(world.slow)]
        case ["SENTINEL", *_]:
            raise Failed("ERR unknown command `SENTINEL`, with args beginning with: ")
        case _:
            raise Failed(f"ERR unknown command `{command[0]}`, with args beginning with: ")


def _info(world: World, one: Server) -> str:
    major = int(world.version.split(".")[0])
    common = {
        "redis_version": world.version,
        "redis_mode": "standalone",
        "run_id": one.run_id,
        "tcp_port": one.announced[1],
        "uptime_in_seconds": int(time.time() - one.started) + 86_400,
        "connected_clients": 12,
        "blocked_clients": 0,
        "used_memory": one.memory,
        "maxmemory": one.max_memory,
        "maxmemory_policy": "volatile-lru",
        "loading": 0,
        "rdb_changes_since_last_save": 17,
        "rdb_bgsave_in_progress": 0,
        "rdb_last_save_time": int(time.time()) - 300,
        "rdb_last_bgsave_status": "ok" if one.saves else "err",
        "aof_enabled": 0,
        "aof_last_write_status": "ok",
        "instantaneous_ops_per_sec": 140 if one.name == world.master else 4,
        "rejected_connections": 0,
        "evicted_keys": 0,
        "keyspace_hits": 91_000,
        "keyspace_misses": 9_000,
    }
    if major >= _MULTI:
        common["maxclients"] = 10_000
    common |= _of_master(world) if one.name == world.master else _of_replica(world, one)
    lines = [f"{name}:{value}" for name, value in common.items()]
    return "\r\n".join(["# Server", *lines, "# Keyspace", f"db0:keys={one.keys},expires=40,avg_ttl=0", ""])


def _of_master(world: World) -> dict[str, object]:
    fed, offset = [world.servers[name] for name in world.good()], world.offset
    lines: dict[str, object] = {
        f"slave{n}": f"ip={one.announced[0]},port={one.announced[1]},state=online,offset={offset - 150},lag=0"
        for n, one in enumerate(fed)
    }
    least = {"min_slaves_good_slaves": len(fed)} if world.least_replicas else {}
    return {"role": "master", "connected_slaves": len(fed), **least, **lines, "master_repl_offset": offset}


def _of_replica(world: World, one: Server) -> dict[str, object]:
    master = world.servers[world.master]
    cut = one.broken_link or not world.up(world.master)
    down = {"master_link_down_since_seconds": 42} if cut else {}
    return {
        "role": "slave",
        "master_host": master.announced[0],
        "master_port": master.announced[1],
        "master_link_status": "down" if cut else "up",
        "master_last_io_seconds_ago": -1 if cut else 0,
        "master_sync_in_progress": 0,
        "slave_repl_offset": world.offset - 150,
        **down,
        "slave_priority": 100,
        "connected_slaves": 0,
        "master_repl_offset": world.offset - 150,
    }


def sentinel(world: World, one: Sentinel, command: Sequence[str]) -> Reply:
    """The answer of a Sentinel."""
    if command[0].upper() == "PING":
        return b"+PONG"
    if command[0].upper() == "INFO":
        lines = (f"redis_version:{world.version}", "redis_mode:sentinel", f"run_id:{one.run_id}", "sentinel_tilt:0")
        return "\r\n".join(("# Server", *lines, ""))
    if command[0].upper() != "SENTINEL" or len(command) < 2:  # noqa: PLR2004
        raise Failed(f"ERR unknown command `{command[0]}`, with args beginning with: ")
    verb = command[1].upper()
    if verb == "MASTERS":
        return [_flat(_master(world, one))]
    if verb == "PENDING-SCRIPTS":
        return []
    if len(command) < 3 or (command[2] != world.name and verb != "RESET"):  # noqa: PLR2004
        raise Failed("ERR No such master with that name")
    return _of_group(world, one, verb)


def _of_group(world: World, one: Sentinel, verb: str) -> Reply:
    if verb in {"SLAVES", "REPLICAS"}:
        return [_flat(_replica(world, world.servers[name])) for name in one.knows]
    if verb == "SENTINELS":
        return [_flat(_other(world, world.sentinels[name])) for name in one.others]
    if verb == "GET-MASTER-ADDR-BY-NAME":
        host, port = world.servers[one.names].announced
        return [host, str(port)]
    if verb == "CKQUORUM":
        return _quorum(world, one)
    if verb == "FAILOVER":
        if refused := world.begin_failover(one):
            raise Failed(refused)
        return b"+OK"
    if verb == "RESET":
        world.reset(one)
        return 1
    raise Failed(f"ERR Unknown sentinel subcommand '{verb}'")


def _quorum(world: World, one: Sentinel) -> Reply:
    usable, majority = world.usable(one), (len(one.others) + 1) // 2 + 1
    if usable < world.quorum:
        why = "Not enough available Sentinels to reach the specified quorum for this master"
        raise Failed(f"NOQUORUM {usable} usable Sentinels. {why}")
    if usable < majority:
        why = "Not enough available Sentinels to reach the majority and authorize a failover"
        raise Failed(f"NOQUORUM {usable} usable Sentinels. {why}")
    return f"+OK {usable} usable Sentinels. Quorum and failover authorization can be reached".encode()


def _flat(values: dict[str, object]) -> Reply:
    return [text for name, value in values.items() for text in (name, str(value))]


def _master(world: World, one: Sentinel) -> dict[str, object]:
    there = world.servers[one.names]
    down = ",s_down" if one.down_since else ""
    busy = {"failover-state": one.failover} if one.failover else {}
    return {
        "name": world.name,
        "ip": there.announced[0],
        "port": there.announced[1],
        "runid": there.run_id,
        "flags": f"master{down}{',failover_in_progress' if one.failover else ''}",
        "last-ok-ping-reply": 100,
        **({"s-down-time": int(1000 * (time.monotonic() - one.down_since))} if one.down_since else {}),
        "down-after-milliseconds": int(1000 * DOWN_AFTER),
        "role-reported": "master" if one.names == world.master else "slave",
        "role-reported-time": 60_000,
        "config-epoch": one.epoch,
        "num-slaves": len(one.knows),
        "num-other-sentinels": len(one.others),
        "quorum": world.quorum,
        **busy,
        "failover-timeout": 180_000,
        "parallel-syncs": 5,
    }


def _replica(world: World, there: Server) -> dict[str, object]:
    up = world.up(there.name)
    cut = there.broken_link or not world.up(world.master)
    return {
        "name": ":".join(map(str, there.announced)),
        "ip": there.announced[0],
        "port": there.announced[1],
        "runid": there.run_id,
        "flags": "slave" if up else "s_down,slave,disconnected",
        "last-ok-ping-reply": 200 if up else 60_000,
        "info-refresh": 1_000 if up else 60_000,
        "master-link-down-time": 42_000 if cut else 0,
        "master-link-status": "err" if cut else "ok",
        "slave-priority": 100,
        "slave-repl-offset": world.offset - 150,
    }


def _other(world: World, there: Sentinel) -> dict[str, object]:
    return {
        "name": there.run_id,
        "ip": there.announced[0],
        "port": there.announced[1],
        "runid": there.run_id,
        "flags": "sentinel" if world.up(there.name) else "s_down,sentinel,disconnected",
        "last-ok-ping-reply": 100,
    }
