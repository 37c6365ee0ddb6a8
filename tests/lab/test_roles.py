"""The printed roles on the real API server: an operator drains and rejoins with nothing else, a viewer sees all."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from plugins.kubernetes.panes import PANES
from tests.lab.lab import Lab
from tests.lab.movable import NODE, SPACE, movable, on_node
from tests.lab.world import credentials
from tests.terminal import PILOTHOUSE

pytestmark = pytest.mark.lab
PARTS = "app.kubernetes.io/part-of=pilothouse"
NEEDS_MORE = {"tokens": "no right to list secrets"}


@dataclass(frozen=True)
class Person:
    """A user of the API server who has what was printed for one role, and nothing else."""

    lab: Lab
    kubeconfig: Path

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        done = self.lab.run([PILOTHOUSE, "--kubeconfig", str(self.kubeconfig), *words])
        assert "Traceback" not in done.stdout + done.stderr
        return done


def person(lab: Lab, folder: Path, role: str) -> Person:
    name = f"the-{role}"
    if not (lab.place.pki / f"{name}.crt").exists():
        credentials.certificate(lab.place.pki, name, f"/CN={name}")
    content = json.loads(lab.kubeconfig.read_text())
    identity = {"client-certificate": f"{lab.place.pki / name}.crt", "client-key": f"{lab.place.pki / name}.key"}
    content["users"][0]["user"] = identity
    file = folder / f"{name}.kubeconfig"
    file.touch(mode=0o600)
    file.write_text(json.dumps(content))
    printed = lab.run([PILOTHOUSE, "setup", "--print", f"--{role}", "--user", name])
    assert printed.returncode == 0, printed.stderr
    lab.kubectl("apply", "-f", "-", text=printed.stdout)
    return Person(lab, file)


@pytest.fixture
def granting(fresh_lab: Lab) -> Iterator[Lab]:
    """The lab, and the roles removed as the printed text says."""
    yield fresh_lab
    kinds = "clusterrolebinding,clusterrole,rolebinding,role"
    fresh_lab.kubectl("delete", kinds, "-A", "-l", PARTS)
    assert fresh_lab.kubectl("get", kinds, "-A", "-l", PARTS, "-o", "name") == ""


def test_an_operator_drains_and_rejoins(granting: Lab, tmp_path: Path) -> None:
    ann = person(granting, tmp_path, "operator")
    doctor = ann.run("doctor", "-o", "json")
    lines = {line["topic"]: line for line in json.loads(doctor.stdout)["checks"]}
    assert doctor.returncode == 0, doctor.stdout
    assert [lines[topic]["found"] for topic in ("API server", "clock", "leases", "rights: drain and rejoin")] == [
        "ok"
    ] * 4
    assert lines["rights: shell and port-forward"]["found"] == "missing"
    with granting.api() as api, movable(api, 4):
        before = len(granting.audit())
        drained = ann.run("drain", NODE, "--reason", "test", "--yes", "--decide", "outage")
        assert drained.returncode == 0, drained.stdout + drained.stderr
        assert on_node(api) == set()
        rejoined = ann.run("rejoin", NODE, "--reason", "test", "--yes")
        assert rejoined.returncode == 0, rejoined.stdout + rejoined.stderr
    did = [json.dumps(event) for event in granting.audit()[before:] if "the-operator" in json.dumps(event.get("user"))]
    assert any('"eviction"' in event for event in did)
    assert [event for event in did if '"code": 403' in event] == []
    assert ann.run("audit").stdout.count("the-operator") > 1


def test_a_viewer_opens_every_pane_and_changes_nothing(granting: Lab, tmp_path: Path) -> None:
    bob = person(granting, tmp_path, "viewer")
    for name in [*(pane.name for pane in PANES), "runs", "audit"]:
        done = bob.run("get", name, "-o", "json")
        if name in NEEDS_MORE:
            assert NEEDS_MORE[name] in done.stderr
        else:
            assert (done.returncode, done.stderr) == (0, ""), f"{name}: {done.stderr}"
    doctor = bob.run("doctor")
    assert doctor.returncode == 1
    assert "setup --print --operator" in doctor.stdout
    assert bob.run("doctor", "--read-only").returncode == 0
    before = len(granting.audit())
    with granting.api() as api, movable(api, 2):
        refused = bob.run("drain", NODE, "--reason", "test", "--yes", "--decide", "outage")
        assert refused.returncode == 4
        assert "you may not drain" in refused.stderr
        assert "patch nodes" in refused.stderr
        assert "kind: ClusterRole" in refused.stderr
        granting.kubectl("delete", "namespace", SPACE)  # before its node: whose node is gone waits long
    changes = [event for event in granting.audit()[before:] if "the-viewer" in json.dumps(event.get("user"))]
    assert [event for event in changes if "reviews" not in json.dumps(event.get("objectRef"))] == []
