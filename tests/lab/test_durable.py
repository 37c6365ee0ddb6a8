"""A drain on the real API server whose runner is killed, taken over by another user on another control node."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from plugins.kubernetes.client.answers import read_status
from plugins.kubernetes.client.evicting import Outcome, judge
from tests.lab import movable
from tests.lab.lab import Lab
from tests.lab.world import credentials
from tests.terminal import PILOTHOUSE

pytestmark = pytest.mark.lab
PODS = 12
AT_ONCE = 1
USER = "colleague"


@pytest.fixture
def crowded(fresh_lab: Lab) -> Iterator[Lab]:
    """A node with movable pods, of which a budget lets a few go at a time."""
    rule = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "stateless", "namespace": movable.SPACE},
        "spec": {"maxUnavailable": AT_ONCE, "selector": {"matchLabels": {"app": "stateless"}}},
    }
    with fresh_lab.api() as api, movable.movable(api, PODS):
        api.apply(rule)
        yield fresh_lab


class Desk:
    """A control node: its own state on disk, its own user of the API server."""

    def __init__(self, lab: Lab, kubeconfig: Path, state: Path) -> None:
        self.env = {**os.environ, "KUBECONFIG": str(kubeconfig), "XDG_STATE_HOME": str(state)}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run([PILOTHOUSE, *words], capture_output=True, text=True, env=self.env, check=False)
        assert "Traceback" not in done.stdout + done.stderr
        return done

    def show(self, run: str) -> dict[str, Any]:
        done = self.run("runs", "show", run, "-o", "json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


def second_user(lab: Lab, folder: Path) -> Path:
    """The kubeconfig of another user with all rights."""
    if not (lab.place.pki / f"{USER}.crt").exists():
        credentials.certificate(lab.place.pki, USER, f"/O=system:masters/CN={USER}")
    content = json.loads(lab.kubeconfig.read_text())
    pki = lab.place.pki
    content["users"][0]["user"] = {"client-certificate": f"{pki / USER}.crt", "client-key": f"{pki / USER}.key"}
    file = folder / "colleague.kubeconfig"
    file.touch(mode=0o600)
    file.write_text(json.dumps(content))
    return file


def evictions(lab: Lab) -> list[tuple[str, str]]:
    """Who evicted which of the movable pods, as the server granted it."""
    found: list[tuple[str, str]] = []
    for event in lab.audit():
        about = cast("dict[str, Any]", event.get("objectRef") or {})
        answer = cast("dict[str, Any]", event.get("responseStatus") or {})
        who = cast("dict[str, Any]", event.get("user") or {})
        mine = about.get("namespace") == movable.SPACE and about.get("subresource") == "eviction"
        if mine and answer.get("code") == 201:
            found.append((str(who["username"]), str(about["name"])))
    return found


def begun(desk: Desk) -> str:
    done = desk.run(
        "drain", movable.NODE, "--reason", "new disks", "--yes", "--detach", "-o", "json", "--decide", "outage"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)["run"]


def working(lab: Lab, run: str) -> int:
    """The process that works on a run, once it has sent its first eviction; read from the journal itself."""
    deadline = time.monotonic() + 60
    with lab.api() as api:
        while True:
            _, found = api.call("GET", f"/api/v1/namespaces/pilothouse/configmaps/run-{run}")
            journal: str = found.get("data", {}).get("journal", "")
            pid = re.search(r" pid (\d+) ", journal)
            if pid is not None and '"evidence":"evicted"' in journal:
                return int(pid[1])
            assert time.monotonic() < deadline, journal
            time.sleep(0.05)


def test_a_killed_runner_is_followed_by_another_user_and_nothing_is_evicted_twice(crowded: Lab, tmp_path: Path) -> None:
    first = Desk(crowded, crowded.kubeconfig, tmp_path / "one")
    second = Desk(crowded, second_user(crowded, tmp_path), tmp_path / "two")
    before = {name for _, name in evictions(crowded)}
    with crowded.api() as api:
        pods = movable.on_node(api)
    assert len(pods) == PODS
    run = begun(first)
    os.kill(working(crowded, run), signal.SIGKILL)
    left = [step["status"] for step in second.show(run)["steps"] if step["kind"] == "evict"]
    assert left.count("done") < PODS

    done = second.run("runs", "resume", run)
    assert done.returncode == 0, done.stdout + done.stderr
    now = second.show(run)
    assert (now["status"], now["fencing"]) == ("done", 2)
    with crowded.api() as api:
        assert movable.on_node(api) == set()
    time.sleep(1.5)  # the audit log is written up to a second late
    mine = [(who, name) for who, name in evictions(crowded) if name not in before]
    assert Counter(name for _, name in mine) == Counter(pods)
    assert {who for who, _ in mine} == {"admin", USER}

    back = second.run("rejoin", movable.NODE, "--reason", "new disks are in", "--yes")
    assert back.returncode == 0, back.stdout + back.stderr
    assert crowded.kubectl("get", "node", movable.NODE, "-o", "jsonpath={.spec.unschedulable}") == ""


SPACE = "refusals"
_FREE = {"metadata": {"finalizers": None}}
RULE = "pilothouse-freeze"


@pytest.fixture
def refusing(fresh_lab: Lab) -> Iterator[Lab]:
    """A namespace with one pod, and a webhook and a policy that refuse its eviction where its label says so."""
    yield fresh_lab
    fresh_lab.kubectl("delete", "validatingwebhookconfiguration", RULE, "--ignore-not-found")
    fresh_lab.kubectl(
        "delete", "validatingadmissionpolicy,validatingadmissionpolicybinding", RULE, "--ignore-not-found"
    )
    fresh_lab.kubectl("delete", "namespace", SPACE, "--ignore-not-found", "--wait=false")
    with fresh_lab.api() as api:
        api.call("PATCH", f"/api/v1/namespaces/{SPACE}/pods/one", _FREE, kind="application/merge-patch+json")


def webhook() -> dict[str, Any]:
    """A webhook for evictions whose backend is not there."""
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods/eviction"]}
    hook = {
        "name": "freeze.example.com",
        "rules": [rule],
        "clientConfig": {"service": {"namespace": SPACE, "name": "nobody", "path": "/"}},
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": SPACE}},
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "failurePolicy": "Fail",
        "timeoutSeconds": 2,
    }
    kind = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration"}
    return {**kind, "metadata": {"name": RULE}, "webhooks": [hook]}


def policy() -> list[dict[str, Any]]:
    """A policy that denies every eviction in the namespace."""
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods/eviction"]}
    mine = {"matchLabels": {"kubernetes.io/metadata.name": SPACE}}
    version = {"apiVersion": "admissionregistration.k8s.io/v1", "metadata": {"name": RULE}}
    said = {
        "failurePolicy": "Fail",
        "matchConstraints": {"resourceRules": [rule]},
        "validations": [{"expression": "false", "message": "frozen until Monday"}],
    }
    bound = {"policyName": RULE, "validationActions": ["Deny"], "matchResources": {"namespaceSelector": mine}}
    return [
        {**version, "kind": "ValidatingAdmissionPolicy", "spec": said},
        {**version, "kind": "ValidatingAdmissionPolicyBinding", "spec": bound},
    ]


def test_what_the_server_says_of_webhooks_policies_and_namespaces_that_end_is_understood(refusing: Lab) -> None:
    place = f"/api/v1/namespaces/{SPACE}/pods"
    box = {"name": "main", "image": "example/app:1"}
    meta = {"name": "one", "namespace": SPACE}
    eviction: dict[str, Any] = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": meta}

    with refusing.api() as api:

        def meant() -> Outcome | None:
            code, answer = api.call("POST", f"{place}/one/eviction", eviction)
            said = judge(code, read_status(json.dumps(answer).encode()), {})
            return said.outcome if said else None

        def becomes(wanted: Outcome) -> None:
            """Admission learns of its rules a moment later; until then the dry run is accepted or refused otherwise."""
            deadline = time.monotonic() + 30
            while meant() is not wanted:
                assert time.monotonic() < deadline, api.call("POST", f"{place}/one/eviction", eviction)
                time.sleep(0.2)

        api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}})
        held = {**meta, "finalizers": ["example.com/hold"]}
        spec = {"containers": [box], "nodeName": "k8s-node1", "automountServiceAccountToken": False}
        api.apply({"apiVersion": "v1", "kind": "Pod", "metadata": held, "spec": spec})
        eviction["deleteOptions"] = {"dryRun": ["All"]}
        api.apply(webhook())
        becomes(Outcome.WEBHOOK_DOWN)
        refusing.kubectl("delete", "validatingwebhookconfiguration", RULE)
        for item in policy():
            refusing.kubectl("apply", "-f", "-", text=json.dumps(item))
        becomes(Outcome.DENIED)
        refusing.kubectl("delete", "validatingadmissionpolicybinding", RULE)
        refusing.kubectl("delete", "namespace", SPACE, "--wait=false")
        becomes(Outcome.TERMINATING)
