"""The example of docs/plugins.md is installed as anybody would, and works without a line changed elsewhere."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: nowhere
clusters: [{name: nowhere, cluster: {server: "http://127.0.0.1:9"}}]
users: [{name: nobody, user: {}}]
contexts: [{name: nowhere, context: {cluster: nowhere, user: nobody}}]
"""


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    uv = shutil.which("uv")
    assert uv, "uv runs the tests, so it is there"
    source = shutil.copytree(ROOT / "docs/example-plugin", tmp_path / "source")
    target = tmp_path / "installed"
    command = [uv, "pip", "install", "--quiet", "--python", sys.executable, "--offline", "--no-config"]
    command += ["--no-deps", "--no-build-isolation", "--target", str(target), str(source)]
    subprocess.run(command, check=True, cwd=tmp_path)
    return target


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def pilothouse(installed: Path, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": str(installed), "KUBECONFIG": str(home / "kubeconfig")}
    (home / "kubeconfig").write_text(KUBECONFIG, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-m", "console", *arguments],
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_its_pane_shows_an_open_and_a_closed_port(installed: Path, home: Path, port: int) -> None:
    config = home / "config/pilothouse/config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(f'[plugins.ports]\ntargets = ["127.0.0.1:{port}", "127.0.0.1:1"]\n', encoding="utf-8")
    done = pilothouse(installed, home, "get", "ports", "-o", "json")
    assert done.returncode == 0, done.stderr
    states = {row["key"]: row["state"] for row in json.loads(done.stdout)}
    assert states == {f"127.0.0.1:{port}": "open", "127.0.0.1:1": "closed"}


def test_a_wrong_setting_is_named(installed: Path, home: Path) -> None:
    config = home / "config/pilothouse/config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('[plugins.ports]\ntargets = ["nothing"]\n', encoding="utf-8")
    done = pilothouse(installed, home, "get", "ports")
    assert done.returncode == 2
    assert "target 'nothing' is not host:port" in done.stderr
