"""The contract, on the simulator."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path

import pytest

from plugins.pulsar.client import Client
from tests.contracts.pulsar import contract
from tests.plugins.pulsar.ground import opened


@pytest.fixture
async def client(tmp_path: Path) -> AsyncGenerator[Client]:
    async with opened(tmp_path) as (_, one):
        yield one


@pytest.mark.parametrize(
    "body",
    [
        contract.members_say_who_they_are,
        contract.bookies_say_who_they_are,
        contract.tenants_and_namespaces_come_and_go,
        contract.policies_are_set_and_unset_ones_are_unknown,
        contract.topics_come_grow_and_go,
        contract.only_the_owner_answers_and_the_others_are_followed,
        contract.a_bookie_becomes_read_only_and_writable_again,
        contract.autorecovery_goes_off_and_on_in_the_whole_cluster,
    ],
    ids=lambda body: body.__name__,
)
async def test_contract(client: Client, body: Callable[[Client], Awaitable[None]]) -> None:
    await body(client)


async def test_contract_of_a_subscription(client: Client) -> None:
    await contract.a_subscription_is_peeked_skipped_and_cleared(client, "shop/orders/audit", "archiver", 30)
