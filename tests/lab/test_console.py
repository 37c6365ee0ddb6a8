"""The real console in a real terminal on the real API server, driven by keys as a person drives it."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from typing import Any, cast

import pytest

from tests.lab.lab import Lab
from tests.terminal import PILOTHOUSE, Terminal

pytestmark = pytest.mark.lab
POOL = {"key": "spare", "effect": "NoSchedule"}


def spare_node(number: int) -> dict[str, Any]:
    name = f"spare-{number}"
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {"kubernetes.io/hostname": name, "pool": "spare"},
            "annotations": {"lab/address": f"10.8.111.{230 + number}"},
        },
        "spec": {"taints": [POOL]},
    }


def movable(replicas: int) -> dict[str, Any]:
    labels = {"app": "movable"}
    container = {"name": "main", "image": "example/app:1", "resources": {"requests": {"cpu": "10m", "memory": "8Mi"}}}
    pod = {
        "nodeSelector": {"pool": "spare"},
        "tolerations": [{"key": "spare", "operator": "Exists"}],
        "terminationGracePeriodSeconds": 5,
        "containers": [container],
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": labels},
            }
        ],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "movable", "namespace": "default", "labels": labels},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


@pytest.fixture
def spare(fresh_lab: Lab) -> Iterator[Lab]:
    """Two nodes whose pods can move, with twelve of them."""
    for number, replicas in ((2, 6), (1, 12)):  # six on the second node, then six on the first
        items = [spare_node(number), movable(replicas)]
        fresh_lab.kubectl("apply", "-f", "-", text=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
        fresh_lab.kubectl("rollout", "status", "deployment/movable", "--timeout=60s")
        fresh_lab.kubectl("cordon", "spare-2")
    fresh_lab.kubectl("uncordon", "spare-2")
    yield fresh_lab
    fresh_lab.kubectl("delete", "deployment/movable", "node/spare-1", "node/spare-2", "--ignore-not-found")


def console(lab: Lab) -> Terminal:
    terminal = Terminal([PILOTHOUSE], env=lab.env, columns=140, lines=40)
    terminal.until("causes", 30)
    return terminal


def order(terminal: Terminal, line: str) -> None:
    terminal.press(":")
    terminal.until("audit  budgets")
    terminal.type(line)
    terminal.press("enter")


def on_node(terminal: Terminal, name: str) -> None:
    """The nodes pane with the cursor on one node."""
    order(terminal, f"nodes /^{name}")
    terminal.until(lambda text: name in text and "nodes (1 of" in text)


def begin(terminal: Terminal, key: str, kind: str, node: str) -> None:
    """From a node: the plan, its start, the reason, the consent, and the board."""
    terminal.press(key)
    terminal.until(lambda text: f"plan: {kind} {node}" in text and "SAFE" in text)
    terminal.press("s")
    terminal.until(f"why {kind} {node}?")
    terminal.type("kernel update")
    terminal.press("enter")
    terminal.until("agree")
    terminal.press("enter")
    terminal.until(lambda text: "run " in text and f"{kind} {node}" in text and "of" in text, 30)


def runs(lab: Lab) -> list[dict[str, Any]]:
    done = lab.run([sys.executable, "-m", "console", "runs", "list", "-o", "json"])
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def ended(lab: Lab, kind: str, within: float = 90.0) -> dict[str, Any]:
    """The newest run of a kind, once it has ended."""
    deadline = time.monotonic() + within
    while True:
        found = [run for run in runs(lab) if run["kind"] == kind]
        if found and found[0]["status"] in {"done", "aborted", "stopped"}:
            return found[0]
        assert time.monotonic() < deadline, found


def cordoned(lab: Lab, node: str) -> bool:
    return lab.kubectl("get", "node", node, "-o", "jsonpath={.spec.unschedulable}").strip() == "true"


def movable_on(lab: Lab, node: str) -> list[str]:
    items = json.loads(lab.kubectl("get", "pods", "-l", "app=movable", "-o", "json"))["items"]
    return [pod["metadata"]["name"] for pod in items if pod["spec"].get("nodeName") == node]


def test_a_node_goes_out_and_comes_back_although_the_console_is_killed_in_between(spare: Lab) -> None:
    assert movable_on(spare, "spare-1")
    with console(spare) as terminal:
        on_node(terminal, "spare-1")
        terminal.until("safe")
        begin(terminal, "r", "drain", "spare-1")
        terminal.kill()
    run = ended(spare, "drain")
    assert (run["status"], run["nodes"]) == ("done", "spare-1")
    assert cordoned(spare, "spare-1")
    assert movable_on(spare, "spare-1") == []
    about: list[dict[str, Any]] = [cast("dict[str, Any]", event.get("objectRef", {})) for event in spare.audit()]
    evicted = [str(each["name"]) for each in about if each.get("subresource") == "eviction"]
    names = [name for name in evicted if name.startswith("movable-")]
    assert names
    assert len(names) == len(set(names)), "no pod was evicted twice"

    with console(spare) as terminal:
        terminal.until("1 node out")
        on_node(terminal, "spare-1")
        begin(terminal, "R", "rejoin", "spare-1")
        terminal.until("ended: done", 90)
    assert ended(spare, "rejoin")["status"] == "done"
    assert not cordoned(spare, "spare-1")


def test_the_reference_nodes_say_why_they_cannot_go_and_a_plan_refuses(lab: Lab) -> None:
    with console(lab) as terminal:
        order(terminal, "nodes")
        terminal.until(lambda text: text.count("unknown  no plugin") >= 3 and "etcd: 0 of 1" in text)
        terminal.until(lambda text: text.count(" after  ") >= 3)
        on_node(terminal, "k8s-node2")
        terminal.press("r")
        terminal.until(lambda text: "plan: drain k8s-node2" in text and "UNKNOWN" in text)
        assert "my-rabbitmq-ha" in terminal.text
        terminal.press("s")
        terminal.until(lambda text: "UNKNOWN" in text and "run d-" not in text)
    assert not cordoned(lab, "k8s-node2")
