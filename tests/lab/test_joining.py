"""Join lines against a real cluster: a real `kubeadm join` believes ours, and no longer once its token is deleted."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.lab.lab import Lab
from tests.lab.world import binaries
from tests.lab.world.credentials import certificate
from tests.lab.world.topology import node

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


NODE = "join-me"
TAINT = {"key": "dedicated", "value": "joining", "effect": "NoSchedule"}
WITHIN = 60.0


def until(what: Callable[[], Any]) -> Any:
    """Something that becomes true on the lab."""
    deadline = time.monotonic() + WITHIN
    while not (found := what()):
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.5)
    return found


def machine() -> dict[str, Any]:
    made = node(NODE, "10.9.200.1", "", [TAINT])
    made["metadata"]["labels"]["example.com/disk"] = "nvme"
    return made


def console(lab: Lab, *words: str) -> subprocess.CompletedProcess[str]:
    return lab.run([sys.executable, "-m", "console", *words, "--kubeconfig", str(lab.kubeconfig)])


def shown(lab: Lab, run: str) -> dict[str, Any]:
    return json.loads(console(lab, "runs", "show", run, "-o", "json").stdout)


def step(told: dict[str, Any], kind: str) -> dict[str, Any]:
    return next(one for one in told["steps"] if one["kind"] == kind)


def ask_to_join(lab: Lab, line: Line) -> None:
    """What the kubelet sends after discovery: a request for its certificate, with nothing but the token."""
    certificate(lab.place.pki, NODE, f"/O=system:nodes/CN=system:node:{NODE}")
    request = base64.b64encode((lab.place.pki / f"{NODE}.csr").read_bytes()).decode()
    signer = "kubernetes.io/kube-apiserver-client-kubelet"
    spec = {"request": request, "signerName": signer, "usages": ["digital signature", "client auth"]}
    kind = {"apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest"}
    item = json.dumps({**kind, "metadata": {"name": f"csr-{line.id}"}, "spec": spec})
    server = [f"--server={lab.place.server}", f"--certificate-authority={lab.place.pki / 'ca.crt'}"]
    words = ["kubectl", "--kubeconfig=/dev/null", *server, f"--token={line.id}.{line.secret}", "create", "-f", "-"]
    done = lab.run(words, text=item)
    assert done.returncode == 0, done.stderr


def test_a_node_that_was_reset_rejoins_by_a_line_that_kubeadm_believes(fresh_lab: Lab) -> None:
    lab = fresh_lab
    with lab.api() as api:
        api.apply(machine())
        ready = "jsonpath={.status.conditions[?(@.type=='Ready')].status}"
        until(lambda: "True" in lab.kubectl("get", "node", NODE, "-o", ready))
        old = lab.kubectl("get", "node", NODE, "-o", "jsonpath={.metadata.uid}")
        begun = console(
            lab, "rejoin", NODE, "--way", "reset", "--reason", "reset", "--name", NODE, "--detach", "-o", "json"
        )
        assert begun.returncode == 0, begun.stderr
        run = json.loads(begun.stdout)["run"]
        until(lambda: "systemctl stop kubelet" in step(shown(lab, run), "silent")["waits"])

        lab.kubectl("annotate", "node", NODE, "lab/down=yes")  # the kubelet is stopped
        told = until(lambda: (now := shown(lab, run)) and "kubeadm join" in str(now.get("instructions")) and now)
        words = told["instructions"][step(told, "join")["id"]].splitlines()[-1].split()
        name, _, secret = words[words.index("--token") + 1].partition(".")
        line = Line(tuple(words), name, secret)
        code, said = discover(lab, line.words)
        assert code == 0, said
        assert lab.run(["kubectl", "get", "node", NODE]).returncode != 0, "the old Node is deleted before the join"

        ask_to_join(lab, line)
        until(lambda: "waits for its Node to appear" in step(shown(lab, run), "join")["waits"])
        fresh = machine()
        del fresh["metadata"]["labels"]["example.com/disk"]
        fresh["spec"].pop("taints", None)
        api.apply(fresh)
        until(lambda: step(shown(lab, run), "identity")["status"] == "done")
        lab.kubectl("annotate", "node", NODE, "lab/down-")  # it was restored with all others
        ended = until(lambda: (now := shown(lab, run))["ended"] and now)
    assert ended["status"] == "done", ended
    assert step(ended, "join")["evidence"] == f"{NODE} has joined by csr-{line.id}"
    back = json.loads(lab.kubectl("get", "node", NODE, "-o", "json"))
    assert back["metadata"]["uid"] != old
    assert back["metadata"]["labels"]["example.com/disk"] == "nvme"
    assert [(one["key"], one["value"]) for one in back["spec"]["taints"]] == [("dedicated", "joining")]
    assert "unschedulable" not in back["spec"]
    assert line.id not in listed(lab)
    assert line.secret not in lab.kubectl("-n", "pilothouse", "get", "configmaps", "-o", "json")
    assert line.secret not in json.dumps(lab.audit())
