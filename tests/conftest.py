"""What every test gets: a home of its own, no network but loopback, and a clock that it turns itself."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.clock import FakeClock
from tests.lab.fixtures import fresh_lab, lab, running_lab, staged, unjudged

settings.register_profile("steady", deadline=None)  # a busy machine is no failure of an example
settings.load_profile("steady")

__all__ = [
    "fresh_lab",
    "lab",
    "running_lab",
    "staged",
    "unjudged",
]  # fixtures of the lab, also for tests that meet it beside a simulator

# What a developer's shell may set and a test must not see.
_FOREIGN = (
    "KUBECONFIG", "NO_COLOR", "COLORTERM", "SUDO_USER", "SUDO_UID", "LINES", "COLUMNS", "TMUX", "EDITOR", "VISUAL",
    "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT",
)  # fmt: skip
_FOREIGN_PREFIXES = ("PILOTHOUSE_", "TEXTUAL", "SSH_", "XDG_", "HTTP_", "HTTPS_", "ALL_", "NO_PROXY", "LC_")


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder with its XDG folders; nothing of the machine's own configuration is found."""
    folder = tmp_path_factory.mktemp("home")
    for name in list(os.environ):
        if name in _FOREIGN or name.upper().startswith(_FOREIGN_PREFIXES) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(folder))
    for kind in ("CONFIG", "STATE", "CACHE", "DATA"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(folder / kind.lower()))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder / "run"))
    (folder / "run").mkdir(mode=0o700)
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    return folder


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands still until the test moves it."""
    return FakeClock()


class NetworkGuard:
    """Refuses, and remembers, whatever a test sends anywhere but loopback.

    An audit hook cannot be removed, so there is one for the whole session, switched by the fixture below. It is
    remembered beside being refused, because the code under test may rightly take the refusal for a dead server.
    """

    def __init__(self) -> None:
        self.on = False
        self.attempts: list[str] = []
        sys.addaudithook(self._audit)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.on or not event.startswith("socket."):
            return
        if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
            address = arguments[1]
            host = address[0] if address and not isinstance(address, str | bytes) else None  # a path is no network
        elif event == "socket.getaddrinfo":
            host = arguments[0]
        else:
            return
        if isinstance(host, bytes):
            host = host.decode()
        if isinstance(host, str) and not _is_loopback(host):
            self.attempts.append(f"{event} {host}")
            raise PermissionError(f"a test may reach loopback only, not {host}")


def _is_loopback(host: str) -> bool:
    if host in {"", "localhost"}:
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


GUARD = NetworkGuard()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--renew-pictures", action="store_true", help="write the text pictures of screens anew")


def pytest_configure() -> None:
    """Say that the main thread has no event loop: looptime asks for one in plain tests too, and would leave it open."""
    asyncio.set_event_loop(None)


@pytest.fixture(autouse=True)
def _loopback_only(request: pytest.FixtureRequest) -> Iterator[None]:  # pyright: ignore[reportUnusedFunction]
    """Fail a test that reached for the network, but for the lab's: there all addresses are the machine's own."""
    GUARD.attempts.clear()
    GUARD.on = request.node.get_closest_marker("lab") is None
    yield
    GUARD.on = False
    assert not GUARD.attempts, f"a test may reach loopback only: {GUARD.attempts}"
