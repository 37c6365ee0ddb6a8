"""What one Sentinel believes, as typed values, and the rules by which Sentinel itself chooses (its sentinel.c)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import cast

from msgspec import Struct

from console.text import clean
from plugins.redis.model.info import number

_DOWN = frozenset({"s_down", "o_down", "disconnected"})
_PING, _REFRESH, _REFRESH_MASTER_DOWN = 5_000, 30_000, 5_000
"""Milliseconds: a replica without a good ping or fresh INFO for longer is not chosen (sentinelSelectSlave)."""
_USABLE = re.compile(r"(\d+) usable")


class Known(Struct, frozen=True):
    """A replica or another Sentinel, as one Sentinel knows it. Times in milliseconds."""

    address: str
    run_id: str = ""
    flags: frozenset[str] = frozenset()
    pinged: int | None = None
    refreshed: int | None = None
    link: str = ""
    link_down: int | None = None
    priority: int | None = None
    offset: int | None = None


class View(Struct, frozen=True):
    """One master in the eyes of one Sentinel. Times in milliseconds, `quorum_text` is the answer of CKQUORUM."""

    master: str
    address: str = ""
    run_id: str = ""
    flags: frozenset[str] = frozenset()
    role_reported: str = ""
    role_since: int = 0
    epoch: int | None = None
    replicas_known: int | None = None
    others_known: int | None = None
    quorum: int | None = None
    down_after: int = 30_000
    failover_timeout: int = 180_000
    parallel_syncs: int | None = None
    down_for: int = 0
    failover: str = ""
    quorum_ok: bool | None = None
    quorum_text: str = ""
    replicas: tuple[Known, ...] | None = None
    sentinels: tuple[Known, ...] | None = None

    @property
    def fingerprint(self) -> tuple[object, ...]:
        """What changes when the lists of replicas and Sentinels do."""
        return (self.address, self.flags, self.epoch, self.replicas_known, self.others_known)

    @property
    def usable(self) -> int | None:
        """How many Sentinels this one can use, as it says."""
        found = _USABLE.search(self.quorum_text)
        return int(found[1]) if found else None

    @property
    def voters(self) -> int | None:
        """Sentinels that have a vote: the others and this one."""
        return None if self.others_known is None else self.others_known + 1

    @property
    def good(self) -> tuple[Known, ...] | None:
        """The replicas that a failover could choose now; None where they were not told."""
        return None if self.replicas is None else tuple(one for one in self.replicas if not refused(self, one))


def refused(view: View, replica: Known) -> str:
    """Why Sentinel would not choose it; empty where it would. The rules of sentinelSelectSlave."""
    if down := sorted(replica.flags & _DOWN):
        return f"it is {', '.join(down)}"
    if replica.pinged is not None and replica.pinged > _PING:
        return f"no answer to a ping for {replica.pinged // 1000} s"
    if replica.priority == 0:
        return "its priority is 0"
    stale = _REFRESH_MASTER_DOWN if "s_down" in view.flags else _REFRESH
    if replica.refreshed is not None and replica.refreshed > stale:
        return f"its INFO is {replica.refreshed // 1000} s old"
    if replica.link_down is not None and replica.link_down > view.down_for + 10 * view.down_after:
        return f"its link to the master is down for {replica.link_down // 1000} s"
    return ""


def fields(answer: object) -> dict[str, str]:
    """The flat list of names and values in which Sentinel answers; cleaned here. What is no list is empty."""
    items = cast("Sequence[object]", answer) if isinstance(answer, list | tuple) else ()
    return {text(name): text(value) for name, value in zip(items[::2], items[1::2], strict=False)}


def text(value: object) -> str:
    """One word of an answer as harmless text."""
    return clean(value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value), 300)


def view(answer: object) -> View:
    """One entry of `SENTINEL MASTERS`."""
    found = fields(answer)
    return View(
        master=found.get("name", ""),
        address=_address(found),
        run_id=found.get("runid", ""),
        flags=_flags(found),
        role_reported=found.get("role-reported", ""),
        role_since=number(found.get("role-reported-time")) or 0,
        epoch=number(found.get("config-epoch")),
        replicas_known=number(found.get("num-slaves")),
        others_known=number(found.get("num-other-sentinels")),
        quorum=number(found.get("quorum")),
        down_after=number(found.get("down-after-milliseconds")) or 30_000,
        failover_timeout=number(found.get("failover-timeout")) or 180_000,
        parallel_syncs=number(found.get("parallel-syncs")),
        down_for=number(found.get("s-down-time")) or 0,
        failover=found.get("failover-state", ""),
    )


def known(answer: object) -> Known:
    """One entry of `SENTINEL SLAVES` or `SENTINEL SENTINELS`."""
    found = fields(answer)
    return Known(
        _address(found),
        run_id=found.get("runid", ""),
        flags=_flags(found),
        pinged=number(found.get("last-ok-ping-reply")),
        refreshed=number(found.get("info-refresh")),
        link=found.get("master-link-status", ""),
        link_down=number(found.get("master-link-down-time")),
        priority=number(found.get("slave-priority")),
        offset=number(found.get("slave-repl-offset")),
    )


def _address(found: Mapping[str, str]) -> str:
    return f"{found['ip']}:{found.get('port', '')}" if found.get("ip") else ""


def _flags(found: Mapping[str, str]) -> frozenset[str]:
    return frozenset(flag for flag in found.get("flags", "").split(",") if flag)
