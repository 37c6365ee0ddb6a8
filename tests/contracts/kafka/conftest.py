"""A machine that is slow is no broker that hangs."""

from __future__ import annotations

import pytest

from plugins.kafka.client import wire


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "CONNECT_WITHIN", 60.0)
    monkeypatch.setattr(wire, "WITHIN", 60.0)
