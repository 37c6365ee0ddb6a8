"""What is wrong: pure functions of rows and facts."""

from __future__ import annotations

from collections.abc import Iterable

from console.model import Finding, Ref, Severity
from console.plugin import Facts, Rule
from pilothouse_ports.model import PORTS, Port


def closed(_facts: Facts, row: Port, _now: float) -> Iterable[Finding]:
    """A closed port, with the reason that the system gave."""
    if not row.open:
        yield Finding(
            "PORT1",
            Severity.WARNING,
            Ref("port", row.name),
            f"{row.name} is closed",
            evidence=(row.why,),
            next_step="look whether its server runs",
        )


RULES = (Rule("PORT1", Severity.WARNING, PORTS, closed),)
