"""One ensemble in memory: who is up, who leads, in which epoch. A new leader begins a new epoch, as in life."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

ALL = frozenset({"srvr", "mntr", "conf", "ruok", "isro", "stat"})


@dataclass(slots=True)
class Peer:
    """One server. `allows` is its whitelist; it is `late` by so many transactions, or left in an old `epoch`."""

    name: str
    id: int
    votes: bool = True
    follows: bool = True
    """A server with a vote that does not follow is up and not in the quorum."""
    allows: frozenset[str] = ALL
    knows: frozenset[str] = ALL
    """A word that its version does not know is hung up on, without an answer."""
    late: int = 0
    epoch: int = 0
    started: float = field(default_factory=time.time)
    outstanding: int = 0


class Ensemble:
    """`alive(name)` says whether a member's pod stands."""

    def __init__(self, voters: int, *, observers: int = 0, version: str = "3.9.4", prefix: str = "zk") -> None:
        self.version = version
        self.peers = {
            f"{prefix}-{n}": Peer(f"{prefix}-{n}", n + 1, votes=n < voters) for n in range(voters + observers)
        }
        self.down: set[str] = set()
        self.alive: Callable[[str], bool] = lambda _name: True
        self.weighted = False
        self.without_vote = 0
        """Followers that are in sync and have no vote (they are being removed from the configuration)."""
        self.rate = 3.0
        """Transactions a second."""
        self._epoch = 1
        self._led = ""
        self._began = time.monotonic()

    def up(self, name: str) -> bool:
        """Whether it answers at all."""
        return name not in self.down and self.alive(name)

    @property
    def voters(self) -> list[Peer]:
        """All that have a vote."""
        return [one for one in self.peers.values() if one.votes]

    def taking_part(self) -> list[Peer]:
        """Voters that are up and follow."""
        return [one for one in self.voters if self.up(one.name) and one.follows]

    @property
    def leader(self) -> str:
        """Its name; empty without a quorum. It stays while it takes part."""
        part = self.taking_part()
        if len(part) < len(self.voters) // 2 + 1:
            self._led = ""
        elif self._led not in {one.name for one in part}:
            self._led = max(part, key=lambda one: one.id).name
            self._epoch += 1
        return self._led

    def mode(self, one: Peer) -> str:
        """Empty where it does not serve."""
        leader = self.leader
        if not leader or not one.follows:
            return ""
        return "leader" if one.name == leader else "follower" if one.votes else "observer"

    def zxid(self, one: Peer) -> int:
        """Epoch and counter; the counter grows as time passes."""
        counter = 700 + int(self.rate * (time.monotonic() - self._began)) - one.late
        return ((one.epoch or self._epoch) << 32) + counter
