"""What `doctor` finds of a cluster, on the simulated one: for an administrator, a viewer, and without an answer."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from console import runtime
from console.cli import doctor
from console.cli.arguments import parser
from plugins import kubernetes
from plugins.kubernetes.doctor import examine
from plugins.kubernetes.simulator import LiveClock, Simulator, serve
from plugins.kubernetes.simulator.access import VIEWER, view_of
from plugins.kubernetes.simulator.kinds import LEASES, NAMESPACES
from tests.clock import FakeClock
from tests.plugins.kubernetes.client.parts import api_for
from tests.plugins.kubernetes.client.server import Call
from tests.plugins.kubernetes.client.server import serve as serve_script

Line = dict[str, Any]


@pytest.fixture(autouse=True)
def only_the_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    """The systems on it have doctors of their own, and nobody plays their servers here."""
    monkeypatch.setattr(runtime, "discover", lambda: [kubernetes.PLUGIN])


@pytest.fixture
async def simulator(tmp_path: Path) -> AsyncGenerator[Simulator]:
    made = await serve(tmp_path, clock=LiveClock())
    yield made
    await made.close()
    assert made.world.unexpected == []


async def ask(
    simulator: Simulator, capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[int, dict[str, Line], str]:
    """The exit code, the lines by topic, and the same as text."""
    typed = ["doctor", "--kubeconfig", str(simulator.kubeconfig), *words]
    code = await doctor.doctor(parser().parse_args([*typed, "-o", "json"]))
    told = json.loads(capsys.readouterr().out)
    assert await doctor.doctor(parser().parse_args(typed)) == code == told["exit"]
    return code, {line["topic"]: line for line in told["checks"]}, capsys.readouterr().out


async def test_an_administrator_has_all(simulator: Simulator, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines, text = await ask(simulator, capsys)
    assert code == 0, text
    topics = ("API server", "identity", "namespace", "leases", "rights: drain and rejoin", "metrics API")
    assert {topic: lines[topic]["found"] for topic in topics} == dict.fromkeys(topics, "ok")
    assert lines["API server"]["text"].endswith("Kubernetes 1.35")
    assert "kubernetes-admin" in lines["identity"]["text"]
    assert lines["kubelet summary"]["found"] == "ok"
    assert "nothing that is needed is missing" in text


async def test_a_viewer_of_two_namespaces_is_told_what_is_missing_and_how_it_is_granted(
    simulator: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    simulator.rights.tokens[simulator.token] = VIEWER
    simulator.rights.rules[VIEWER.groups[0]] = view_of("kafka", "redis")
    code, lines, text = await ask(simulator, capsys)
    assert code == 1
    assert lines["rights: look"]["text"].startswith("you may not get nodes, list nodes, watch nodes")
    assert "setup --print --operator" in lines["rights: drain and rejoin"]["next"]
    assert lines["leases"]["found"] == "missing"
    assert "missing  rights: shell and port-forward" in text
    code, lines, _ = await ask(simulator, capsys, "--read-only")
    assert code == 1, "who may not look at nodes sees little"


async def test_nothing_is_written(simulator: Simulator, capsys: pytest.CaptureFixture[str]) -> None:
    store = simulator.world.store
    store.remove(NAMESPACES, "pilothouse")
    code, lines, _ = await ask(simulator, capsys)
    assert code == 0
    assert "the first run makes it" in lines["namespace"]["text"]
    assert lines["leases"]["found"] == "unknown"
    assert store.get(NAMESPACES, "pilothouse") is None
    assert store.keys(LEASES, "pilothouse") == []


@pytest.mark.parametrize(
    ("stamp", "words"),
    [
        ("Sat, 21 Nov 2026 12:00:10 GMT", "agree"),
        ("Sat, 21 Nov 2026 12:05:00 GMT", "this host is 5 min behind the API server"),
        ("Sat, 21 Nov 2026 11:00:00 GMT", "this host is 60 min ahead of the API server"),
        ("noon", "does not say what time it is"),
    ],
)
async def test_clocks_that_differ_are_told(stamp: str, words: str) -> None:
    async def script(call: Call) -> None:
        if call.path == "/version":
            await call.reply({"major": "1", "minor": "30", "gitVersion": "v1.30.1"}, headers={"Date": stamp})
        else:
            await call.refuse(404, "nothing here")

    noon = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()
    async with serve_script(script) as server:
        api = api_for(server.url, FakeClock(noon))
        clock = next(check for check in await examine(api) if check.topic == "clock")
        await api.aclose()
    assert words in clock.text


async def test_an_old_server_is_named(simulator: Simulator, capsys: pytest.CaptureFixture[str]) -> None:
    simulator.world.version = "v1.19.0"
    code, lines, _ = await ask(simulator, capsys)
    assert (code, lines["API server"]["found"]) == (1, "missing")
    assert lines["cluster"]["text"] == "nothing else was asked"
    simulator.world.version = "v1.99.0"
    code, lines, _ = await ask(simulator, capsys)
    assert lines["API server"]["found"] == "unknown"


async def test_kubelets_that_are_newer_than_the_server_are_named_and_fail_nobody(
    simulator: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    _, lines, _ = await ask(simulator, capsys)
    assert lines["kubelets"]["found"] == "ok"
    simulator.world.version = "v1.22.3"
    code, lines, _ = await ask(simulator, capsys)
    assert (code, lines["kubelets"]["found"]) == (0, "missing")
    assert "too far from the API server's 1.22: " in lines["kubelets"]["text"]
    assert " and " in lines["kubelets"]["text"]


async def test_a_server_that_is_not_there(simulator: Simulator, capsys: pytest.CaptureFixture[str]) -> None:
    await simulator.close()
    code, lines, _ = await ask(simulator, capsys)
    assert code == 1
    assert "refuse" in lines["API server"]["text"]
