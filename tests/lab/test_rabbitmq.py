"""RabbitMQ's panes against its own tools on real servers behind pods, and actions that change them, all headless."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.lab.brokers.staged import Staged
from tests.lab.lab import Lab
from tests.lab.patience import TooEarlyError, until
from tests.terminal import PILOTHOUSE

pytestmark = pytest.mark.lab

Ask = Callable[[str], Staged]
Object = dict[str, Any]


def pane(lab: Lab, name: str) -> list[Object]:
    """The rows of a pane."""
    done = lab.run([PILOTHOUSE, "get", f"rabbitmq.{name}", "-o", "json"])
    if done.returncode:
        raise TooEarlyError(done.stderr)
    return json.loads(done.stdout)


def act(lab: Lab, kind: str, target: str, action: str, *more: str) -> str:
    """What an action said that had to be done."""
    done = lab.run([PILOTHOUSE, "act", f"rabbitmq.{kind}", target, action, "--name", target, *more])
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def ctl(rabbit: Staged, *words: str) -> list[Object]:
    """What rabbitmqctl lists."""
    done = rabbit.tool("rabbit-0", "rabbitmqctl", "-q", *words, "--formatter", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def queue(lab: Lab, name: str) -> Object:
    return next(row for row in pane(lab, "queues") if row["name"] == name)


def whole(lab: Lab, staged: Ask) -> Staged:
    """The cluster once all is as its seed made it, whatever a test before did to members."""
    rabbit = staged("rabbitmq")
    until(lambda: is_whole(lab), "the cluster does not settle")
    return rabbit


def is_whole(lab: Lab) -> bool:
    """Every member runs, and every copy of every queue serves."""
    if [row["state"] for row in pane(lab, "nodes")] != ["running"] * 3:
        return False
    rows = pane(lab, "queues")
    return bool(rows) and all(
        row["leader"] and row["state"] in {"running", "idle"} and not row["missing"]
        and (len(row["members"]) == 3 or row["type"] != "quorum")
        for row in rows
    )  # fmt: skip


def test_members_are_those_that_the_servers_name_with_their_pods_and_nodes(lab: Lab, staged: Ask) -> None:
    rabbit = whole(lab, staged)
    status: Any = ctl(rabbit, "cluster_status")
    running: list[str] = status["running_nodes"]
    rows = {row["name"]: row for row in pane(lab, "nodes")}
    assert sorted(rows) == sorted(running)
    pods = json.loads(lab.kubectl("-n", rabbit.space, "get", "pods", "-o", "json"))["items"]
    nodes = {item["metadata"]["name"]: item["spec"]["nodeName"] for item in pods}
    for name, row in rows.items():
        assert row["state"] == "running"
        assert row["version"] == "3.10.8"
        assert f"@{row['pod']}." in name
        assert row["node"] == nodes[row["pod"]]


def test_queues_policies_users_and_bindings_are_those_of_rabbitmqctl(lab: Lab, staged: Ask) -> None:
    rabbit = whole(lab, staged)
    told = {
        row["name"]: row
        for vhost in ("/", "shop")
        for row in ctl(rabbit, "list_queues", "-p", vhost, "name", "type", "policy", "messages_ready")
    }
    until(lambda: queue(lab, "orders.new")["ready"] == 40, "the messages are not counted")
    shown = {row["name"]: row for row in pane(lab, "queues")}
    assert shown.keys() == told.keys()
    for name, row in shown.items():
        assert row["type"] in str(told[name]["type"])
        assert (row["policy"] or "") == (told[name]["policy"] or "")
    assert shown["orders.new"]["copies"] == "3/3"
    assert shown["ha.invoices"]["copies"] == "3/3"
    policies = [row for vhost in ("/", "shop") for row in ctl(rabbit, "list_policies", "-p", vhost)]
    assert {(row["name"], row["pattern"]) for row in pane(lab, "policies")} == {
        (row["name"], row["pattern"]) for row in policies
    }
    assert {row["name"] for row in pane(lab, "users")} == {row["user"] for row in ctl(rabbit, "list_users")}
    bound = [row for row in ctl(rabbit, "list_bindings", "-p", "shop") if row["source_name"]]
    shop = [row for row in pane(lab, "bindings") if row["vhost"] == "shop"]
    assert sorted(row["to"] for row in shop) == sorted(f"queue {row['destination_name']}" for row in bound)


def test_messages_policies_and_queues_are_changed(lab: Lab, staged: Ask) -> None:
    rabbit = whole(lab, staged)
    made = rabbit.tool("rabbit-0", "rabbitmqctl", "eval", _DECLARE)
    assert made.returncode == 0, made.stderr
    until(lambda: any(row["name"] == "pilothouse.test" for row in pane(lab, "queues")), "the queue is not listed")
    act(lab, "queues", "pilothouse.test", "publish", "--set", "payload=hello there")
    assert "hello there" in act(lab, "queues", "pilothouse.test", "peek", "--set", "count=5")
    assert counted(rabbit) == 1, "looking takes nothing away"
    until(lambda: queue(lab, "pilothouse.test")["ready"] == 1, "the message is not counted")
    act(lab, "queues", "pilothouse.test", "purge")
    assert counted(rabbit) == 0
    wanted = ("--set", "name=pilothouse", "--set", "pattern=^pilothouse", "--set", 'definition={"max-length":7}')
    said = act(lab, "queues", "pilothouse.test", "set-policy", *wanted, "--set", "matches=1")
    assert "it matches 1 of" in said
    assert any(row["name"] == "pilothouse" for row in ctl(rabbit, "list_policies", "-p", "/"))
    act(lab, "policies", "pilothouse", "clear-policy")
    assert not any(row["name"] == "pilothouse" for row in ctl(rabbit, "list_policies", "-p", "/"))
    act(lab, "queues", "pilothouse.test", "delete")
    assert not any(row["name"] == "pilothouse.test" for row in ctl(rabbit, "list_queues", "-p", "/", "name"))


_DECLARE = (
    'rabbit_amqqueue:declare({resource, <<"/">>, queue, <<"pilothouse.test">>}, true, false, [], none, <<"test">>), ok.'
)


def counted(rabbit: Staged) -> int:
    rows = ctl(rabbit, "list_queues", "-p", "/", "name", "messages")
    return next(row["messages"] for row in rows if row["name"] == "pilothouse.test")


def test_copies_of_quorum_queues_are_taken_away_and_given_back(lab: Lab, staged: Ask) -> None:
    whole(lab, staged)
    row = queue(lab, "orders.shipped")
    other = next(name for name in row["members"] if name != row["leader"])
    act(lab, "queues", "orders.shipped", "remove-replica", "--set", f"member={other}")
    until(lambda: queue(lab, "orders.shipped")["copies"] == "2/2", "the copy is still there")
    act(lab, "queues", "orders.shipped", "add-replica", "--set", f"member={other}")
    until(lambda: queue(lab, "orders.shipped")["copies"] == "3/3", "the copy did not come back")


def test_a_member_is_drained_and_revived(lab: Lab, staged: Ask) -> None:
    rabbit = whole(lab, staged)
    member = next(row["name"] for row in pane(lab, "nodes") if row["pod"].endswith("-1"))
    act(lab, "nodes", member, "drain")
    try:
        until(lambda: queue(lab, "orders.new")["missing"] == [member], "its copies still serve")
        assert "orders.new" not in led_by(lab, member)
    finally:
        act(lab, "nodes", member, "revive")
    until(lambda: queue(lab, "orders.new")["missing"] == [], "its copies do not serve again")
    act(lab, "nodes", member, "rebalance")
    assert rabbit.tool("rabbit-1", "rabbitmq-diagnostics", "-q", "check_running").returncode == 0


def led_by(lab: Lab, member: str) -> set[str]:
    return {row["name"] for row in pane(lab, "queues") if row["leader"] == member and row["type"] == "quorum"}


def test_what_goes_with_a_member_is_what_the_servers_own_checks_say(lab: Lab, staged: Ask) -> None:
    """First with all members, then without one: each check is asked of the member that it is about."""
    rabbit = whole(lab, staged)
    until(lambda: falls(lab)["0"] is not None, "the queues are not read")
    for n in ("0", "1"):
        until(lambda n=n: agrees(lab, rabbit, n), f"rabbit-{n} and the pane do not say the same")
        assert critical(rabbit, f"rabbit-{n}") == (set(), set())
    rabbit.stop("rabbit-2")
    until(lambda: (falls(lab)["0"] or {}).get("majority", 0) > 0, "no queue is one member from losing its majority")
    for n in ("0", "1"):
        until(lambda n=n: agrees(lab, rabbit, n), f"rabbit-{n} and the pane do not say the same")
        assert critical(rabbit, f"rabbit-{n}")[0] == {"orders.new", "orders.paid", "orders.shipped"}
    assert falls(lab)["2"] is None or not any((falls(lab)["2"] or {}).values())
    rabbit.start("rabbit-2")


def falls(lab: Lab) -> dict[str, dict[str, int] | None]:
    """What goes with each member, by the number of its pod."""
    return {
        row["name"].partition("@")[2].partition(".")[0].rpartition("-")[2]: row["if_it_goes"]
        for row in pane(lab, "nodes")
    }


def agrees(lab: Lab, rabbit: Staged, member: str) -> bool:
    """As many queues as the member names itself; statistics are seconds behind it."""
    of_quorum, of_mirrors = critical(rabbit, f"rabbit-{member}")
    return named_falls(lab, member, "majority", "copy") == (len(of_quorum), len(of_mirrors))


def named_falls(lab: Lab, member: str, *losses: str) -> tuple[int, ...]:
    found = falls(lab)[member] or {}
    return tuple(found[loss] for loss in losses)


def critical(rabbit: Staged, member: str) -> tuple[set[str], set[str]]:
    """The queues that the member's own checks name: of quorum, and of mirrors."""
    names: list[set[str]] = []
    for check in ("check_if_node_is_quorum_critical", "check_if_node_is_mirror_sync_critical"):
        done = rabbit.tool(member, "rabbitmq-queues", "-q", check, "--formatter", "json")
        told = json.loads(done.stdout.strip() or done.stderr)  # what fails is told on the other stream
        names.append({one["name"] for one in told.get("queues", ())})
    return names[0], names[1]


def test_a_member_that_hangs_or_is_stopped_does_not_take_the_others_rows(lab: Lab, staged: Ask) -> None:
    rabbit = whole(lab, staged)
    rabbit.stop("rabbit-2")
    until(lambda: states(lab)["2"] == "stopped", "it is not told")
    assert (states(lab)["0"], states(lab)["1"]) == ("running", "running")
    assert len(queue(lab, "orders.new")["missing"]) == 1
    rabbit.start("rabbit-2")
    until(lambda: states(lab)["2"] == "running", "it is not back")


def states(lab: Lab) -> dict[str, str]:
    """The state of each member, by the number of its pod."""
    return {(row["pod"] or "-?").rpartition("-")[2]: row["state"] for row in pane(lab, "nodes")}
