"""Offload: brokers take the order in any case, so what came of it is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.errors import Refused, Rejected
from plugins.pulsar.acts import topics
from plugins.pulsar.model.topics import TopicRow
from tests.contracts.pulsar.contract import act
from tests.plugins.pulsar.ground import opened

AUDIT = TopicRow("shop/orders/audit")


async def test_without_a_storage_the_servers_reason_is_told(tmp_path: Path) -> None:
    async with opened(tmp_path) as (_, client):
        with pytest.raises(Rejected, match="does not support offload") as caught:
            await topics.offload(act(client, keep="0"), AUDIT)
        assert caught.value.what.startswith("nothing was offloaded: ")
        assert "managedLedgerOffloadDriver" in caught.value.next_step


async def test_with_a_storage_closed_ledgers_go(tmp_path: Path) -> None:
    async with opened(tmp_path) as (served, client):
        served.world.offloader = True
        assert await topics.offload(act(client, keep="0"), AUDIT) == "offload of 1 ledgers of shop/orders/audit done"
        with pytest.raises(Refused, match="none is closed"):
            await topics.offload(act(client, keep="1024"), AUDIT)
