"""Bad input on the real API server: every one is told what is wrong and where, changes nothing, and ends soon."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import pytest

from tests.lab.lab import Lab
from tests.terminal import PILOTHOUSE, Terminal

pytestmark = pytest.mark.lab

USAGE, UNKNOWN, FAILED = 2, 5, 1


def asked(lab: Lab, *arguments: str, kubeconfig: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A command that ended, with no traceback whatever it was asked."""
    given = ["--kubeconfig", str(kubeconfig)] if kubeconfig else []
    before = time.monotonic()
    done = lab.run([PILOTHOUSE, *given, *arguments])
    assert "Traceback" not in done.stdout + done.stderr
    assert time.monotonic() - before < 30
    return done


def cordoned(lab: Lab) -> list[str]:
    nodes = json.loads(lab.kubectl("get", "nodes", "-o", "json"))["items"]
    return [node["metadata"]["name"] for node in nodes if node["spec"].get("unschedulable")]


@pytest.fixture
def expired(lab: Lab, tmp_path: Path) -> Path:
    """A kubeconfig with a token that the server does not know any more."""
    content = json.loads(lab.viewer_kubeconfig.read_text())
    content["users"][0]["user"]["token"] = "was good once"
    file = tmp_path / "expired.kubeconfig"
    file.touch(mode=0o600)
    file.write_text(json.dumps(content))
    return file


@pytest.mark.parametrize("command", [("plan", "drain"), ("drain", "--reason", "test", "--yes")])
def test_a_node_that_is_not_there(lab: Lab, command: tuple[str, ...]) -> None:
    done = asked(lab, *command, "nobody")
    assert done.returncode == UNKNOWN
    assert "there is no node nobody" in done.stdout + done.stderr
    assert cordoned(lab) == []


def test_names_that_are_not_there(lab: Lab) -> None:
    done = asked(lab, "get", "nodes", "nobody")
    assert (done.returncode, done.stdout) == (FAILED, "")
    assert "there is no nobody" in done.stderr
    done = asked(lab, "get", "nothings")
    assert done.returncode == USAGE
    assert "there is no pane or kind `nothings`; panes: " in done.stderr
    done = asked(lab, "--context", "nobody", "get", "nodes")
    assert done.returncode == USAGE
    assert "there is no context 'nobody'; choose one by --context: lab" in done.stderr


def test_a_kubeconfig_that_is_none(lab: Lab, tmp_path: Path) -> None:
    file = tmp_path / "kubeconfig"
    file.touch(mode=0o600)
    file.write_text("apiVersion: v1\nclusters: [\n")
    done = asked(lab, "get", "nodes", kubeconfig=file)
    assert done.returncode == USAGE
    assert f"{file}, line 3: the kubeconfig is not YAML" in done.stderr
    done = asked(lab, "get", "nodes", kubeconfig=tmp_path / "none")
    assert done.returncode == USAGE
    assert "there is no such kubeconfig" in done.stderr


def test_a_configuration_with_a_wrong_key(lab: Lab, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("thme = 'dark'\n")
    done = asked(lab, "--config", str(file), "get", "nodes")
    assert done.returncode == USAGE
    assert f"{file}: key `thme` is not known; known keys: " in done.stderr


def test_a_token_that_expired(lab: Lab, expired: Path) -> None:
    done = asked(lab, "get", "nodes", kubeconfig=expired)
    assert (done.returncode, done.stdout) == (UNKNOWN, "")
    assert "does not accept our credentials (401)" in done.stderr
    with Terminal([PILOTHOUSE, "--kubeconfig", str(expired), "--start", "nodes"], env=lab.env) as console:
        console.until("does not accept our credentials", 30)
        assert console.alive


def test_rights_that_are_missing_are_named(lab: Lab) -> None:
    viewer = lab.viewer_kubeconfig
    done = asked(lab, "get", "nodes", kubeconfig=viewer)
    assert done.returncode == UNKNOWN
    assert "no right to list nodes" in done.stderr
    assert asked(lab, "get", "pods", "-o", "name", kubeconfig=viewer).returncode == 0
    before = len(lab.audit())
    done = asked(lab, "drain", "k8s-node1", "--reason", "test", "--yes", kubeconfig=viewer)
    assert done.returncode == UNKNOWN
    assert "no right to list nodes" in done.stderr
    assert cordoned(lab) == []
    events = [event for event in lab.audit()[before:] if "lab-viewer" in str(event.get("user"))]
    changes = [event for event in events if "reviews" not in str(event.get("objectRef"))]
    assert not changes, "it asks what it may do, and no more"


def test_a_viewer_sees_pods_and_is_told_why_not_nodes(lab: Lab) -> None:
    with Terminal([PILOTHOUSE, "--kubeconfig", str(lab.viewer_kubeconfig), "--start", "pods"], env=lab.env) as console:
        console.until(lambda text: "calico-node" in text and "live" in text, 30)
        console.press(":")
        console.type("nodes")
        console.press("enter")
        console.until("no right to list nodes", 30)


def test_an_api_server_that_hangs_costs_no_more_than_the_time_given(lab: Lab) -> None:
    lab.api_freeze()
    done = asked(lab, "get", "nodes", "--timeout", "3")
    lab.api_thaw()
    assert done.returncode == UNKNOWN
    assert "no answer" in done.stderr


def test_read_only_changes_nothing(lab: Lab) -> None:
    done = asked(lab, "--read-only", "drain", "k8s-node1", "--reason", "test", "--yes")
    assert done.returncode != 0
    assert cordoned(lab) == []
