"""Join lines against a real cluster: a real `kubeadm join` believes ours, and no longer once its token is deleted."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.lab.lab import Lab
from tests.lab.world import binaries

pytestmark = pytest.mark.lab

PATIENCE = "20"
"""Seconds for a discovery; a good one takes one."""


@dataclass(frozen=True, slots=True)
class Line:
    """A join line and the token in it."""

    words: tuple[str, ...]
    id: str
    secret: str

    def changed(self, old: str, new: str) -> tuple[str, ...]:
        return tuple(word.replace(old, new) for word in self.words)


def token(lab: Lab, *words: str) -> subprocess.CompletedProcess[str]:
    """The command as a person has it."""
    return lab.run([sys.executable, "-m", "console", "token", *words, "--kubeconfig", str(lab.kubeconfig)])


def listed(lab: Lab) -> dict[str, Any]:
    return {one["id"]: one for one in json.loads(token(lab, "list", "-o", "json").stdout)}


def discover(lab: Lab, words: tuple[str, ...]) -> tuple[int, str]:
    """The preflight phase of a join: discovery as it is, then what the cluster says about itself to this token."""
    phase = [str(binaries.PLANE), "kubeadm", "join", "phase", "preflight", *words[2:]]
    # What may heal, such as a missing signature, kubeadm tries for five minutes: we have seen enough before.
    done = lab.run(["timeout", PATIENCE, *phase, "--ignore-preflight-errors=all", "--node-name=another", "-v=1"])
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def line(lab: Lab) -> Iterator[Line]:
    made = token(lab, "create", "--ttl", "10m", "--print-join-command", "-o", "json")
    assert made.returncode == 0, made.stderr
    told = json.loads(made.stdout)
    name, _, secret = told["token"].partition(".")
    yield Line(tuple(told["joinCommand"].split()), name, secret)
    lab.run(["kubectl", "-n", "kube-system", "delete", "secret", f"bootstrap-token-{name}", "--ignore-not-found"])


def test_kubeadm_believes_our_line_and_no_longer_when_the_token_is_deleted(lab: Lab, line: Line) -> None:
    assert line.words[:2] == ("kubeadm", "join")
    code, said = discover(lab, line.words)
    assert code == 0, said
    assert "validates against pinned roots" in said or "Cluster info signature and contents are valid" in said, said
    assert line.id in listed(lab)

    assert token(lab, "delete", line.id).returncode == 0
    assert line.id not in listed(lab)
    code, said = discover(lab, line.words)
    assert code != 0, said
    assert f'could not find a JWS signature in the cluster-info ConfigMap for token ID "{line.id}"' in said


def test_kubeadm_refuses_a_line_with_another_authority_or_secret(lab: Lab, line: Line) -> None:
    """So that the test above can fail: discovery is really done."""
    pin = line.words[-1]
    code, said = discover(lab, line.changed(pin, "sha256:" + "0" * 64))
    assert code != 0
    assert "pinned roots" in said or "public key" in said, said
    code, said = discover(lab, line.changed(line.secret, "0" * 16))
    assert code != 0, said
    assert "failed to verify JWS signature" in said, said


def test_what_is_printed_agrees_with_what_kubeadm_itself_would_print(lab: Lab, line: Line) -> None:
    """The hash is compared with openssl's, which is how it is done by hand."""
    pki = lab.place.pki / "ca.crt"
    key = lab.run(["sh", "-c", f"openssl x509 -pubkey -noout -in {pki} | openssl pkey -pubin -outform der | sha256sum"])
    assert line.words[-1] == f"sha256:{key.stdout.split()[0]}"
    assert line.words[2] == lab.place.server.removeprefix("https://")


def test_no_secret_reaches_the_audit_log_of_the_server_or_ours(lab: Lab, line: Line) -> None:
    assert line.secret not in json.dumps(lab.audit())
    assert line.secret not in lab.kubectl("-n", "pilothouse", "get", "configmaps", "-o", "json")


def test_who_may_not_read_secrets_is_told_which_right_is_missing(lab: Lab) -> None:
    done = lab.run([sys.executable, "-m", "console", "token", "list", "--kubeconfig", str(lab.viewer_kubeconfig)])
    assert done.returncode == 1
    assert "no right to list secrets in namespace kube-system" in done.stderr
    done = lab.run([sys.executable, "-m", "console", "token", "create", "--kubeconfig", str(lab.viewer_kubeconfig)])
    assert done.returncode == 4
    assert "missing: create secrets" in done.stderr
    assert done.stdout == ""
