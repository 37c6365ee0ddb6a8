"""Pulsar's and ZooKeeper's panes against the servers' own words, and actions that change them, all headless.

The servers are asked by their REST API at their pods' addresses, and by their own tools: never through the console.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from subprocess import CompletedProcess
from typing import Any

import pytest

from tests.lab.brokers.asking import four_letters
from tests.lab.brokers.staged import Staged
from tests.lab.lab import Lab
from tests.lab.patience import TooEarlyError, until
from tests.lab.pulsars import Told
from tests.terminal import PILOTHOUSE

pytestmark = pytest.mark.lab

Ask = Callable[[str], Staged]
Object = dict[str, Any]
_TENANT, _SPACE = "pilothouse", "pilothouse/test"


def pane(lab: Lab, name: str) -> dict[str, Object]:
    """The rows of a pane by their keys."""
    done = lab.run([PILOTHOUSE, "get", name if "." in name else f"pulsar.{name}", *_of(name), "-o", "json"])
    if not done.stdout:
        raise TooEarlyError(done.stderr)
    return {row["key"]: row for row in json.loads(done.stdout)}


def _of(name: str) -> list[str]:
    return ["--instance", "pulsar/pulsar-zookeeper"] if name.startswith("zookeeper") else []


def tried(lab: Lab, kind: str, target: str, action: str, **answers: str) -> CompletedProcess[str]:
    """An action, which may be refused."""
    given = [word for key, value in answers.items() for word in ("--set", f"{key}={value}")]
    return lab.run([PILOTHOUSE, "act", f"pulsar.{kind}", target, action, "--name", target, *given])


def act(lab: Lab, kind: str, target: str, action: str, **answers: str) -> str:
    """What an action said that had to be done."""
    done = tried(lab, kind, target, action, **answers)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def refused(lab: Lab, kind: str, target: str, action: str, **answers: str) -> str:
    """What an action said that must not be done."""
    done = tried(lab, kind, target, action, **answers)
    assert done.returncode != 0, done.stdout
    return done.stderr + done.stdout


def backlogs(lab: Lab) -> dict[str, int | None]:
    return {name: row["backlog"] for name, row in pane(lab, "topics").items()}


@pytest.fixture
def told(staged: Ask) -> Told:
    return Told(staged("pulsar"), "pulsar")


@pytest.fixture
def space(told: Told) -> Iterator[str]:
    """A namespace of these tests' own, made and taken away by the servers' own API."""
    _clear(told)
    told.admin(f"tenants/{_TENANT}", "PUT", {"adminRoles": [], "allowedClusters": ["pulsar"]})
    told.admin(f"namespaces/{_SPACE}", "PUT", {"bundles": {"numBundles": 4}})
    yield _SPACE
    _clear(told)


def _clear(told: Told) -> None:
    """Take the tenant of these tests away, also what a test before left of it."""
    for name in told.admin(f"namespaces/{_TENANT}") or ():
        for topic in told.admin(f"persistent/{name}/partitioned"):
            told.admin(f"{topic.replace('://', '/')}/partitions?force=true", "DELETE")
        for topic in told.admin(f"persistent/{name}"):
            told.admin(f"{topic.replace('://', '/')}?force=true", "DELETE")
        until(lambda name=name: told.gone(f"namespaces/{name}"), "the namespace is not deleted")
    until(lambda: told.gone(f"tenants/{_TENANT}"), "the tenant is not deleted")


def well(lab: Lab) -> bool:
    """All members answer, and one bookie is the auditor."""
    bookies = pane(lab, "bookies").values()
    return (
        all(row["state"] == "ready" for row in pane(lab, "brokers").values())
        and {(row["mode"], row["note"]) for row in bookies} == {("writable", "")}
        and any(row["role"] for row in bookies)
        and not any(row["why"] for row in pane(lab, "zookeeper.members").values())
    )


def test_members_are_those_that_the_servers_name_with_their_pods_and_nodes(lab: Lab, told: Told) -> None:
    pulsar = told.staged
    until(lambda: well(lab), "a member does not answer in time")
    pods = json.loads(lab.kubectl("-n", pulsar.space, "get", "pods", "-o", "json"))["items"]
    nodes = {item["metadata"]["name"]: item["spec"].get("nodeName") for item in pods}
    brokers, bookies, peers = pane(lab, "brokers"), pane(lab, "bookies"), pane(lab, "zookeeper.members")
    for rows, kind in ((brokers, "broker"), (bookies, "bookie"), (peers, "zk")):
        assert sorted(rows) == sorted(pulsar.pod(one).name for one in pulsar.members if one.startswith(kind))
        assert {name: row["node"] for name, row in rows.items()} == {name: nodes[name] for name in rows}
    assert sorted(row["address"] for row in brokers.values()) == sorted(told.admin("brokers"))
    leader = told.admin("brokers/leaderBroker")["brokerId"]
    assert [row["address"] for row in brokers.values() if row["role"] == "leader"] == [leader]
    assert {(row["state"], row["version"]) for row in brokers.values()} == {("ready", "4.0.8")}
    listed = pulsar.tool("bookie-0", "bookkeeper", "shell", "listbookies", "-rw")
    assert [row["mode"] for row in bookies.values()] == ["writable"] * 3
    assert all(row["id"].partition(":")[0] in listed.stdout for row in bookies.values()), listed.stdout + listed.stderr
    racks = told.admin("bookies/racks-info")["default"]
    assert {row["id"]: row["rack"] for row in bookies.values()} == {one: racks[one]["rack"] for one in racks}
    [auditor] = [row["id"] for row in bookies.values() if row["role"] == "auditor"]
    assert told.bookie("autorecovery/who_is_auditor")[1].strip().endswith(auditor)
    for n in range(3):
        pod = pulsar.pod(f"zk-{n}")
        assert f"Mode: {peers[pod.name]['mode']}\n" in four_letters(pod.address, b"srvr")
    assert sorted(row["mode"] for row in peers.values()) == ["follower", "follower", "leader"]
    assert [row["synced"] for row in peers.values() if row["mode"] == "leader"] == [2]


def test_topics_subscriptions_and_policies_are_those_of_the_brokers(lab: Lab, told: Told) -> None:
    tool = told.staged.tool("broker-0", "pulsar-admin", "topics", "partitioned-stats", "shop/orders/events")
    events = json.loads(tool.stdout)
    for topic in ("shop/orders/audit", "shop/critical/payments"):  # loaded, so that the brokers' pages name them
        told.admin(f"persistent/{topic}/stats")
    wanted = {"shop/orders/events": 200, "shop/orders/audit": 30, "shop/critical/payments": 40}
    until(lambda: wanted.items() <= backlogs(lab).items(), "the brokers' pages are not whole")
    assert {name: one["msgBacklog"] for name, one in events["subscriptions"].items()} == {"billing": 200, "shipping": 0}
    topics, subscriptions, consumers = pane(lab, "topics"), pane(lab, "subscriptions"), pane(lab, "consumers")
    assert topics["shop/orders/events"]["parts"] == 4
    assert {name for name in topics if name.startswith("shop/critical/p")} == {"shop/critical/payments"}
    for name in ("shop/orders/audit", "shop/orders/__change_events"):
        stats = told.admin(f"persistent/{name}/stats")["subscriptions"]
        shown = {row["name"].partition("@")[0]: row for row in subscriptions.values() if row["topic"] == name}
        assert {key: row["backlog"] for key, row in shown.items()} == {
            key: one["msgBacklog"] for key, one in stats.items()
        }
        here = sorted(row["subscription"] for row in consumers.values() if row["topic"] == name)
        assert here == sorted(key for key, one in stats.items() for _ in one["consumers"])
    tenants, spaces = pane(lab, "tenants"), pane(lab, "namespaces")
    assert {name: row["namespaces"] for name, row in tenants.items()} == {
        name: len(told.admin(f"namespaces/{name}")) for name in told.admin("tenants")
    }
    assert spaces["shop/orders"]["retention"] == "24 h, 100Mi"
    assert spaces["shop/orders"]["backlog"] >= 230
    assert spaces["shop/orders"]["quota"] == "10Mi producer_request_hold"
    assert spaces["shop/critical"]["e_qw_qa"] == "3/3/2"
    owned = {
        bundle: broker
        for broker in told.admin("brokers")
        for bundle in told.admin(f"brokers/pulsar/{broker}/ownedNamespaces")
    }
    bundles = pane(lab, "bundles")
    assert {name: f"{row['broker']}." in owned[name] for name, row in bundles.items()} == dict.fromkeys(bundles, True)
    assert {row["bundle"] for row in topics.values() if row.get("bundle")} <= bundles.keys()


def test_brokers_without_a_functions_worker_say_so(lab: Lab, told: Told) -> None:
    assert told.admin("brokers")
    done = lab.run([PILOTHOUSE, "get", "pulsar.functions", "--timeout", "60"])
    assert "functions are not enabled in these brokers (functionsWorkerEnabled)" in done.stdout + done.stderr


def test_tenants_namespaces_and_topics_are_made_changed_and_deleted(lab: Lab, told: Told) -> None:
    _clear(told)
    act(lab, "tenants", "shop", "create-tenant", name=_TENANT, roles="people")
    assert told.admin(f"tenants/{_TENANT}")["adminRoles"] == ["people"]
    act(lab, "tenants", _TENANT, "create-namespace", name="test", bundles="4")
    act(lab, "namespaces", _SPACE, "retention", time="2d", size="100")
    act(lab, "namespaces", _SPACE, "ttl", seconds="7200")
    act(lab, "namespaces", _SPACE, "persistence", ensemble="3", write="2", ack="2")
    act(lab, "namespaces", _SPACE, "quota", size="64Mi", policy="producer_exception")
    policies = told.admin(f"namespaces/{_SPACE}")
    assert policies["retention_policies"] == {"retentionTimeInMinutes": 2880, "retentionSizeInMB": 100}
    assert policies["message_ttl_in_seconds"] == 7200
    assert (policies["persistence"]["bookkeeperEnsemble"], policies["persistence"]["bookkeeperWriteQuorum"]) == (3, 2)
    assert policies["backlog_quota_map"]["destination_storage"]["limitSize"] == 64 << 20
    act(lab, "namespaces", _SPACE, "create-topic", name="wide", partitions="2")
    act(lab, "topics", f"{_SPACE}/wide", "partitions", partitions="3")
    assert told.admin(f"persistent/{_SPACE}/wide/partitions")["partitions"] == 3
    act(lab, "topics", f"{_SPACE}/wide", "delete")
    until(lambda: told.admin(f"persistent/{_SPACE}/partitioned") == [], "the topic is not deleted")
    act(lab, "namespaces", _SPACE, "delete")
    command = [PILOTHOUSE, "act", "pulsar.tenants", _TENANT, "delete", "--name", _TENANT]
    # For a moment something is left of the namespace, and the answer says so.
    until(lambda: not lab.run(command).returncode or _TENANT not in told.admin("tenants"), "the tenant is not deleted")
    assert _TENANT not in told.admin("tenants")


def test_a_topic_and_its_subscription_are_worked_with(lab: Lab, told: Told, space: str) -> None:
    topic, one = f"{space}/one", f"late@{space}/one"
    told.admin(f"persistent/{topic}", "PUT")
    told.admin(f"persistent/{topic}/subscription/late", "PUT")
    told.admin(f"namespaces/{space}/retention", "POST", {"retentionTimeInMinutes": 60, "retentionSizeInMB": 10})
    told.produce(topic, 20)
    until(lambda: pane(lab, "subscriptions").get(one, {}).get("backlog") == 20, "the subscription is not shown")
    assert "message 2" in act(lab, "subscriptions", one, "peek", position="3")
    assert told.backlog(topic, "late") == 20, "looking takes nothing away"
    act(lab, "subscriptions", one, "skip", count="5")
    assert told.backlog(topic, "late") == 15
    act(lab, "subscriptions", one, "clear")
    assert told.backlog(topic, "late") == 0
    act(lab, "subscriptions", one, "reset", time="1h")
    assert told.backlog(topic, "late") == 20
    message = act(lab, "subscriptions", one, "peek", position="8").partition(f"{one}: ")[2].partition(",")[0]
    assert "13 messages wait" in act(lab, "subscriptions", one, "reset-to", id=message)
    assert told.backlog(topic, "late") == 13
    assert "has no ledger" in refused(lab, "subscriptions", one, "reset-to", id="999999999:0")
    assert "is no id of a message" in refused(lab, "subscriptions", one, "reset-to", id=f"{message}:-1")
    assert told.backlog(topic, "late") == 13, "what is refused changes nothing"
    act(lab, "subscriptions", one, "expire", seconds="1")
    until(lambda: told.backlog(topic, "late") == 0, "the messages do not expire")
    act(lab, "subscriptions", one, "delete")
    assert told.admin(f"persistent/{topic}/subscriptions") == []
    act(lab, "topics", topic, "compact")
    until(lambda: told.admin(f"persistent/{topic}/compaction")["status"] == "SUCCESS", "it is not compacted")
    assert "none is closed" in refused(lab, "topics", topic, "offload", keep="0")
    act(lab, "topics", topic, "unload")  # a ledger ends with it, and the next one takes its place
    until(lambda: len(told.admin(f"persistent/{topic}/internalStats")["ledgers"]) > 1, "no ledger was closed")
    said = refused(lab, "topics", topic, "offload", keep="0")
    assert "nothing was offloaded" in said, said
    assert "does not support offload" in said, "no long-term storage is configured"
    act(lab, "topics", topic, "terminate")
    assert told.admin(f"persistent/{topic}/internalStats")["state"] == "Terminated"
    assert "received after" in act(lab, "namespaces", space, "round-trip")
    assert told.admin(f"persistent/{space}") == [f"persistent://{topic}"], "the topic of the round trip is gone"


def test_brokers_and_bookies_are_worked_with(lab: Lab, told: Told) -> None:
    broker, bookie = (told.staged.pod(one).name for one in ("broker-0", "bookie-1"))
    assert "role admin by Secret pulsar/pulsar-token-admin, it never expires" in act(lab, "brokers", broker, "who")
    assert "ok" in act(lab, "brokers", broker, "health")
    bundle = next(name for name in pane(lab, "bundles") if name.startswith("shop/orders/"))
    assert "unloaded" in act(lab, "bundles", bundle, "unload")
    act(lab, "bookies", bookie, "read-only")
    try:
        assert json.loads(told.bookie("bookie/state", "bookie-1")[1])["readOnly"] is True
        until(lambda: pane(lab, "bookies")[bookie]["mode"] == "read-only", "it is not shown")
    finally:
        act(lab, "bookies", bookie, "writable")
    assert json.loads(told.bookie("bookie/state", "bookie-1")[1])["readOnly"] is False
    act(lab, "bookies", bookie, "recovery-off")
    try:
        assert json.loads(told.bookie("autorecovery/status")[1])["enabled"] is False
        assert {row["recovery"] for row in pane(lab, "bookies").values()} == {False}
    finally:
        act(lab, "bookies", bookie, "recovery-on")
    assert json.loads(told.bookie("autorecovery/status")[1])["enabled"] is True
    act(lab, "bookies", bookie, "recovery-delay", seconds="77")
    assert told.bookie("autorecovery/lost_bookie_recovery_delay")[1].strip().endswith("77")
    act(lab, "bookies", bookie, "recovery-delay", seconds="0")


def test_what_hangs_is_silent_in_its_row_alone(lab: Lab, told: Told) -> None:
    """The broker last and not for long: without its ZooKeeper it ends itself."""
    pulsar = told.staged
    until(lambda: well(lab), "a member does not answer in time")
    peers = pane(lab, "zookeeper.members")
    follower = next(n for n in range(3) if peers[pulsar.pod(f"zk-{n}").name]["mode"] == "follower")
    for member, name, column, others in (
        (f"zk-{follower}", "zookeeper.members", "mode", {"follower", "leader"}),
        ("bookie-1", "bookies", "mode", {"writable"}),
        ("broker-1", "brokers", "state", {"ready"}),
    ):
        pod = pulsar.pod(member).name
        pulsar.freeze(member)
        seen = (pod, column, others)
        until(lambda name=name, seen=seen: alone(pane(lab, name), *seen), f"{member} is not the only one silent")
        pulsar.thaw(member)


def alone(rows: dict[str, Object], pod: str, column: str, others: set[str]) -> bool:
    """The pod's row says that it does not answer, and the others' rows are as ever."""
    frozen = rows.pop(pod)
    said = frozen.get("note") or frozen.get("why") or ""
    return "no answer" in said and {row[column] for row in rows.values()} == others
