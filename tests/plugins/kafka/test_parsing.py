"""Parsers against answers of a real Kafka, and rows out of them."""

from __future__ import annotations

from console.errors import Unreachable
from console.model import NodeName, Ref
from console.plugin import Server
from plugins.kafka.history import History
from plugins.kafka.lag import Standing
from plugins.kafka.model import build, grouping, wire
from tests.plugins.kafka.samples import sample

METADATA = wire.metadata(sample("metadata"))
MIN_ISR: dict[str, int | None] = dict.fromkeys({part.topic for part in METADATA.parts}, 2)


def test_metadata_names_brokers_topics_and_partitions() -> None:
    assert [(node.id, node.host, node.port, node.rack) for node in METADATA.nodes] == [
        (0, "127.0.0.1", 19092, "rack-0"),
        (1, "127.0.0.1", 19093, "rack-1"),
        (2, "127.0.0.1", 19094, "rack-2"),
    ]
    orders = [part for part in METADATA.parts if part.topic == "orders"]
    assert [part.number for part in orders] == [0, 1, 2, 3, 4, 5]
    assert all(len(part.replicas) == len(part.isr) == 3 and not part.internal for part in orders)
    assert METADATA.broken == {}


def test_a_name_with_an_escape_sequence_is_harmless() -> None:
    answer = sample("metadata")
    answer.topics[0].name = "evil\x1b]52;c;aGk=\x07"
    answer.brokers[0].host = "h\x1b[2Jost"
    found = wire.metadata(answer)
    assert "evil\ufffd]52;c;aGk=\ufffd" in found.ids
    assert all("\x1b" not in part.topic for part in found.parts)
    assert found.nodes[0].host == "h\ufffd[2Jost"


def test_nodes_tell_who_is_fenced_only_where_the_version_does() -> None:
    nodes, controller = wire.nodes(sample("cluster"), 2)
    assert controller in {0, 1, 2}
    assert [node.fenced for node in nodes] == [False, False, False]
    assert [node.fenced for node in wire.nodes(sample("cluster"), 1)[0]] == [None, None, None]


def test_log_directories_give_sizes_and_volumes() -> None:
    logs = wire.logs(sample("log-dirs"), 5)
    assert logs.sizes["orders", 0] > 0
    assert logs.dirs[0].total is not None
    assert wire.logs(sample("log-dirs"), 3).dirs[0].total is None, "before Kafka 3.3 nobody says it"


def test_offsets_groups_and_configs() -> None:
    assert [one.name for one in wire.groups(sample("groups"))] == ["billing"]
    code, places = wire.committed(sample("offsets"), 9, "")["billing"]
    assert code == 0
    assert places["orders", 3] == (60, 0)
    ends = wire.offsets(sample("list-offsets"))
    assert all(number >= 100 for number in ends.values())
    assert ends, "some partition is led by the broker that was asked"
    configs = wire.configs(sample("configs"))
    assert configs["orders"]["min.insync.replicas"] == ("2", 1)
    assert configs["audit"]["cleanup.policy"] == ("compact", 1)
    assert "nowhere" not in configs


def test_brokers_know_what_they_lead_and_what_falls_with_them() -> None:
    nodes = wire.nodes(sample("cluster"), 2)
    server = Server(Ref("pod", "kafka-1", "kafka", "u1"), NodeName("k8s-node2"), "x.svc", address="127.0.0.1")
    rows = build.brokers(
        METADATA,
        nodes,
        min_isr=MIN_ISR,
        logs={0: wire.logs(sample("log-dirs"), 5), 1: Unreachable("no answer in time")},
        voters=build.voters(sample("quorum"), {}),
        servers=build.stood([server]),
        releases={0: "4.1"},
    )
    assert [row.id for row in rows] == [0, 1, 2]
    assert sum(row.leaders for row in rows) == len(METADATA.parts)
    assert [row.size is None for row in rows] == [False, True, True], "what was not said is not zero"
    assert (rows[1].error, rows[2].error) == ("no answer in time", "")
    assert [row.controller for row in rows].count(True) == 1
    assert rows[0].node == "k8s-node2"
    assert sorted(name for row in rows for name in row.fall.offline) == ["scratch/0", "scratch/1"]


def test_a_broker_that_is_away_has_a_row_as_long_as_replicas_are_on_it() -> None:
    answer, cluster = sample("metadata"), sample("cluster")
    answer.brokers.pop(2)
    cluster.brokers.pop(2)
    rows = build.brokers(
        wire.metadata(answer),
        wire.nodes(cluster, 2),
        min_isr=MIN_ISR,
        logs={},
        voters=[],
        servers={},
        releases={},
    )
    assert [(row.id, row.present) for row in rows] == [(0, True), (1, True), (2, False)]


def test_a_quorum_has_a_leader_and_voters() -> None:
    rows = build.voters(sample("quorum"), {})
    assert sorted(row.role for row in rows) == ["leader", "voter", "voter"]
    leader = next(row for row in rows if row.role == "leader")
    assert (leader.lag, leader.behind) == (0, 0.0)
    assert leader.address.startswith("127.0.0.1:1919")


def test_a_pod_is_known_by_the_name_that_its_broker_advertises() -> None:
    server = Server(Ref("pod", "k-0", "kafka"), NodeName("n"), "k-0.brokers.kafka.svc", address="10.0.0.7")
    stood = build.stood([server])
    for host in ("k-0.brokers.kafka.svc", "k-0.brokers.kafka.svc.cluster.local", "10.0.0.7"):
        assert build.server_of(host, stood) is server
    assert build.server_of("k-1.brokers.kafka.svc", stood) is None


def test_topics_are_rolled_up_and_unknown_is_not_zero() -> None:
    rows = build.partitions(METADATA, {**MIN_ISR, "orders": None}, start={}, end={("scratch", 0): 4}, sizes={})
    topics = {row.name: row for row in build.topics(rows, {}, rates={"orders": 2.5}, broken={"secret": 29})}
    assert (topics["orders"].partitions, topics["orders"].replication, topics["orders"].min_isr) == (6, 3, None)
    assert topics["orders"].messages is None
    assert topics["orders"].size is None
    assert topics["orders"].rate == 2.5
    assert topics["scratch"].under_min == 2, "one replica can never be two"
    assert topics["secret"].error == "cannot be read: error 29"


def test_a_group_stands_where_it_committed() -> None:
    (listed,) = wire.groups(sample("groups"))
    _, places = wire.committed(sample("offsets"), 9, "")["billing"]
    history, row = History(), None
    for n in range(6):
        ends = dict.fromkeys(places, 100)
        del ends["orders", 5]
        described: grouping.Described = ("Empty", "", (), {})
        row = grouping.group(listed, 2, described, offsets=places, ends=ends, past=(history, 10.0 * n))
    assert row is not None
    assert (row.behind, row.worst, row.consumed, row.eta) == (200, 40, 0.0, None)
    assert [place.standing for place in row.places] == [Standing.STOP] * 5 + [Standing.UNKNOWN]
    assert row.places[5].error == "its leader did not answer"
    assert row.standing is Standing.STOP
    history.keep([])
    assert history.held("billing", ("orders", 0)) == ()


def test_the_rate_of_a_topic_forgets_one_that_was_made_anew() -> None:
    history = History()
    assert history.rates(0.0, {"a": 10}) == {}
    assert history.rates(10.0, {"a": 30}) == {"a": 2.0}
    assert history.rates(20.0, {"a": 5}) == {}
    assert history.rates(30.0, {}) == {}
