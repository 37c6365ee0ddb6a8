"""The client before a cluster that goes wrong in every way: each failure is told in words, the rest goes on."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest

from console.clock import SYSTEM_CLOCK
from console.errors import BadAnswer, ConsoleError, Forbidden, NotFound, ServerFault, Unauthorized, Unreachable
from console.http import HttpClient
from console.plugin import Reach
from plugins.rabbitmq.client import connect
from plugins.rabbitmq.client.refusals import explain
from plugins.rabbitmq.config import configure, discover
from plugins.rabbitmq.simulator.serving import Served
from plugins.rabbitmq.simulator.world import User
from tests.plugins.kubernetes.client.certificates import AUTHORITY, SERVER, SERVER_KEY
from tests.plugins.rabbitmq.bench import all_rows, ground, named, on_platform, serving, small

LOGIN = {"rabbitmq_username": "admin", "rabbitmq_password": "admin-lab"}


async def test_named_members_need_no_platform() -> None:
    async with serving(small()) as served, named(served) as client:
        rows = {row.name: row for row in await client.nodes()}
        assert [row.state for row in rows.values()] == ["running"] * 3
        assert {row.pod for row in rows.values()} == {""}


async def test_which_pod_is_which_member_is_asked_from_the_members() -> None:
    async with serving(small()) as served:
        made = ground(served, **LOGIN)
        swapped = dict(zip(made.ports, reversed(list(made.ports.values())), strict=True))
        made.ports = swapped
        async with on_platform(made) as client:
            rows = {row.name: (row.pod, row.node, row.proved) for row in await client.nodes()}
    assert rows["rabbit@rabbit-0"] == ("rabbit-2", "node2", True)
    assert rows["rabbit@rabbit-2"] == ("rabbit-0", "node0", True)


async def test_a_member_that_is_away_is_told_by_its_name_and_the_others_stay() -> None:
    world = small()
    world.up = lambda member: member != "rabbit@rabbit-0"
    async with serving(world) as served, on_platform(ground(served, **LOGIN)) as client:
        rows = {row.name: row for row in await client.nodes()}
        queues = {row.name: row for row in await all_rows(client.queues())}
    gone = rows["rabbit@rabbit-0"]
    assert (gone.state, gone.pod, gone.proved, gone.memory) == ("stopped", "rabbit-0", False, None)
    assert rows["rabbit@rabbit-1"].proved
    assert queues["orders.new"].missing == ("rabbit@rabbit-0",)
    assert queues["plain"].state == "down"


async def test_no_member_answers() -> None:
    world = small()
    world.up = lambda _member: False
    async with serving(world) as served, named(served) as client:
        with pytest.raises(Unreachable):
            await client.nodes()


@pytest.mark.parametrize("version", [(3, 7, 12), (3, 10, 8), (3, 13, 7), (4, 1, 4)])
async def test_every_version_gives_queues_with_details(version: tuple[int, int, int]) -> None:
    async with serving(small(version)) as served, named(served) as client:
        queues = {row.name: row for row in await all_rows(client.queues())}
        members = list(await client.nodes())
    plain = queues["plain"]
    assert (plain.kind, plain.ready, plain.members) == ("classic", 0, ("rabbit@rabbit-0",))
    assert queues["orders.new"].kind == "quorum"
    assert {row.drained for row in members} == ({None} if version < (3, 11, 0) else {False})


async def test_many_queues_come_in_pages_and_the_first_is_there_before_the_last() -> None:
    world = small(queues=3_000)
    async with serving(world) as served, named(served) as client:
        sizes: list[int] = []
        async for page in client.queues():
            sizes.append(len(page))
            if len(sizes) == 1:
                asked = [line for line in world.requests if line.startswith("GET /api/queues?")]
                assert len(asked) == 1
    assert sum(sizes) == 3_004
    assert max(sizes) == 500
    assert not any("/api/queues/" in line for line in world.requests), "never one request a queue"


@pytest.mark.parametrize(("fault", "error"), [("half", BadAnswer), ("garbage", BadAnswer), ("refuse", Unauthorized)])
async def test_answers_that_go_wrong(fault: str, error: type[ConsoleError]) -> None:
    world = small()
    async with serving(world) as served, named(served) as client:
        await client.nodes()
        world.fault = fault
        with pytest.raises(error) as caught:
            await all_rows(client.connections())
        assert "admin-lab" not in str(caught.value)
        world.fault = ""
        assert await all_rows(client.connections()), "it goes on as soon as the server does"


async def test_a_server_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    world = small()
    world.fault = "hang"
    real = HttpClient.request

    async def impatient(self: HttpClient, method: str, path: str, **options: object) -> object:
        return await real(self, method, path, **{**options, "deadline": 0.05})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(HttpClient, "request", impatient)
    async with serving(world) as served, named(served) as client:
        with pytest.raises(Unreachable, match="no answer within"):
            await client.nodes()


async def test_wrong_password() -> None:
    async with serving(small()) as served, named(served, password="wrong") as client:
        with pytest.raises(Unauthorized, match="user or password is wrong") as caught:
            await client.nodes()
    assert "wrong@" not in str(caught.value)


async def test_a_user_without_a_tag_and_one_that_may_only_look() -> None:
    async with serving(small()) as served:
        async with named(served, username="orders", password="orders-lab") as client:
            with pytest.raises(Forbidden, match="Not management user"):
                await client.nodes()
        async with named(served, username="monitor", password="monitor-lab") as client:
            assert await client.nodes()
            with pytest.raises(Forbidden, match="Not administrator user"):
                await client.users()


async def test_a_password_that_is_changed_while_we_run_is_read_again() -> None:
    world = small()
    async with serving(world) as served:
        made = ground(served, **LOGIN)
        async with on_platform(made) as client:
            await client.nodes()
            world.users["admin"] = User("changed", ("administrator",), ("/",))
            made.secrets = {("shop", "rabbit"): {"rabbitmq-username": b"admin", "rabbitmq-password": b"changed"}}
            assert await all_rows(client.exchanges())


async def test_tls_that_fits_and_that_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RABBIT_SECRET", "admin-lab")
    pair, authority = tmp_path / "server.pem", tmp_path / "ca.pem"
    pair.write_bytes(SERVER + SERVER_KEY)
    authority.write_bytes(AUTHORITY)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair)
    served = Served(small())
    await served.start(context)
    login = {"username": "admin", "password_env": "RABBIT_SECRET"}
    entry = {"name": "x", "url": served.url("rabbit@rabbit-0", "https"), **login}
    fits = {"ca_file": str(authority), "server_name": "inside.test"}
    ways: tuple[tuple[dict[str, Any], str], ...] = (
        (fits, ""),
        ({"verify": False}, ""),
        ({}, "certificate"),
        ({"ca_file": str(authority)}, "certificate"),
        ({**fits, "ca_file": str(pair)}, "certificate"),
        ({"url": served.url("rabbit@rabbit-0")}, "wants TLS, write https"),
    )
    for way, error in ways:
        client = connect(discover(configure({"instances": [{**entry, **way}]}))[0], Reach(SYSTEM_CLOCK, "0"))
        if error:
            with pytest.raises(Unreachable, match=error):
                await client.nodes()
        else:
            assert len(list(await client.nodes())) == 3
        await client.aclose()
    await served.close()


async def test_shovels_without_their_plugin_say_which_to_enable() -> None:
    async with serving(small()) as served, named(served) as client:
        with pytest.raises(NotFound, match="neither shovels nor federation") as caught:
            await client.links()
    assert "rabbitmq_shovel_management" in str(caught.value)


async def test_two_tables_that_need_the_members_ask_once() -> None:
    world = small()
    async with serving(world) as served, named(served) as client:
        await asyncio.gather(client.nodes(), all_rows(client.queues()))
        await client.nodes()
    assert sum(line.startswith("GET /api/nodes") for line in world.requests) <= 2


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, b'{"error":"not_authorized","reason":"Login failed"}', Unauthorized),
        (401, b"", Unauthorized),
        (401, b'{"error":"not_authorised","reason":"Not administrator user"}', Forbidden),
        (404, b'{"error":"Object Not Found","reason":"Not Found"}', NotFound),
        (500, b"\xff\x00 no JSON", ServerFault),
    ],
)
def test_refusals_in_words(status: int, body: bytes, kind: type[ConsoleError]) -> None:
    assert isinstance(explain(status, body, {}, "GET /api/x"), kind)


async def test_credentials_come_from_where_the_settings_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("admin-lab\n")
    ini, toml = tmp_path / "old.conf", tmp_path / "new.conf"
    ini.write_text("[host]\nhostname = h\nusername = admin\npassword = admin-lab\n")
    toml.write_text('[default]\nusername = "admin"\npassword = "admin-lab"\n')
    monkeypatch.setenv("RABBIT_SECRET", "admin-lab")
    async with serving(small()) as served:
        for way in (
            {"username": "admin", "password_file": str(tmp_path / "secret")},
            {"username": "admin", "password_env": "RABBIT_SECRET"},
            {"username": "admin", "password_command": ["printf", "admin-lab"]},
            {"config_file": str(ini), "config_section": "host"},
            {"config_file": str(toml)},
        ):
            table = {"instances": [{"name": "x", "url": served.url("rabbit@rabbit-1"), **way}]}
            client = connect(discover(configure(table))[0], Reach(SYSTEM_CLOCK, "0"))
            assert len(list(await client.nodes())) == 3, way
            await client.aclose()


@pytest.mark.parametrize(
    ("way", "why"),
    [
        ({}, "no user and password are known"),
        ({"username": "a", "password_file": "/nonexistent/x"}, "cannot be read"),
        ({"username": "a", "password_env": "NOBODY_SETS_THIS"}, "environment NOBODY_SETS_THIS is empty"),
        ({"username": "a", "password_command": ["false"]}, "ended with code 1"),
        ({"username": "a", "password_command": ["/nonexistent/x"]}, "cannot be started"),
    ],
)
async def test_credentials_that_are_not_there(way: dict[str, object], why: str) -> None:
    instance = discover(configure({"instances": [{"name": "x", "url": "http://127.0.0.1:1", **way}]}))[0]
    client = connect(instance, Reach(SYSTEM_CLOCK, "0"))
    with pytest.raises(Unauthorized, match=why):
        await client.nodes()
    await client.aclose()


async def test_no_secret_on_the_platform_says_where_it_looked() -> None:
    async with serving(small()) as served:
        made = ground(served)
        made.secrets = {}
        async with on_platform(made) as client:
            with pytest.raises(Unauthorized, match="looked for rabbit"):
                await client.nodes()
