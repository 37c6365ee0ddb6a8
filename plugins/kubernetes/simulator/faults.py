"""What goes wrong on the wire and under the world, as switches that tests and scenarios set at run time.

A server that is away altogether is `Transport.cut`.

It decides nothing and does nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal

Object = dict[str, Any]
Garble = Literal["", "truncated", "not-json", "empty"]


@dataclass(slots=True)
class Scripted:
    """An answer given instead of the real one to requests whose `METHOD path` matches, `times` times (-1: always)."""

    pattern: str
    status: int = 500
    body: Object | bytes = b""
    times: int = 1
    garble: Garble = ""
    headers: tuple[tuple[str, str], ...] = ()

    def takes(self, line: str) -> bool:
        """Whether it answers this request; counts down."""
        if self.times == 0 or not re.search(self.pattern, line):
            return False
        self.times -= self.times > 0
        return True


@dataclass(slots=True)
class Faults:
    """The switches; all off is a healthy cluster."""

    delay: float = 0.0
    """Seconds of the world's clock before any answer."""
    throttle: int = 0
    """So many requests are answered 429 with Retry-After, -1: all."""
    retry_after: int = 1
    token_expired: bool = False
    down_nodes: set[str] = field(default_factory=set)
    """Nodes whose kubelet is dead."""
    lost_disks: set[str] = field(default_factory=set)
    """Volumes whose directory is gone from the node: pods that mount them do not start."""
    crashing: set[str] = field(default_factory=set)
    """`namespace/pod` of pods whose first container exits again and again."""
    stuck: set[str] = field(default_factory=set)
    """`namespace/pod` of pods that never become ready."""
    hanging: set[str] = field(default_factory=set)
    """`namespace/pod` of pods whose deletion never ends."""
    silent_watches: bool = False
    """Watches stay open and say nothing: a half-open connection."""
    scripted: list[Scripted] = field(default_factory=list)

    def script(self, pattern: str, **answer: Any) -> Scripted:
        """Add a scripted answer (see `Scripted`) and return it."""
        made = Scripted(pattern, **answer)
        self.scripted.append(made)
        return made

    def scripted_for(self, line: str) -> Scripted | None:
        """The scripted answer that takes this request, if any."""
        return next((item for item in self.scripted if item.takes(line)), None)
