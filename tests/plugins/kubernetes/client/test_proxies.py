"""Requests and WebSockets through proxies: the same way for both, TLS names as told, and refusals in words."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest

from console.errors import ConfigError, Unreachable
from plugins.kubernetes.client import contexts
from plugins.kubernetes.client.api import Api
from plugins.kubernetes.client.channels import output_of
from plugins.kubernetes.config import Settings
from tests.plugins.kubernetes.client import certificates as pem
from tests.plugins.kubernetes.client.kubelet import Body, Socket, kubelet
from tests.plugins.kubernetes.client.parts import context, manner, write
from tests.proxy import Proxy, proxy

FAR = "https://api.far.test:6443"
KINDS = ("http", "socks5")


async def echo(socket: Socket) -> None:
    await socket.send(1, b"from afar")
    await socket.status(status="Success")


def pages(path: str, _query: dict[str, str]) -> Body | None:
    return {"major": "1", "minor": "30", "gitVersion": "v1.30.1"} if path == "/version" else None


def api_by(way: Proxy, server: str = FAR, **cluster: Any) -> Api:
    trust = {"authorities": pem.AUTHORITY, "tls_server_name": "inside.test"} if server.startswith("https") else {}
    return Api(context(server, proxy_url=way.url, **trust, **cluster), Settings(), manner())


def leads_to(way: Proxy, url: str) -> None:
    way.reach = ("127.0.0.1", int(url.rpartition(":")[2]))


@pytest.fixture
def tls(tmp_path: Path) -> ssl.SSLContext:
    return pem.server_context(tmp_path)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("login", ["", "ann:se cret"])
async def test_a_request_and_a_command_go_through_a_proxy_to_a_name_that_only_it_knows(
    kind: str, login: str, tls: ssl.SSLContext
) -> None:
    async with kubelet(echo, pages=pages, tls=tls) as far, proxy(kind, login=login) as way:
        leads_to(way, far.url)
        api = api_by(way)
        assert (await api.version()).at_least(1, 30)
        command = await api.exec("a", "b", ["true"])
        output, _, ended = await output_of(command)
        assert (output, ended.code) == (b"from afar", 0)
        await api.aclose()
        assert way.asked == ["api.far.test:6443"] * 2
        assert way.passed > 2000


async def test_a_plain_server_behind_socks_and_a_command_to_a_plain_one_behind_http() -> None:
    for kind in KINDS:
        async with kubelet(echo, pages=pages) as far, proxy(kind) as way:
            leads_to(way, far.url)
            api = api_by(way, "http://api.far.test:8080")
            assert (await output_of(await api.exec("a", "b", ["true"])))[0] == b"from afar"
            if kind == "socks5":
                assert (await api.version()).at_least(1, 30)
            await api.aclose()
            assert set(way.asked) == {"api.far.test:8080"}


@pytest.mark.parametrize(
    ("kind", "refuse", "login", "words"),
    [
        ("http", "403 Forbidden", "", "refuses the way to api.far.test:6443: 403 Forbidden"),
        ("http", "", "ann:secret", "407 Proxy Authentication Required.*wants a name and a password"),
        ("socks5", "2", "", "does not open the way to api.far.test:6443: its rules do not allow it"),
        ("socks5", "5", "", "that host refuses the connection"),
        ("socks5", "", "ann:secret", "wants a login that we do not have"),
    ],
)
async def test_a_refusal_is_told_for_requests_and_commands(kind: str, refuse: str, login: str, words: str) -> None:
    async with proxy(kind, refuse=refuse, login=login) as way:
        given = Proxy(kind, way.port)
        api = api_by(given)
        with pytest.raises(Unreachable, match=words) as first:
            await api.version()
        with pytest.raises(Unreachable, match=words):
            await api.exec("a", "b", ["true"])
        assert f"{kind}://127.0.0.1:{way.port}" in str(first.value)
        await api.aclose()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_wrong_password_is_not_in_the_error(kind: str) -> None:
    async with proxy(kind, login="ann:right") as way:
        api = api_by(Proxy(kind, way.port, login="ann:hunter2"))
        with pytest.raises(Unreachable) as refused:
            await api.version()
        assert "hunter2" not in str(refused.value)
        await api.aclose()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_proxy_that_is_not_there_is_named_and_not_taken_for_the_server(kind: str) -> None:
    async with proxy(kind) as way:
        gone = Proxy(kind, way.port)
    api = api_by(gone)
    with pytest.raises(Unreachable, match="the proxy cannot be reached; check proxy-url or https_proxy"):
        await api.version()
    await api.aclose()


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_no_proxy_is_said(kind: str) -> None:
    async def banner(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.test ESMTP\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(banner, "127.0.0.1", 0) as server:
        api = api_by(Proxy(kind, server.sockets[0].getsockname()[1]))
        with pytest.raises(Unreachable, match=r"does not answer as a|ended the connection|cut by the other side"):
            await api.version()
        await api.aclose()


def test_a_kind_of_proxy_that_is_not_spoken_names_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = """
apiVersion: v1
kind: Config
current-context: a
clusters: [{name: c, cluster: {server: "https://api.far.test:6443"%s}}]
users: [{name: u, user: {token: t}}]
contexts: [{name: a, context: {cluster: c, user: u}}]
"""
    file = write(tmp_path / "config", text % ', proxy-url: "socks4://10.0.0.9:1080"')
    settings = Settings(kubeconfig=(str(file),))
    with pytest.raises(ConfigError, match=r"context a, proxy-url.*socks4://10.0.0.9.*socks5.*ssh -L"):
        contexts.discover(settings)
    write(file, text % "")
    assert len(contexts.discover(settings)) == 1
    monkeypatch.setenv("HTTPS_PROXY", "quic://10.0.0.9")
    with pytest.raises(ConfigError, match="https_proxy"):
        contexts.discover(settings)
