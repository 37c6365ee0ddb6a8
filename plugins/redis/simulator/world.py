"""One master group in memory: servers that follow a master, and Sentinels that watch it. Time is the loop's own."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field

FAILOVER_TAKES, RESET_TAKES, DOWN_AFTER = 0.3, 0.5, 2.0
"""Seconds. Life is slower; people and tests wait less."""


def run_id(word: str) -> str:
    """Forty hexadecimal characters, as Redis makes them."""
    return hashlib.sha1(word.encode(), usedforsecurity=False).hexdigest()


@dataclass(slots=True)
class Server:
    """One Redis. `announced` is the address by which the others know it."""

    name: str
    announced: tuple[str, int]
    started: float = field(default_factory=time.time)
    keys: int = 1200
    memory: int = 48 * 1024 * 1024
    max_memory: int = 64 * 1024 * 1024
    broken_link: bool = False
    saves: bool = True

    @property
    def run_id(self) -> str:
        return run_id(self.name)


@dataclass(slots=True)
class Sentinel:
    """One Sentinel: whom it names, whom it knows."""

    name: str
    announced: tuple[str, int]
    names: str = ""
    """The server that it takes for the master."""
    epoch: int = 0
    knows: list[str] = field(default_factory=list[str])
    others: list[str] = field(default_factory=list[str])
    failover: str = ""
    down_since: float = 0.0

    @property
    def run_id(self) -> str:
        return run_id(self.name)


class World:
    """`alive(name)` says whether a member's pod stands; what is not alive answers nobody."""

    def __init__(self, *, master: str = "mymaster", quorum: int = 2, version: str = "5.0.3") -> None:
        self.name = master
        self.quorum = quorum
        self.version = version
        self.password = ""
        self.sentinel_password = ""
        self.servers: dict[str, Server] = {}
        self.sentinels: dict[str, Sentinel] = {}
        self.master = ""
        self.least_replicas = 1
        self.down: set[str] = set()
        self.alive: Callable[[str], bool] = lambda _name: True
        self.began = time.monotonic()
        self.slow: list[tuple[int, int, int, tuple[str, ...]]] = []

    def furnish(self) -> None:
        """Everybody knows everybody, the first server is the master."""
        self.master = next(iter(self.servers))
        for one in self.sentinels.values():
            one.names = self.master
            one.knows = [name for name in self.servers if name != self.master]
            one.others = [name for name in self.sentinels if name != one.name]

    def up(self, name: str) -> bool:
        """Whether a server or Sentinel answers."""
        return name not in self.down and self.alive(name)

    @property
    def offset(self) -> int:
        """What the master has written; it grows as time passes."""
        return 1_000_000 + int(4_000 * (time.monotonic() - self.began))

    def good(self) -> list[str]:
        """Replicas that can take over."""
        return [n for n, one in self.servers.items() if n != self.master and self.up(n) and not one.broken_link]

    def usable(self, by: Sentinel) -> int:
        """Sentinels that one can use: itself and those that it knows and that are up."""
        return 1 + sum(self.up(name) for name in by.others)

    def begin_failover(self, by: Sentinel) -> str:
        """An error text, or empty when it has begun."""
        if by.failover:
            return "INPROG Failover already in progress"
        if not self.good():
            return "NOGOODSLAVE No suitable replica to promote"
        by.failover = "select_slave"
        asyncio.get_running_loop().call_later(FAILOVER_TAKES, self._switch, by)
        return ""

    def _switch(self, by: Sentinel) -> None:
        by.failover = ""
        good = self.good()
        if not good:
            return
        old, self.master = self.master, good[0]
        epoch = max(one.epoch for one in self.sentinels.values()) + 1
        for one in self.sentinels.values():
            if self.up(one.name):
                one.names, one.epoch, one.down_since = self.master, epoch, 0.0
                one.knows = [name for name in (*one.knows, old) if name != self.master]

    def reset(self, one: Sentinel) -> None:
        """It forgets everybody, and finds those that are there again."""
        one.knows, one.others = [], []
        asyncio.get_running_loop().call_later(RESET_TAKES, self._found, one)

    def _found(self, one: Sentinel) -> None:
        one.knows = [name for name in self.servers if name != one.names and self.up(name)]
        one.others = [name for name in self.sentinels if name != one.name and self.up(name)]

    def look(self, now: float) -> None:
        """What Sentinels do every moment: see a master down, elect, and tell a Sentinel that comes back."""
        standing = [one for one in self.sentinels.values() if self.up(one.name)]
        newest = max(standing, key=lambda one: one.epoch, default=None)
        for one in standing:
            if newest is not None and one.epoch < newest.epoch:
                one.names, one.epoch = newest.names, newest.epoch
                one.knows = [name for name in self.servers if name != one.names]
            down = not self.up(one.names)
            one.down_since = (one.down_since or now) if down else 0.0
        agree = [one for one in standing if one.down_since and now - one.down_since > DOWN_AFTER]
        least = max(self.quorum, len(self.sentinels) // 2 + 1)
        if len(agree) >= least and not any(one.failover for one in standing):
            self.begin_failover(agree[0])
