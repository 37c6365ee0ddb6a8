"""A node that never comes back gives its place to others, by a person's word and on record."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from console import runs
from console.audit import AuditLog, Person
from console.clock import SYSTEM_CLOCK
from console.errors import NotFound, Refused
from console.gate import Gate, Rules
from console.workflow.lease import Slots
from tests.kernel.workflow.memory import AuditList, Granted, LeaseTable


class Desk:
    """As much of a runtime as releasing needs."""

    def __init__(self, leases: LeaseTable, folder: Path, *, read_only: bool = False) -> None:
        self.settings = SimpleNamespace(max_out=1)
        self._leases = leases
        self._gate = Gate(
            rules=Rules(read_only=read_only),
            log=AuditLog(folder / "audit.jsonl"),
            clock=SYSTEM_CLOCK,
            who=Person("oncall", "desk"),
            identity=self.name,
            rights=Granted(),
            sink=AuditList(),
        )

    async def name(self) -> str:
        return "admin"

    async def offer(self, _pick: object) -> Any:
        return self._leases

    async def gate(self) -> Gate:
        return self._gate


async def test_a_node_that_is_gone_for_good_is_released(tmp_path: Path) -> None:
    leases = LeaseTable()
    slots = Slots(leases)
    assert await slots.take("node9", note="run d-1", now=1.0) == ""
    desk: Any = Desk(leases, tmp_path)
    assert await runs.release(desk, "node9", reason="scrapped") == "node9 no longer counts as out"
    assert await slots.taken() == {}
    assert '"action":"release"' in (tmp_path / "audit.jsonl").read_text(encoding="utf-8")
    with pytest.raises(NotFound, match="node9 is not out"):
        await runs.release(desk, "node9", reason="again")


async def test_read_only_releases_nothing(tmp_path: Path) -> None:
    leases = LeaseTable()
    await Slots(leases).take("node9", note="run d-1", now=1.0)
    desk: Any = Desk(leases, tmp_path, read_only=True)
    with pytest.raises(Refused, match="read-only"):
        await runs.release(desk, "node9", reason="scrapped")
    assert set(await Slots(leases).taken()) == {"node9"}
