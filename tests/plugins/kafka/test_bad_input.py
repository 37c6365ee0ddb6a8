"""Clusters that refuse, hang, talk nonsense or are of another age: each is told in words, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import random
import ssl
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from console.errors import Absent, BadAnswer, ConsoleError, Forbidden, NotFound, Unauthorized, Unreachable
from plugins.kafka import acts, sources
from plugins.kafka.client import Client, wire
from plugins.kafka.simulator import World, reference, topic
from plugins.kafka.simulator.world import Record
from tests.contracts.kafka.promises import act
from tests.plugins.kafka.bench import Inside, client, simulated, threads, until
from tests.plugins.kubernetes.client.certificates import AUTHORITY, SERVER, SERVER_KEY

LOGIN = {"protocol": "SASL_PLAINTEXT", "mechanism": "PLAIN", "username": "oncall", "password_env": "KAFKA_PASSWORD"}


@pytest.fixture
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """What hangs is given up soon; nothing that answers is measured by this."""
    monkeypatch.setattr(wire, "CONNECT_WITHIN", 2.0)
    monkeypatch.setattr(wire, "WITHIN", 2.0)


@pytest.fixture
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is slow is no broker that hangs."""
    monkeypatch.setattr(wire, "CONNECT_WITHIN", 60.0)
    monkeypatch.setattr(wire, "WITHIN", 60.0)


async def failure(client: Client) -> ConsoleError:
    with pytest.raises(ConsoleError) as caught:
        await sources.brokers(client)
    return caught.value


def secured(tmp_path: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    (tmp_path / "pem").write_bytes(SERVER + SERVER_KEY)
    context.load_cert_chain(tmp_path / "pem")
    return context


# -- who one is


@pytest.mark.usefixtures("_patient")
async def test_a_wrong_password_is_told_without_it_and_the_right_one_is_taken_when_it_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KAFKA_PASSWORD", "wr0ng-one")
    world = reference(World(now=time.time, users={"oncall": "right"}))
    async with simulated(world) as simulator, client(simulator.port(0), **LOGIN) as asking:
        error = await failure(asking)
        assert isinstance(error, Unauthorized)
        assert "Invalid username or password" in error.what
        assert "password" in error.next_step
        assert "wr0ng-one" not in f"{error}{error.next_step}{error.__cause__}"
        assert threads() == []
        monkeypatch.setenv("KAFKA_PASSWORD", "right")
        monkeypatch.setattr("plugins.kafka.client.LOGIN_AFTER", 0.0)
        await until(lambda: listed(asking), "the right password is not taken")


@pytest.mark.usefixtures("_patient")
async def test_a_login_that_is_refused_in_the_middle_is_told_and_goes_on_with_the_new_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KAFKA_PASSWORD", "old")
    world = reference(World(now=time.time, users={"oncall": "old"}))
    async with simulated(world) as simulator, client(simulator.port(0), **LOGIN) as asking:
        assert await listed(asking)
        world.users["oncall"] = "new"
        await simulator.cut()
        seen: list[ConsoleError] = []

        async def refused() -> bool:
            asking.changed()
            try:
                await sources.brokers(asking)
            except ConsoleError as error:
                seen.append(error)
            return any(isinstance(error, Unauthorized) for error in seen)

        await until(refused, "nobody says that the login is refused")
        monkeypatch.setenv("KAFKA_PASSWORD", "new")
        monkeypatch.setattr("plugins.kafka.client.LOGIN_AFTER", 0.0)
        await until(lambda: listed(asking), "the new password is not taken")


async def listed(asking: Client) -> bool:
    """Whether brokers come; what is refused is asked again."""
    asking.changed()
    try:
        return len(list(await sources.brokers(asking))) == 3
    except (Unauthorized, Unreachable):
        return False


@pytest.mark.usefixtures("_patient")
async def test_a_mechanism_that_the_broker_has_not_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_PASSWORD", "right")
    world = reference(World(now=time.time, users={"oncall": "right"}))
    login = LOGIN | {"mechanism": "SCRAM-SHA-512"}
    async with simulated(world) as simulator, client(simulator.port(0), **login) as asking:
        error = await failure(asking)
    assert isinstance(error, Unauthorized)
    assert "mechanism" in error.what


# -- TLS


@pytest.mark.usefixtures("_hasty")
async def test_a_certificate_of_another_authority_is_refused_and_the_right_ca_is_enough(tmp_path: Path) -> None:
    (tmp_path / "ca").write_bytes(AUTHORITY)
    async with simulated(tls=secured(tmp_path)) as simulator:
        async with client(simulator.port(0), protocol="SSL") as asking:
            error = await failure(asking)
        assert isinstance(error, Unreachable)
        assert "certificate verify failed" in error.what
        assert "ca_file" in error.next_step


@pytest.mark.usefixtures("_patient")
async def test_a_certificate_of_the_right_authority_is_taken_through_a_platform_too(tmp_path: Path) -> None:
    (tmp_path / "ca").write_bytes(AUTHORITY)
    async with simulated(tls=secured(tmp_path)) as simulator:
        for broker in simulator.world.brokers.values():
            broker.host = "inside.test"
        bootstrap = [f"inside.test:{simulator.port(0)}"]
        keys = {"protocol": "SSL", "ca_file": str(tmp_path / "ca"), "bootstrap": bootstrap}
        async with client(0, platform=Inside(), **keys) as asking:
            assert await listed(asking)
            assert {row.host for row in await sources.brokers(asking)} == {"inside.test"}


@pytest.mark.usefixtures("_hasty")
async def test_tls_before_a_listener_that_speaks_none_ends_in_time() -> None:
    async with simulated() as simulator, client(simulator.port(0), protocol="SSL") as asking:
        error = await failure(asking)
    assert isinstance(error, Unreachable)
    assert "Handshake failed" in error.what
    assert "TLS" in error.next_step


@pytest.mark.usefixtures("_hasty")
async def test_no_tls_before_a_listener_that_wants_it_is_told(tmp_path: Path) -> None:
    async with simulated(tls=secured(tmp_path)) as simulator, client(simulator.port(0)) as asking:
        error = await failure(asking)
    assert isinstance(error, Unreachable)
    assert error.what


# -- what hangs, what is cut, what is no Kafka


@pytest.mark.usefixtures("_hasty")
async def test_a_broker_that_hangs_is_silent_in_its_row_alone() -> None:
    async with simulated() as simulator, client(simulator.port(0)) as asking:
        simulator.hung.add(2)

        async def alone() -> bool:
            asking.logs.forget()
            rows = {row.id: row for row in await sources.brokers(asking)}
            return [bool(rows[number].error) for number in range(3)] == [False, False, True]

        async def tried() -> bool:
            try:
                return await alone()
            except Unreachable:  # the one that hangs was asked for what any can tell
                return False

        await until(tried, "one that hangs is not told, or takes the others with it")
        parts = list(await sources.partitions(asking))
        assert {part.end is None for part in parts if part.leader == 2} == {True}
        simulator.hung.clear()
        await simulator.cut()


async def test_a_start_goes_on_with_the_other_servers_where_the_first_one_hangs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The library begins with any of them; here with the one that hangs."""
    monkeypatch.setattr(wire, "CONNECT_WITHIN", 4.0)
    async with simulated() as simulator:
        simulator.hung.add(0)
        servers = [f"127.0.0.1:{simulator.port(number)}" for number in range(3)]
        taken: list[int] = []

        def choice(ones: Sequence[Any]) -> Any:
            chosen = next(one for one in ones if (one.port == simulator.port(0)) is not bool(taken))
            taken.append(chosen.port)
            return chosen

        monkeypatch.setattr("kafka.net.manager.random", SimpleNamespace(**{**vars(random), "choice": choice}))
        async with client(simulator.port(0), bootstrap=servers) as asking:
            assert [node.id for node in (await asking.metadata.get()).nodes] == [0, 1, 2]
        assert taken[0] == simulator.port(0)
        assert len(taken) > 1
        simulator.hung.clear()
        await simulator.cut()


@pytest.mark.usefixtures("_patient")
async def test_half_an_answer_is_an_error_and_the_next_one_is_taken() -> None:
    async with simulated() as simulator, client(simulator.port(0)) as asking:
        assert await listed(asking)
        simulator.garbage |= {0, 1, 2}
        asking.changed()
        error = await failure(asking)
        assert isinstance(error, Unreachable | BadAnswer)
        assert error.what
        simulator.garbage.clear()
        await until(lambda: listed(asking), "it does not recover")


@asynccontextmanager
async def speaking(answer: bytes | None) -> AsyncGenerator[int]:
    """A server that says this to whatever comes, or nothing at all; its port."""
    talking: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.read(65536):
                if answer is not None:
                    writer.write(answer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    def begun(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(talk(reader, writer))
        talking.add(task)
        task.add_done_callback(talking.discard)

    server = await asyncio.start_server(begun, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in list(talking):
            task.cancel()
        await asyncio.gather(*talking, return_exceptions=True)
        await server.wait_closed()


@pytest.mark.usefixtures("_hasty")
@pytest.mark.parametrize(
    "answer",
    [None, b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0\0\0\4\0\0\0\1", b"\0\0\0\0", b"\xff" * 64],
    ids=["nothing", "http", "no body", "empty", "ones"],
)
async def test_what_is_no_kafka_is_told_and_a_failed_start_leaves_nothing(answer: bytes | None) -> None:
    async with speaking(answer) as port, client(port) as asking:
        error = await failure(asking)
        assert isinstance(error, Unreachable | BadAnswer | NotFound)
        assert error.what
        assert threads() == []


@pytest.mark.usefixtures("_hasty")
async def test_nobody_listens() -> None:
    async with speaking(None) as port:
        pass
    async with client(port) as asking:
        error = await failure(asking)
        assert isinstance(error, Unreachable)
        assert "REFUSED" in error.what
        assert threads() == []


@pytest.mark.usefixtures("_hasty")
async def test_a_client_that_is_left_while_it_starts_leaves_nothing() -> None:
    for turns in range(6):
        async with speaking(None) as port, client(port) as asking:
            task = asyncio.ensure_future(sources.brokers(asking))
            for _ in range(turns * 3):
                await asyncio.sleep(0)
            await asking.aclose()
            [ended] = await asyncio.gather(task, return_exceptions=True)
            assert isinstance(ended, ConsoleError | asyncio.CancelledError)


# -- other ages, foreign text


@pytest.mark.usefixtures("_patient")
@pytest.mark.parametrize("release", [(1, 1), (2, 8), (4, 0)])
async def test_brokers_of_other_ages_show_what_they_can_and_say_what_they_lack(release: tuple[int, ...]) -> None:
    async with simulated(release=release) as simulator, client(simulator.port(0)) as asking:
        rows = list(await sources.brokers(asking))
        assert [(row.present, row.error) for row in rows] == [(True, "")] * 3
        assert {row.release for row in rows} == {".".join(map(str, release))}
        groups = list(await sources.groups(asking))
        assert {row.name for row in groups} == {"billing", "search", "archive", "mailer"}
        if release < (3, 0):
            with pytest.raises(Absent, match="ZooKeeper keeps its metadata"):
                await sources.quorum(asking)
            assert {row.free for row in rows} == {None}
        else:
            assert len(list(await sources.quorum(asking))) == 3


@pytest.mark.usefixtures("_patient")
async def test_a_broker_that_has_not_what_is_asked_for_is_told() -> None:
    async with simulated() as simulator, client(simulator.port(0)) as asking:
        simulator.forget(35)  # DescribeLogDirs
        rows = list(await sources.brokers(asking))
        assert all("no such request" in row.error for row in rows)
        assert len(list(await sources.partitions(asking))) > 0


@pytest.mark.usefixtures("_patient")
async def test_names_and_messages_with_escape_sequences_come_without_them() -> None:
    world = reference(World(now=time.time))
    evil = "a\x1b[2J\x1b]0;gone\x07\u202eb"
    world.topics[evil] = topic(evil, 1, end=1)
    world.topics[evil].partitions[0].written[0] = Record(b"\x1b[31mk", b"v\x1b[2J\x07", 1.0, [("h\x1b", b"\x1bx")])
    world.groups["g\x1b[2J"] = world.groups.pop("archive")
    world.groups["g\x1b[2J"].name = "g\x1b[2J"
    async with simulated(world) as simulator, client(simulator.port(0)) as asking:
        topics = list(await sources.topics(asking))
        groups = list(await sources.groups(asking))
        row = next(one for one in topics if one.name.startswith("a"))
        said = ""
        try:
            said = await acts.peek_topic(act(asking, count="1", **{"from": "start"}), row)
        except (NotFound, Forbidden) as error:  # a name that was cleaned is another name
            said = str(error)
    for text in (*(one.name for one in topics), *(one.name for one in groups), said):
        assert text
        assert not any(sign in text for sign in "\x1b\x07\u202e")
