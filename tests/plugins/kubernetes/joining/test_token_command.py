"""`pilothouse token` on the simulated cluster: what is printed, what is recorded, and where no secret is."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from console.cli import run, token
from console.cli.arguments import parser
from console.errors import NotFound, Refused, SourceError, UsageError
from plugins.kubernetes.simulator import LiveClock, Simulator, serve
from plugins.kubernetes.simulator.kinds import CONFIG_MAPS, SECRETS

PIN = "sha256:27f02a86f30397a767db4b2df87669efc520f649d60ff82be776dd62553aa534"


@pytest.fixture
async def simulator(tmp_path: Path) -> AsyncGenerator[Simulator]:
    made = await serve(tmp_path, clock=LiveClock(speed=50))
    yield made
    await made.close()
    assert made.world.unexpected == []


async def ask(simulator: Simulator, *words: str) -> int:
    """The command as it is typed, but in this loop, where the simulator answers."""
    arguments = parser().parse_args(["token", *words, "--kubeconfig", str(simulator.kubeconfig)])
    return await token.token(arguments)


def everything_below(home: Path) -> str:
    return "".join(path.read_text(errors="replace") for path in home.rglob("*") if path.is_file())


def secret_of(simulator: Simulator, one: str) -> str:
    held = simulator.world.store.get(SECRETS, f"kube-system/bootstrap-token-{one}")
    assert held is not None
    return base64.b64decode(held.body["data"]["token-secret"]).decode()


async def test_a_token_is_made_with_its_join_line_and_deleted(
    simulator: Simulator, capsys: pytest.CaptureFixture[str], home: Path
) -> None:
    assert await ask(simulator, "create", "--ttl", "30m", "--print-join-command", "-o", "json") == 0
    told = json.loads(capsys.readouterr().out)
    secret = secret_of(simulator, told["id"])
    assert told["token"] == f"{told['id']}.{secret}"
    pinned = f"--discovery-token-ca-cert-hash {PIN}"
    assert told["joinCommand"] == f"kubeadm join cluster-endpoint:6443 --token {told['token']} {pinned}"

    records = (home / "state" / "pilothouse" / "audit.jsonl").read_text().splitlines()
    assert [json.loads(line)["action"] for line in records] == ["create token", "create token"]
    assert told["id"] in records[-1]
    assert secret not in everything_below(home)
    shared = simulator.world.store.get(CONFIG_MAPS, "pilothouse/audit")
    assert shared is not None
    assert told["id"] in shared.body["data"]["entries"]
    assert secret not in json.dumps(shared.body)

    assert await ask(simulator, "list", "-o", "json") == 0
    listed = capsys.readouterr().out
    assert {one["id"]: one["expires"] is None for one in json.loads(listed)} == {
        "forevr": True,
        "labday": False,
        told["id"]: False,
    }
    assert secret not in listed

    assert await ask(simulator, "delete", told["id"]) == 0
    assert capsys.readouterr().out == f"token {told['id']} is deleted\n"
    assert simulator.world.store.get(SECRETS, f"kube-system/bootstrap-token-{told['id']}") is None
    with pytest.raises(NotFound):
        await ask(simulator, "delete", told["id"])


async def test_text_is_the_token_alone_and_the_talk_goes_to_stderr(
    simulator: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await ask(simulator, "create") == 0
    said = capsys.readouterr()
    one, _, secret = said.out.strip().partition(".")
    assert secret == secret_of(simulator, one)
    assert f"pilothouse token delete {one}" in said.err
    assert secret not in said.err
    assert await ask(simulator, "list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["ID", "TTL", "EXPIRES", "USAGES", "GROUPS", "DESCRIPTION"]
    assert next(line for line in lines if line.startswith("forevr")).split()[1:3] == ["never", "ends"]


async def test_a_token_that_nobody_could_join_with_is_not_left_behind(
    simulator: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    simulator.world.store.remove(CONFIG_MAPS, "kube-public/cluster-info")
    before = {key for key in simulator.world.store.keys(SECRETS) if "bootstrap-token" in key}
    with pytest.raises(SourceError, match="cannot discover the cluster"):
        await ask(simulator, "create", "--print-join-command")
    said = capsys.readouterr()
    assert said.out == ""
    assert "was deleted again" in said.err
    assert {key for key in simulator.world.store.keys(SECRETS) if "bootstrap-token" in key} == before


async def test_read_only_and_production_are_the_gate_s(simulator: Simulator, home: Path) -> None:
    before = set(simulator.world.store.keys(SECRETS))
    with pytest.raises(Refused, match="read-only"):
        await ask(simulator, "create", "--read-only")
    config = home / "config" / "pilothouse" / "config.toml"
    config.parent.mkdir(parents=True)
    await asyncio.to_thread(config.write_text, 'production = ["*"]\n')
    with pytest.raises(Refused, match="needs its name typed: this is production"):
        await ask(simulator, "create")
    assert set(simulator.world.store.keys(SECRETS)) == before


@pytest.mark.parametrize("text", ["0", "2", "30s", "8d", "soon", "-1h"])
def test_a_ttl_that_is_none_is_a_matter_of_usage(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["token", "create", f"--ttl={text}"]) == 2
    assert "token" in capsys.readouterr().err


def test_times_to_live() -> None:
    assert token.seconds("2h") == 7200
    assert token.seconds("1d12h") == 129_600
    with pytest.raises(UsageError, match="standing credential"):
        token.seconds("0")
