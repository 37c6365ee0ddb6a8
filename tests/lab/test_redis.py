"""Redis' panes against its own tools on real servers behind pods, and actions that change them, all headless."""

from __future__ import annotations

import json
import re
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
_TRIES = 4


def pane(lab: Lab, name: str) -> list[Object]:
    """The rows of a pane."""
    done = lab.run([PILOTHOUSE, "get", f"redis.{name}", "-o", "json"])
    if done.returncode:
        raise TooEarlyError(done.stderr)
    return json.loads(done.stdout)


def act(lab: Lab, kind: str, name: Callable[[], str], action: str) -> str:
    """What an action said that had to be done, to what is called `name` once the group has settled.

    Sentinels on a machine that is busy with else lose sight of members for seconds, and then nothing may be done:
    that is refused in words, and tried again when they are of one mind.
    """
    said = ""
    for _ in range(_TRIES):
        until(lambda: settled(lab), "the group does not settle")
        done = lab.run([PILOTHOUSE, "act", f"redis.{kind}", name(), action, "--yes"])
        if done.returncode == 0:
            return done.stdout
        said = done.stderr + done.stdout
    raise AssertionError(said)


def cli(redis: Staged, member: str, *words: str) -> list[str]:
    """The lines that redis-cli prints."""
    port = ("-p", "26379") if member.startswith("sentinel") else ()
    done = redis.tool(member, "redis-cli", *port, *words)
    assert done.returncode == 0, done.stderr
    return [line.strip() for line in done.stdout.splitlines()]


def role(redis: Staged, member: str) -> str:
    return {"master": "master", "slave": "replica"}[cli(redis, member, "role")[0]]


def settled(lab: Lab) -> bool:
    """One master that all name, two replicas in sync that could take over, and Sentinels of one mind."""
    rows, masters, views = pane(lab, "members"), pane(lab, "masters"), pane(lab, "sentinels")
    links = [row["link"] for row in rows if row["role"] == "replica"]
    agreed = [(row["agree"], row["replicas"]) for row in masters] == [(3, 2)]
    return links == ["up", "up"] and agreed and [(row["state"], row["why"]) for row in views] == [("master", None)] * 3


def test_members_masters_and_sentinels_are_what_the_servers_say(lab: Lab, staged: Ask) -> None:
    redis = staged("redis")
    until(lambda: settled(lab), "the group does not settle")
    rows = {row["name"]: row for row in pane(lab, "members")}
    pods = json.loads(lab.kubectl("-n", redis.space, "get", "pods", "-o", "json"))["items"]
    nodes = {item["metadata"]["name"]: item["spec"].get("nodeName") for item in pods}
    assert sorted(rows) == sorted(redis.pod(f"redis-{n}").name for n in range(3))
    for n in range(3):
        row = rows[redis.pod(f"redis-{n}").name]
        assert row["role"] == role(redis, f"redis-{n}")
        assert row["node"] == nodes[row["name"]]
        assert row["keys"] == int(cli(redis, f"redis-{n}", "dbsize")[0])
    [master] = pane(lab, "masters")
    host, port = cli(redis, "sentinel-0", "sentinel", "get-master-addr-by-name", master["name"])
    assert master["address"] == f"{host}:{port}"
    assert rows[master["member"]]["role"] == "master"
    assert [row["sees it at"] if "sees it at" in row else row["sees_it_at"] for row in pane(lab, "sentinels")] == [
        master["address"]
    ] * 3


def test_a_failover_changes_the_master_and_a_reset_finds_everybody_again(lab: Lab, staged: Ask) -> None:
    redis = staged("redis")
    said = act(lab, "masters", lambda: pane(lab, "masters")[0]["name"], "failover")
    was, now = re.findall(r"\((\d[\d.]*:\d+)\)", said)[:2]
    assert was != now, said
    until(lambda: settled(lab), "the old master does not follow")
    [after] = pane(lab, "masters")
    host, port = cli(redis, "sentinel-2", "sentinel", "get-master-addr-by-name", after["name"])
    assert after["address"] == f"{host}:{port}"
    assert "has found 2 and 2 again" in act(lab, "sentinels", lambda: pane(lab, "sentinels")[0]["key"], "reset")


def test_a_member_that_hangs_is_silent_in_its_row_alone(lab: Lab, staged: Ask) -> None:
    redis = staged("redis")
    until(lambda: settled(lab), "the group does not settle")
    [master] = pane(lab, "masters")
    replica = next(n for n in range(3) if redis.pod(f"redis-{n}").name != master["member"])
    redis.freeze(f"redis-{replica}")
    name = redis.pod(f"redis-{replica}").name
    until(lambda: silent(lab) == {name}, "not the frozen one alone is silent")
    assert "no answer" in next(row["why"] for row in pane(lab, "members") if row["name"] == name)


def silent(lab: Lab) -> set[str]:
    """The members that say nothing of themselves."""
    return {row["name"] for row in pane(lab, "members") if row["role"] is None}
