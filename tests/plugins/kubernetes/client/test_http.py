"""The HTTP client: TLS, proxies, errors in words, deadlines, and connections by a dialer."""

from __future__ import annotations

import asyncio
import os
import ssl
from pathlib import Path

import pytest

from console.errors import (
    BadAnswer,
    ConfigError,
    Conflict,
    Expired,
    Forbidden,
    NotFound,
    Rejected,
    ServerFault,
    SourceError,
    Throttled,
    Unauthorized,
    Unreachable,
)
from console.http import HttpClient, Target, TlsStream, Trust, proxy_for, status_error, tls_context
from plugins.kubernetes.client.dialer import SocketStream
from plugins.kubernetes.client.rights import common_name
from tests.plugins.kubernetes.client import certificates as pem
from tests.plugins.kubernetes.client.server import Call, serve


async def hello(call: Call) -> None:
    await call.reply({"path": call.path})


async def fetch(target: Target, path: str = "/x", deadline: float = 20.0) -> bytes:
    client = HttpClient(target)
    try:
        return (await client.request("GET", path, deadline=deadline)).body
    finally:
        await client.aclose()


async def test_trust_and_identity_come_from_memory_and_leave_no_file(tmp_path: Path) -> None:
    private = Path(os.environ["XDG_RUNTIME_DIR"])
    trust = Trust(pem.AUTHORITY, pem.CLIENT, pem.CLIENT_KEY)
    async with serve(hello, tls=pem.server_context(tmp_path, ask_client=True)) as server:
        target = Target(server.url, context=tls_context(trust), server_name="inside.test")
        assert await fetch(target, "/api") == b'{"path": "/api"}'
    assert list(private.iterdir()) == []


@pytest.mark.parametrize(
    ("trust", "name", "words"),
    [
        (Trust(pem.CLIENT), "inside.test", "certificate is not accepted: unable to get local issuer"),
        (Trust(pem.AUTHORITY), "", "certificate is not accepted: .*not valid for '127.0.0.1'"),
        (Trust(pem.AUTHORITY), "other.test", "certificate is not accepted: .*not valid for 'other.test'"),
    ],
)
async def test_a_server_that_is_not_trusted_is_told(tmp_path: Path, trust: Trust, name: str, words: str) -> None:
    async with serve(hello, tls=pem.server_context(tmp_path)) as server:
        with pytest.raises(Unreachable, match=words):
            await fetch(Target(server.url, context=tls_context(trust), server_name=name))


async def test_verification_can_be_switched_off(tmp_path: Path) -> None:
    async with serve(hello, tls=pem.server_context(tmp_path)) as server:
        assert await fetch(Target(server.url, context=tls_context(Trust(verify=False)))) == b'{"path": "/x"}'


@pytest.mark.parametrize(
    "trust",
    [
        Trust(b"no certificate"),
        Trust(pem.AUTHORITY, pem.CLIENT, b"no key"),
        Trust(pem.AUTHORITY, pem.CLIENT, pem.SERVER_KEY),
        Trust(pem.AUTHORITY, pem.CLIENT, pem.LOCKED_KEY),
        Trust(pem.AUTHORITY, b"no certificate", pem.CLIENT_KEY),
    ],
)
def test_certificates_that_cannot_be_used_are_told_without_asking_for_a_password(trust: Trust) -> None:
    with pytest.raises(ConfigError) as raised:
        tls_context(trust, where="context a")
    assert raised.value.where == "context a"
    assert "BEGIN" not in str(raised.value)


def test_the_name_in_a_certificate_is_read() -> None:
    assert common_name(pem.CLIENT) == "jane"
    assert common_name(pem.CLIENT[:200]) == ""
    assert common_name(b"rubbish") == ""


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.1:1", "refused: nothing listens there"),
        ("https://127.0.0.1:1", "refused: nothing listens there"),
    ],
)
async def test_why_there_is_no_connection(url: str, words: str) -> None:
    with pytest.raises(Unreachable, match=words) as raised:
        await fetch(Target(url))
    assert raised.value.where == f"GET {url}/x"


async def test_a_server_that_speaks_no_tls_or_no_http() -> None:
    async with serve(hello) as server:
        with pytest.raises(Unreachable, match=r"TLS failed|cut by the other side"):
            await fetch(Target(server.url.replace("http", "https"), context=tls_context(Trust())))

    async def rubbish(call: Call) -> None:
        await call.raw(b"SSH-2.0-OpenSSH_9\r\n")
        call.cut()

    async with serve(rubbish) as server:
        with pytest.raises(Unreachable):
            await fetch(Target(server.url))
        assert len(server.calls) == 2  # a read is tried once more: it might have been a kept connection


async def test_a_silent_server_costs_the_deadline_and_no_more() -> None:
    async def silent(call: Call) -> None:
        await call.hold()

    async with serve(silent) as server:
        with pytest.raises(Unreachable, match=r"no answer within 0.3 s"):
            await fetch(Target(server.url), deadline=0.3)


async def test_half_an_answer_is_no_answer() -> None:
    async def half(call: Call) -> None:
        await call.start()
        await call.send(b'{"kind"')
        call.cut()

    async with serve(half) as server:
        with pytest.raises(SourceError) as raised:
            await fetch(Target(server.url))
        assert isinstance(raised.value, BadAnswer | Unreachable)


async def test_a_write_is_never_repeated() -> None:
    async def drop(call: Call) -> None:
        call.cut()

    async with serve(drop) as server:
        client = HttpClient(Target(server.url))
        with pytest.raises(Unreachable):
            await client.request("POST", "/x", content=b"{}")
        await client.aclose()
        assert len(server.calls) == 1


async def test_a_client_that_was_closed_says_so() -> None:
    client = HttpClient(Target("http://127.0.0.1:1"))
    await client.aclose()
    with pytest.raises(Unreachable, match="closed by the console"):
        await client.request("GET", "/")


async def test_the_user_agent_is_ours() -> None:
    async with serve(hello) as server:
        await fetch(Target(server.url, version="1.2.3"))
        assert server.calls[0].headers["User-Agent"] == "pilothouse/1.2.3"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Rejected),
        (401, Unauthorized),
        (403, Forbidden),
        (404, NotFound),
        (405, Rejected),
        (409, Conflict),
        (410, Expired),
        (412, Conflict),
        (422, Rejected),
        (429, Throttled),
        (500, ServerFault),
        (503, ServerFault),
        (504, ServerFault),
        (302, BadAnswer),
    ],
)
def test_every_status_has_its_error(status: int, kind: type[SourceError]) -> None:
    error = status_error(status, "why \x1b[31m", {}, "GET /x")
    assert type(error) is kind
    assert "\x1b" not in str(error)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("0", 0.0), ("-3", 0.0), ("Wed, 21 Oct 2026 07:28:00 GMT", 1.0), ("9e9", 3600.0)],
)
def test_when_to_come_again(header: str, seconds: float) -> None:
    error = status_error(429, "slow down", {"retry-after": header}, "")
    assert isinstance(error, Throttled)
    assert error.retry_after == seconds


PROXY = {"HTTPS_PROXY": "http://proxy:3128"}


@pytest.mark.parametrize(
    ("url", "environ", "explicit", "expected"),
    [
        ("https://api:6443", {}, "", ""),
        ("https://api:6443", PROXY, "", "http://proxy:3128"),
        ("https://api:6443", PROXY, "socks5://other:1080", "socks5://other:1080"),
        ("https://api:6443", PROXY | {"NO_PROXY": "*"}, "http://named:1", "http://named:1"),
        ("https://api:6443", {"https_proxy": "low:1", **PROXY}, "", "http://low:1"),
        ("http://api:6443", PROXY, "", ""),
        ("http://api", {"HTTP_PROXY": "http://cgi:1"}, "", ""),
        ("http://api", {"http_proxy": "http://plain:1"}, "", "http://plain:1"),
        ("https://127.0.0.1:6443", PROXY, "", ""),
        ("https://localhost:6443", PROXY, "", ""),
        ("https://[::1]:6443", PROXY, "", ""),
        ("https://api.corp.test", PROXY | {"NO_PROXY": "corp.test"}, "", ""),
        ("https://corp.test", PROXY | {"NO_PROXY": ".corp.test"}, "", "http://proxy:3128"),
        ("https://api.corp.test", PROXY | {"NO_PROXY": ".corp.test"}, "", ""),
        ("https://api.corp.test", PROXY | {"NO_PROXY": "*.corp.test"}, "", ""),
        ("https://notcorp.test", PROXY | {"NO_PROXY": "corp.test"}, "", "http://proxy:3128"),
        ("https://10.1.2.3:6443", PROXY | {"no_proxy": "10.0.0.0/8"}, "", ""),
        ("https://11.1.2.3:6443", PROXY | {"no_proxy": "10.0.0.0/8"}, "", "http://proxy:3128"),
        ("https://10.1.2.3:6443", PROXY | {"no_proxy": "a, 10.1.2.3"}, "", ""),
        ("https://10.1.2.3:6443", PROXY | {"no_proxy": "10.1.2.3:443"}, "", "http://proxy:3128"),
        ("https://10.1.2.3:6443", PROXY | {"no_proxy": "10.1.2.3:6443"}, "", ""),
        ("https://[fd00::7]:6443", PROXY | {"no_proxy": "fd00::/8"}, "", ""),
        ("https://api", PROXY | {"no_proxy": "10.0.0.0/99,,"}, "", "http://proxy:3128"),
    ],
)
def test_which_proxy(url: str, environ: dict[str, str], explicit: str, expected: str) -> None:
    assert proxy_for(url, environ, explicit=explicit) == expected


async def test_a_request_goes_through_the_proxy() -> None:
    async with serve(hello) as proxy:
        assert await fetch(Target("http://far.away.test", proxy=proxy.url)) == b'{"path": "/x"}'
        assert proxy.calls[0].headers["Host"] == "far.away.test"


async def dialed(url: str) -> SocketStream:
    host, port = url.removeprefix("https://").removeprefix("http://").split(":")
    return SocketStream(*await asyncio.open_connection(host, int(port)), url)


async def test_a_dialer_gets_names_unresolved_and_its_connection_is_kept() -> None:
    asked: list[tuple[str, int]] = []
    async with serve(hello) as server:

        async def dial(host: str, port: int) -> SocketStream:
            asked.append((host, port))
            return await dialed(server.url)

        client = HttpClient(Target("http://rabbit-0.rabbit.mq.svc:15672", dial=dial))
        for _ in range(2):
            assert (await client.request("GET", "/x")).status == 200
        await client.aclose()
    assert asked == [("rabbit-0.rabbit.mq.svc", 15672)]


async def test_tls_works_on_a_dialed_connection(tmp_path: Path) -> None:
    context = tls_context(Trust(pem.AUTHORITY, pem.CLIENT, pem.CLIENT_KEY))
    async with serve(hello, tls=pem.server_context(tmp_path, ask_client=True)) as server:

        async def dial(_host: str, _port: int) -> SocketStream:
            return await dialed(server.url)

        assert await fetch(Target("https://inside.test", context=context, dial=dial)) == b'{"path": "/x"}'
        with pytest.raises(Unreachable, match=r"not valid for 'other.test'"):
            await fetch(Target("https://other.test", context=context, dial=dial))


async def test_what_a_dialer_raises_is_what_is_told() -> None:
    async def dial(host: str, _port: int) -> SocketStream:
        raise NotFound("there is no such service", where=host)

    with pytest.raises(NotFound, match=r"rabbit.svc: there is no such service"):
        await fetch(Target("http://rabbit.svc", dial=dial))


async def test_a_tls_stream_carries_much_both_ways(tmp_path: Path) -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while received := await reader.read(65536):
            writer.write(received)
            await writer.drain()
        writer.close()

    listening = await asyncio.start_server(echo, "127.0.0.1", 0, ssl=pem.server_context(tmp_path))
    port = listening.sockets[0].getsockname()[1]
    below = SocketStream(*await asyncio.open_connection("127.0.0.1", port), "test")
    context = ssl.create_default_context(cadata=pem.AUTHORITY.decode())
    stream = TlsStream(below, context, "inside.test")
    await stream.handshake()
    sent = os.urandom(300_000)
    received = b""
    writing = asyncio.create_task(stream.write(sent))
    while len(received) < len(sent):
        received += await stream.read(65536)
    await writing
    await stream.close()
    listening.close()
    assert received == sent
