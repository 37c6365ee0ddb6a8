"""Clusters that refuse, of another certificate, of another age, and with names that are meant to harm a terminal."""

from __future__ import annotations

import base64
import json
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from console.errors import NotFound, Refused, SourceError, Unauthorized
from console.plugin import Act
from plugins.pulsar.acts import servers, topics
from plugins.pulsar.client import Client
from plugins.pulsar.doctor import examine
from plugins.pulsar.model import tables
from plugins.pulsar.panes import PANES
from plugins.pulsar.simulator import Served, World, answer
from plugins.pulsar.simulator.serving import Reply, Request
from plugins.pulsar.simulator.world import Bookie, Subscription, Topic, furnish
from plugins.pulsar.sources import SOURCES
from tests.plugins.kubernetes.client.certificates import AUTHORITY, CLIENT, SERVER, SERVER_KEY
from tests.plugins.pulsar.ground import Rows, client_of, opened

EVIL = "\x1b]52;c;ZXZpbA==\x07\x1b[2J"


def expired(role: str) -> str:
    """A token that ended in 2001."""
    middle = base64.urlsafe_b64encode(json.dumps({"sub": role, "exp": 1e9}).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJSUzI1NiJ9.{middle}.c2lnbmF0dXJl"


async def test_an_expired_token_is_told_as_such(tmp_path: Path) -> None:
    async with opened(tmp_path, token=expired("admin")) as (_, client):
        with pytest.raises(Unauthorized) as caught:
            await client.policies.tenants()
        assert "pilothouse doctor" in caught.value.next_step
        lines = {check.topic: check for check in await examine(client)}
        token = lines["pulsar test token"]
        assert (token.found.value, token.advice) == ("missing", "give a new token")
        assert token.text.startswith("admin, from ")
        assert "EXPIRED" in token.text
        said = await servers.who(Act(client, Rows({}, now=2e9)), (await listed(client))[0])
        assert said.startswith("role admin by ")
        assert "EXPIRED" in said


async def listed(_client: Client) -> list[Any]:
    """A broker is known by name although it refuses."""
    return [tables.BrokerRow("broker-0")]


@asynccontextmanager
async def secured(tmp_path: Path, **more: Any) -> AsyncGenerator[Client]:
    """A cluster whose servers speak TLS as `inside.test`."""
    (tmp_path / "server.pem").write_bytes(SERVER + SERVER_KEY)
    (tmp_path / "ca.pem").write_bytes(AUTHORITY)
    (tmp_path / "other.pem").write_bytes(CLIENT)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    world = World(cluster="lab", brokers=["broker-0"], tokens={"sesame": "admin"})
    furnish(world)
    served = Served(world, answer)
    await served.start(context)
    world.addresses["broker-0"] = f"127.0.0.1:{served.ports['broker-0']}"
    scheme = more.pop("scheme", "https")
    table = {key: str(tmp_path / value) if key.endswith("_file") else value for key, value in more.items()}
    client = client_of(served, tmp_path, admin=[served.url("broker-0", scheme)], **table)
    try:
        yield client
    finally:
        await client.aclose()
        await served.close()


async def test_the_right_authority_and_name_are_taken(tmp_path: Path) -> None:
    async with secured(tmp_path, ca_file="ca.pem", server_name="inside.test") as client:
        assert await client.policies.tenants()


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"ca_file": "other.pem", "server_name": "inside.test"}, "certificate"),
        ({"ca_file": "ca.pem", "server_name": "elsewhere.test"}, "certificate"),
        ({"ca_file": "ca.pem", "scheme": "http"}, ""),
    ],
    ids=["other authority", "other name", "no TLS"],
)
async def test_a_tls_mismatch_is_an_error_with_words(tmp_path: Path, table: dict[str, Any], words: str) -> None:
    async with secured(tmp_path, **table) as client:
        with pytest.raises(SourceError) as caught:
            await client.policies.tenants()
        assert words in str(caught.value).lower()
        assert "sesame" not in f"{caught.value!r}"


LACKS_2_7 = ("/admin/v2/brokers/ready", "/admin/v2/brokers/leaderBroker", "/admin/v2/bookies/all")


@asynccontextmanager
async def old(tmp_path: Path, *lacks: str) -> AsyncGenerator[tuple[Served, Client]]:
    """A cluster that answers 404 to these paths, and to the list of brokers without the cluster's name."""

    def aged(world: World, asked: Request) -> Reply:
        if asked.target in {"/admin/v2/brokers", *lacks}:
            return Reply(404, b'{"reason":"HTTP 404 Not Found"}')
        return answer(world, asked)

    world = World(cluster="old", version="2.7.4", brokers=["broker-0"], tokens={"sesame": "admin"})
    world.bookies = {f"bookie-{n}": Bookie(f"bookie-{n}:3181") for n in range(2)}
    furnish(world)
    served = Served(world, aged)
    await served.start()
    world.addresses["broker-0"] = f"127.0.0.1:{served.ports['broker-0']}"
    client = client_of(served, tmp_path)
    try:
        yield served, client
    finally:
        await client.aclose()
        await served.close()


async def test_what_an_old_version_lacks_is_unknown_by_name(tmp_path: Path) -> None:
    async with old(tmp_path, *LACKS_2_7, "/api/v1/bookie/state/readonly") as (_, client):
        [broker] = await client.brokers.rows()
        assert (broker.listed, broker.ready, broker.leader) == (True, None, None), "unknown, not no"
        assert broker.load is not None
        assert broker.load.broker_version_string == "2.7.4"
        assert await client.topics.rows()
        bookies = await client.bookies.rows()
        assert len(bookies) == 2
        facts = Rows({tables.BOOKIES: [*bookies, *(tables.BookieRow(f"more-{n}", mode="rw") for n in range(2))]})
        with pytest.raises(Refused, match=r"it came with BookKeeper 4\.14"):
            await servers.read_only(Act(client, facts), bookies[0])


async def test_hostile_names_harm_nobody_and_the_others_are_shown(tmp_path: Path) -> None:
    async with opened(tmp_path) as (served, client):
        served.world.tenants[f"t{EVIL}"] = {"adminRoles": [f"r{EVIL}"], "allowedClusters": ["lab"]}
        served.world.namespaces[f"t{EVIL}/n"] = {}
        topic = Topic([b"x"], {f"s{EVIL}": Subscription(1, consumers=[f"c{EVIL}"])})
        served.world.topics[f"persistent://t{EVIL}/n/../..?x=1#y {EVIL}"] = topic
        fetches: dict[Any, Any] = {source.table: source.fetch for source in SOURCES}
        for pane in PANES:
            if pane.name in {"pulsar.functions", "pulsar.manager"}:
                continue
            rows: list[Any] = list(await fetches[pane.table](client))
            shown = [
                f"{column.value(row)}{column.cell(row, 0.0).text if column.cell else ''}{pane.ref(row).name}"
                for row in rows
                for column in pane.columns
            ]
            assert rows or pane.name == "pulsar.ledgers"
            assert not any("\x1b" in text or "\x07" in text for text in shown), pane.name
        names = [row.name for row in await client.topics.rows()]
        assert "shop/orders/audit" in names
        [evil] = [row for row in await client.topics.rows() if row.name.startswith("t") and "?x=1#y" in row.name]
        with pytest.raises(NotFound):
            await topics.delete(Act(client, Rows({})), evil)
        assert topic in served.world.topics.values()
        assert all("/../" not in one.partition(" DELETE ")[2] for one in served.world.requests), "names are quoted"
