"""node1 of the reference topology: a ZooKeeper voter and a bookie with local volumes go out with it and come back.

Once headless and once through the real console in a terminal that is killed half-way, whose runner is then killed too
and followed by another one of another user.
"""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.lab.lab import Lab
from tests.lab.test_console import console, on_node, order
from tests.lab.test_durable import Desk, second_user

pytestmark = pytest.mark.lab
NODE, NEXT = "node1", "node2"
WAITERS = ("pulsar-zookeeper", "pulsar-bookie")


def pinned_here(lab: Lab) -> list[str]:
    """Members of ZooKeeper and BookKeeper on the node."""
    items = json.loads(lab.kubectl("-n", "pulsar", "get", "pods", "-o", "json"))["items"]
    return sorted(
        item["metadata"]["name"]
        for item in items
        if item["spec"].get("nodeName") == NODE
        and item["metadata"]["name"].rpartition("-")[0] in WAITERS
        and item["metadata"]["ownerReferences"][0]["kind"] == "StatefulSet"
    )


def pending(lab: Lab, names: list[str]) -> bool:
    items = json.loads(lab.kubectl("-n", "pulsar", "get", "pods", *names, "-o", "json"))["items"]
    return all(item["status"]["phase"] == "Pending" and not item["spec"].get("nodeName") for item in items)


def step(shown: dict[str, Any], kind: str) -> dict[str, Any]:
    return next(each for each in shown["steps"] if each["kind"] == kind)


def decisions(answer: str) -> str:
    """What a plan asks to decide, as `--decide` takes it."""
    return ",".join(dict.fromkeys(each["id"] for each in json.loads(answer)["decisions"]))


def refused_next(desk: Desk, names: list[str]) -> None:
    """The second node is refused, and the reason names the one that is out and the members that wait for it."""
    planned = desk.run("plan", "drain", NEXT, "-o", "json")
    wanted = decisions(planned.stdout)
    refused = desk.run("drain", NEXT, "--reason", "new disks", "--yes", "--decide", wanted, "-o", "json")
    assert refused.returncode == 4, refused.stdout + refused.stderr
    assert f"{NODE} (" in refused.stderr
    for name in names:
        assert f"{name} waits for {NODE}" in refused.stderr


def rejoined(desk: Desk, lab: Lab, names: list[str]) -> None:
    """The node comes back, its members with it, and the report proves it."""
    back = desk.run("rejoin", NODE, "--reason", "new disks are in", "--yes", "-o", "json")
    assert back.returncode == 0, back.stdout + back.stderr
    run = json.loads(back.stdout)
    assert run["status"] == "done"
    assert pinned_here(lab) == names
    lab.settle()
    report = desk.run("runs", "report", run["run"])
    assert report.returncode == 0, report.stderr
    for name in WAITERS:  # budgets may still be counted when the last step is done
        assert f"set pulsar/StatefulSet/{name} | 3/3 ready | 3/3 ready | same" in report.stdout, report.stdout


def test_node1_goes_out_and_comes_back_headless(fresh_lab: Lab, tmp_path: Path) -> None:
    desk = Desk(fresh_lab, fresh_lab.kubeconfig, tmp_path)
    names = pinned_here(fresh_lab)
    assert len(names) == len(WAITERS)
    asked = desk.run("drain", NODE, "--reason", "new disks", "--yes", "-o", "json")
    assert asked.returncode == 3, asked.stderr
    for name in names:
        assert f"{name} stays pending" in asked.stderr

    wanted = decisions(asked.stdout)
    assert {"stays-pending", "unknown-quorum"} <= set(wanted.split(","))
    done = desk.run("drain", NODE, "--reason", "new disks", "--yes", "--decide", wanted, "-o", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    out = json.loads(done.stdout)
    assert all(name in step(out, "verify")["evidence"] for name in names)
    assert pending(fresh_lab, names)
    refused_next(desk, names)
    rejoined(desk, fresh_lab, names)


def test_node1_goes_out_from_the_board_although_terminal_and_runner_are_killed(fresh_lab: Lab, tmp_path: Path) -> None:
    names = pinned_here(fresh_lab)
    colleague = Desk(fresh_lab, second_user(fresh_lab, tmp_path), tmp_path / "colleague")
    fresh_lab.kubectl("-n", "pulsar", "annotate", "pod", names[0], "lab/hang=yes")  # half-way is until this one goes
    with console(fresh_lab) as terminal:
        on_node(terminal, NODE)
        terminal.press("r")
        terminal.until(lambda text: f"plan: drain {NODE}" in text and "DECIDE" in text, 30)
        terminal.press("s")
        taken = 0
        while f"why drain {NODE}?" not in terminal.text:  # one decision after the other, then the reason
            terminal.until(lambda text, taken=taken: f"why drain {NODE}?" in text or text.count("[x]") == taken)
            if f"why drain {NODE}?" not in terminal.text:
                terminal.press("enter")
                taken += 1
        terminal.type("new disks")
        terminal.press("enter")
        terminal.until("agree")
        terminal.press("enter")
        terminal.until(lambda text: "run d-" in text and f"drain {NODE}" in text, 30)
        terminal.kill()
    run = newest(colleague)
    kill_runner(colleague, run)
    fresh_lab.kubectl("-n", "pulsar", "annotate", "pod", names[0], "lab/hang-")
    resumed = colleague.run("runs", "resume", run)
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    shown = colleague.show(run)
    assert (shown["status"], shown["nodes"]) == ("done", [NODE])
    assert pending(fresh_lab, names)
    with console(fresh_lab) as terminal:
        terminal.until("1 node out")
        order(terminal, "stateful /^pulsar-zookeeper|^pulsar-bookie")
        terminal.until(lambda text: f"waits for {NODE}" in text)
    refused_next(colleague, names)
    rejoined(colleague, fresh_lab, names)


def newest(desk: Desk) -> str:
    """The name of the newest run."""
    done = desk.run("runs", "list", "-o", "json")
    assert done.returncode == 0, done.stderr
    return max(json.loads(done.stdout), key=lambda row: row["began"])["run"]


def kill_runner(desk: Desk, run: str) -> None:
    """Kill the process that works on the run, as soon as it is at work."""
    deadline = time.monotonic() + 60
    while True:
        shown = desk.show(run)
        holder = shown["runner"]
        if " pid " in holder:
            os.kill(int(holder.split(" pid ")[1].split()[0]), signal.SIGKILL)
            return
        assert shown["status"] == "running", shown
        assert time.monotonic() < deadline, shown
        time.sleep(0.1)
