"""What `INFO` says, as typed values. Versions differ in what they tell: what is absent is None, never zero."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from console.text import clean

_LONGEST = 200


class Fed(Struct, frozen=True):
    """One replica as its master sees it (`slaveN:`): the announced address, the offset it acknowledged, and when."""

    address: str
    state: str
    offset: int | None
    silent: float | None
    """Seconds since it acknowledged."""


class Info(Struct, frozen=True):
    """One server's `INFO`. Sizes in bytes, times in seconds; None where this version does not tell."""

    role: str
    version: str = ""
    run_id: str = ""
    mode: str = ""
    uptime: int | None = None
    clients: int | None = None
    max_clients: int | None = None
    blocked: int | None = None
    memory: int | None = None
    max_memory: int | None = None
    policy: str = ""
    ops: int | None = None
    hits: int | None = None
    misses: int | None = None
    evicted: int | None = None
    rejected: int | None = None
    loading: bool = False
    rdb_status: str = ""
    rdb_saved: int | None = None
    rdb_changes: int | None = None
    rdb_running: bool = False
    aof: bool | None = None
    aof_status: str = ""
    offset: int | None = None
    master: str = ""
    """`host:port` of the master that a replica follows."""
    link: str = ""
    link_down: int | None = None
    last_io: int | None = None
    syncing: bool = False
    priority: int | None = None
    good_replicas: int | None = None
    fed: tuple[Fed, ...] = ()
    connected_replicas: int | None = None
    failing_over: str = ""
    keyspace: tuple[tuple[str, int, int], ...] = ()
    """(database, keys, keys that expire)."""


def lines(text: str) -> dict[str, str]:
    """`name:value` lines; comments and what has no colon is left out. Foreign text is cleaned here."""
    pairs = (line.partition(":") for line in text.splitlines() if ":" in line and not line.startswith("#"))
    return {name.strip(): clean(value.strip(), _LONGEST) for name, _, value in pairs}


def info(text: str) -> Info:
    """The answer of `INFO`; half an answer is what is there of it."""
    found = lines(text)
    replica = found.get("role") == "slave"
    offset = found.get("slave_repl_offset") if replica else found.get("master_repl_offset")
    return Info(
        role={"slave": "replica"}.get(found.get("role", ""), found.get("role", "")),
        version=found.get("redis_version", ""),
        run_id=found.get("run_id", ""),
        mode=found.get("redis_mode", ""),
        uptime=number(found.get("uptime_in_seconds")),
        clients=number(found.get("connected_clients")),
        max_clients=number(found.get("maxclients")),
        blocked=number(found.get("blocked_clients")),
        memory=number(found.get("used_memory")),
        max_memory=number(found.get("maxmemory")),
        policy=found.get("maxmemory_policy", ""),
        ops=number(found.get("instantaneous_ops_per_sec")),
        hits=number(found.get("keyspace_hits")),
        misses=number(found.get("keyspace_misses")),
        evicted=number(found.get("evicted_keys")),
        rejected=number(found.get("rejected_connections")),
        loading=found.get("loading") == "1",
        rdb_status=found.get("rdb_last_bgsave_status", ""),
        rdb_saved=number(found.get("rdb_last_save_time")),
        rdb_changes=number(found.get("rdb_changes_since_last_save")),
        rdb_running=found.get("rdb_bgsave_in_progress") == "1",
        aof=found["aof_enabled"] == "1" if "aof_enabled" in found else None,
        aof_status=found.get("aof_last_write_status", ""),
        offset=number(offset),
        master=f"{found['master_host']}:{found.get('master_port', '')}" if "master_host" in found else "",
        link=found.get("master_link_status", ""),
        link_down=number(found.get("master_link_down_since_seconds")),
        last_io=number(found.get("master_last_io_seconds_ago")),
        syncing=found.get("master_sync_in_progress") == "1",
        priority=number(found.get("slave_priority")),
        good_replicas=number(found.get("min_slaves_good_slaves")),
        fed=_fed(found),
        connected_replicas=number(found.get("connected_slaves")),
        failing_over=found.get("master_failover_state", ""),
        keyspace=_keyspace(found),
    )


def number(text: str | None) -> int | None:
    """A whole number, None where there is none."""
    try:
        return int(text) if text else None
    except ValueError:
        return None


def _parts(value: str) -> dict[str, str]:
    return {name: rest for name, _, rest in (part.partition("=") for part in value.split(","))}


def _fed(found: Mapping[str, str]) -> tuple[Fed, ...]:
    said = [_parts(value) for name, value in found.items() if name.startswith("slave") and name[5:].isdigit()]
    return tuple(
        Fed(f"{one.get('ip', '')}:{one.get('port', '')}", one.get("state", ""), number(one.get("offset")), lag)
        for one in said
        for lag in (number(one.get("lag")),)
    )


def _keyspace(found: Mapping[str, str]) -> tuple[tuple[str, int, int], ...]:
    said = [(name, _parts(value)) for name, value in found.items() if name.startswith("db") and name[2:].isdigit()]
    return tuple((name, number(one.get("keys")) or 0, number(one.get("expires")) or 0) for name, one in said)
