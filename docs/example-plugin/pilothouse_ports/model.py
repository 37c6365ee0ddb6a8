"""Rows: frozen values, and the token that names their table."""

from __future__ import annotations

from dataclasses import dataclass

from console.plugin import Table


@dataclass(frozen=True, slots=True)
class Port:
    """One port: open or not, why not, and how long the connection took (seconds)."""

    host: str
    port: int
    open: bool
    took: float = 0.0
    why: str = ""

    @property
    def name(self) -> str:
        return f"{self.host}:{self.port}"


PORTS = Table[Port]("ports", lambda row: row.name)
