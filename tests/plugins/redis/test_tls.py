"""TLS and passwords together: what fits is shown, and what does not says why at every member."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.kubernetes.client.certificates import AUTHORITY, SERVER, SERVER_KEY
from tests.plugins.redis.facts import client_of, group


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """The servers' side; beside it the files that settings name, and two passwords."""
    monkeypatch.setenv("RIGHT", "right")
    monkeypatch.setenv("WRONG", "not-the-password")
    (tmp_path / "server.pem").write_bytes(SERVER + SERVER_KEY)
    (tmp_path / "ca.pem").write_bytes(AUTHORITY)
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(tmp_path / "server.pem")
    return made


@pytest.mark.parametrize(
    ("authority", "keys", "problem"),
    [
        ("ca.pem", {"server_name": "inside.test"}, ""),
        ("", {"tls": True, "verify": False}, ""),
        ("ca.pem", {}, "certificate"),
        ("server.pem", {"server_name": "inside.test"}, "certificate"),
        ("", {"tls": True}, "certificate"),
        ("", {}, "as a port does that wants TLS; try tls = true"),
        ("ca.pem", {"server_name": "inside.test", "password_env": "WRONG"}, "the login is not accepted"),
    ],
    ids=[
        "fits",
        "not verified",
        "another name",
        "another authority",
        "no authority",
        "without TLS",
        "another password",
    ],
)
async def test_tls_and_a_password(
    authority: str, keys: dict[str, Any], problem: str, context: ssl.SSLContext, tmp_path: Path
) -> None:
    files = {"ca_file": str(tmp_path / authority)} if authority else {}
    async with group(context=context) as simulator:
        simulator.world.password = simulator.world.sentinel_password = "right"
        reached: dict[str, Any] = {"password_env": "RIGHT", **files, **keys}
        reached["servers"] = [f"127.0.0.1:{simulator.places[f'redis-{n}'].port}" for n in range(3)]
        async with client_of(simulator, **reached) as client:
            survey = await client.round()
    said = [one.problem for one in (*survey.servers, *survey.sentinels)]
    assert len(said) == 6
    assert all(problem in text if problem else not text for text in said), said
    assert "not-the-password" not in "".join(said)


async def test_tls_to_ports_that_do_not_speak_it(
    context: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert context.verify_mode is ssl.CERT_NONE
    monkeypatch.setenv("REDISCLI_AUTH", "")
    async with group() as simulator:
        reached = {"servers": [f"127.0.0.1:{simulator.places[f'redis-{n}'].port}" for n in range(3)]}
        keys: dict[str, Any] = {
            "ca_file": str(tmp_path / "ca.pem"),
            "server_name": "inside.test",
            "timeout": 2.0,
            **reached,
        }
        async with client_of(simulator, **keys) as client:
            survey = await client.round()
    said = [one.problem for one in (*survey.servers, *survey.sentinels)]
    assert len(said) == 6
    assert all("TLS" in text for text in said), said  # refused, or waited for: by what the hello happens to hold
