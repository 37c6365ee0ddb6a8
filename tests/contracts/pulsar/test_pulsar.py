"""The contract: the same of the simulated cluster, which is named, and of the real one, found through its platform."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path

import pytest

from console.clock import SYSTEM_CLOCK
from console.plugin import Reach
from plugins.pulsar.client import Client, connect, web
from plugins.pulsar.config import Configuration
from plugins.pulsar.finding import search
from tests.contracts.ground import BOTH, reached
from tests.contracts.pulsar import contract
from tests.plugins.pulsar.ground import opened

REAL = {"lab": ("pulsar", "pulsar/pulsar"), "pulsar-2.10": ("pulsar-2.10", "pulsar-2-10/old-pulsar")}
"""By the side's name: the lab's name of it, and how the console calls it."""
_OLDER = pytest.param("pulsar-2.10", marks=(pytest.mark.lab, pytest.mark.older("pulsar-2.10")))


@pytest.fixture(params=[*BOTH, _OLDER])
async def client(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Client]:
    """An instance as whom a file says, or as whom the chart's Secret says."""
    if request.param == "simulator":
        async with opened(tmp_path) as (_, named):
            yield named
        return
    monkeypatch.setattr(web, "PATIENCE", 90.0)  # a machine that is slow breaks no promise
    system, name = REAL[request.param]
    request.getfixturevalue("staged")(system)
    async with reached(request.getfixturevalue("lab").kubeconfig) as hosting:
        found = await search(Configuration(), hosting)
        instance = next(one for one in found if one.id.name == name)
        client = connect(instance, Reach(SYSTEM_CLOCK, "0", hosting))
        try:
            yield client
        finally:
            await client.aclose()


@pytest.mark.parametrize(
    "body",
    [
        contract.members_say_who_they_are,
        contract.bookies_say_who_they_are,
        contract.tenants_and_namespaces_come_and_go,
        contract.policies_are_set_and_unset_ones_are_unknown,
        contract.a_namespace_is_kept_on_some_brokers_and_not_any_more,
        contract.topics_come_grow_and_go,
        contract.only_the_owner_answers_and_the_others_are_followed,
        contract.a_bookie_becomes_read_only_and_writable_again,
        contract.autorecovery_goes_off_and_on_in_the_whole_cluster,
        contract.a_subscription_is_peeked_skipped_and_cleared,
        contract.a_subscription_stands_where_a_message_is,
    ],
    ids=lambda body: body.__name__,
)
async def test_contract(client: Client, body: Callable[[Client], Awaitable[None]]) -> None:
    await body(client)
