"""Every pane over the recorded cluster: each column, facet, section, jump and action of each row answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from console.beside import bound
from console.facts import StoreFacts
from console.format import clock_time
from console.model import Answer, Reason, Tone
from console.plugin import Cell, Effect, Pane
from plugins.kubernetes.joins import JOINS
from plugins.kubernetes.model import tables
from plugins.kubernetes.model.usage import PodUse
from plugins.kubernetes.panes import PANES
from plugins.kubernetes.panes.overview import tile
from plugins.kubernetes.panes.tokens import ttl
from tests.plugins.kubernetes.rows import LAB, World, lab, member, node, row

NOW = 1_800_000_000.0


@pytest.fixture
async def facts() -> StoreFacts:
    """The recorded cluster with its joins."""
    world = lab()
    world.fill(tables.METRICS, ())
    world.fill(tables.SUMMARIES, ())
    return await joined(world)


async def joined(world: World) -> StoreFacts:
    for join in JOINS:
        world.store.attach(LAB, join)
    for _ in range(5):
        await world.store.publish()
    assert not world.store.fence.breakages
    return world.facts


def pane(name: str) -> Pane[Any]:
    return next(one for one in PANES if one.name == name)


def cells(one: Pane[Any], thing: Any) -> Mapping[str, Cell]:
    return {
        column.title: column.cell(thing, NOW) if column.cell else Cell(str(column.value(thing)))
        for column in one.columns
    }


@pytest.mark.parametrize("one", PANES, ids=lambda one: one.name)
async def test_everything_that_a_pane_declares_answers_for_every_row(one: Pane[Any], facts: StoreFacts) -> None:
    rows, one = facts.rows(one.table), bound(one, facts)
    assert rows
    names = {pane.name for pane in PANES}
    for thing in rows.values():
        values = [column.value(thing) for column in one.columns]
        assert values[0] is not None
        assert all(cell.text.isprintable() for cell in cells(one, thing).values())
        assert one.ref(thing).name
        assert all(section.title and section.lines for section in one.describe(thing, facts))
        assert all(isinstance(value, str) for value in (*one.facets(thing).values(), *one.labels(thing).values()))
        assert one.fault(thing) in {True, False}
        for jump in one.jumps:
            assert jump.pane in names
            chosen = jump.facets(thing, facts)
            assert chosen is None or all(chosen.values())
        for action in one.actions:
            reason = action.when(thing, facts)
            assert reason is None or reason
            assert reason is not None or all(right.verb for right in action.rights(thing))
            assert all(ask.id and ask.title for ask in action.asks(thing, facts))


@pytest.mark.parametrize("one", PANES, ids=lambda one: one.name)
async def test_each_column_sorts(one: Pane[Any], facts: StoreFacts) -> None:
    for column in bound(one, facts).columns:
        values = [value for thing in facts.rows(one.table).values() if (value := column.value(thing)) is not None]
        assert len(sorted(values)) == len(values), column.title  # type: ignore[type-var]


def test_names_and_aliases_are_unique_and_those_of_kubectl_and_k9s() -> None:
    words = [word for one in PANES for word in (one.name, *one.aliases)]
    assert len(words) == len(set(words))
    for word in ("no", "po", "sts", "svc", "pv", "pvc", "pdb", "ev", "deploy", "ds", "job", "ns", "nodes", "pods"):
        assert word in words


async def test_words_of_one_kind_limit_the_pane_to_rows_that_there_are(facts: StoreFacts) -> None:
    one = pane("workloads")
    assert {one.limits[word]["kind"] for word in ("deploy", "ds", "jobs", "cj")} == {
        "Deployment",
        "DaemonSet",
        "Job",
        "CronJob",
    }
    assert set(one.limits) <= set(one.aliases)
    kept = [one.facets(row)["kind"] for row in facts.rows(one.table).values() if row.kind == "DaemonSet"]
    assert kept
    assert set(kept) == {one.limits["ds"]["kind"]}


def test_every_pane_sorts_by_one_of_its_columns_and_fits_eighty_cells_without_the_wide_ones() -> None:
    for one in PANES:
        assert one.sort in {column.title for column in one.columns}
        assert sum(not column.wide and column.hide_below <= 80 for column in one.columns) <= 9


def test_keys_of_actions_are_unique_in_a_pane() -> None:
    for one in PANES:
        keys = [action.key for action in one.actions if action.key]
        assert len(keys) == len(set(keys)), one.name
        assert len({action.id for action in one.actions}) == len(one.actions)


async def test_a_jump_leads_to_rows_that_have_its_facets(facts: StoreFacts) -> None:
    for one in PANES:
        for jump in one.jumps:
            target, led = pane(jump.pane), 0
            for thing in facts.rows(one.table).values():
                wanted = jump.facets(thing, facts)
                if wanted is not None:
                    led += any(
                        wanted.items() <= target.facets(other).items() for other in facts.rows(target.table).values()
                    )
            if jump.pane != "events":  # few of the recorded things have events
                assert led, (one.name, jump.title)


async def test_the_node_pane_answers_can_go_with_its_reason(facts: StoreFacts) -> None:
    shown = {name: cells(pane("nodes"), view) for name, view in facts.rows(pane("nodes").table).items()}
    assert shown["k8s-master1"]["CAN GO?"] == Cell("no  etcd: 0 of 1 members would be left, quorum 1", Tone.BAD)
    assert shown["node1"]["CAN GO?"].text.startswith("after  2 decisions: pulsar-bookie 2 of 3 while node1 is out")
    assert shown["node1"]["LOCAL"].text == "120Gi"
    assert shown["node1"]["ROLE"].text == "pulsar"


async def test_a_reason_names_its_topic_once(facts: StoreFacts) -> None:
    view = facts.rows(pane("nodes").table)["k8s-master1"]
    lines = [cell.text for section in pane("nodes").describe(view, facts)[:1] for _, cell in section.lines]
    assert "etcd: 0 of 1 members would be left, quorum 1" in lines
    assert Reason(Answer.NO, "zk", "zk 1 of 3 ready").rest == "1 of 3 ready"
    assert str(Reason(Answer.NO, "zk", "ns/zk-1 is alone")) == "zk: ns/zk-1 is alone"


async def test_a_cordoned_node_is_out_only_when_a_run_holds_it() -> None:
    thing = node("n1", unschedulable=True)
    plain = await joined(World().put("nodes", thing))
    view = plain.rows(pane("nodes").table)["n1"] if plain.rows(pane("nodes").table) else None
    thing["metadata"]["annotations"] = {"pilothouse/run": "d-1", "pilothouse/cordoned-by": "oncall"}
    held = await joined(World().put("nodes", thing))
    out = held.rows(pane("nodes").table)["n1"]
    assert view is not None
    assert cells(pane("nodes"), view)["OUT BY"].text == "?"
    assert cells(pane("nodes"), out)["CAN GO?"].text == "out"
    assert cells(pane("nodes"), out)["OUT BY"].text == "oncall"


async def test_a_node_that_is_out_says_since_and_until_when_and_that_it_is_late() -> None:
    thing = node("n1", unschedulable=True)
    marked = {"cordoned-by": "oncall", "out-since": "1970-01-01T00:00:00Z", "out-until": "1970-01-01T00:01:00Z"}
    thing["metadata"]["annotations"] = {"pilothouse/run": "d-1", **{f"pilothouse/{k}": v for k, v in marked.items()}}
    out = (await joined(World().put("nodes", thing))).rows(pane("nodes").table)["n1"]
    text = cells(pane("nodes"), out)["OUT BY"].text
    assert text.startswith("oncall ")
    assert f"until {clock_time(60, seconds=False)}, over" in text


async def test_cordon_and_uncordon_say_why_they_cannot_be_used() -> None:
    facts = await joined(World().put("nodes", node("n1"), node("n2", unschedulable=True)))
    views = facts.rows(pane("nodes").table)
    cordon, uncordon = pane("nodes").actions
    assert (cordon.key, uncordon.key) == ("c", "u")
    assert cordon.when(views["n1"], facts) is None
    assert cordon.when(views["n2"], facts) == "it is cordoned already"
    assert uncordon.when(views["n1"], facts) == "it is not cordoned"
    assert [str(right) for right in cordon.rights(views["n1"])] == ["patch nodes"]


def test_what_cannot_be_undone_is_marked_as_such() -> None:
    destroying = {(one.name, action.id) for one in PANES for action in one.actions if action.effect is Effect.DESTROY}
    assert {("pods", "kill"), ("volumes", "delete-claim"), ("tokens", "revoke"), ("workloads", "delete")} <= destroying


async def test_what_a_pod_uses_stands_beside_it_and_a_dash_where_nobody_measures() -> None:
    world = World().put("pods", member(0, "n1"), member(1, "n1"))
    world.fill(tables.POD_USE, [PodUse("ns/zk-0", 250, 3 * 2**20)])
    one, rows = bound(pane("pods"), world.facts), world.facts.rows(tables.PODS)
    shown = {key: cells(one, thing) for key, thing in rows.items()}
    assert (shown["ns/zk-0"]["CPU"], shown["ns/zk-0"]["MEM"]) == (Cell("250m"), Cell("3Mi"))
    assert (shown["ns/zk-1"]["CPU"], shown["ns/zk-1"]["MEM"]) == (Cell("-", Tone.MUTED), Cell("-", Tone.MUTED))
    lines = dict(next(section.lines for section in one.describe(rows["ns/zk-0"], world.facts)))
    assert lines["uses"] == Cell("250m cores, 3Mi")


def test_a_static_pod_and_one_under_a_blocked_budget_cannot_be_evicted() -> None:
    from tests.plugins.kubernetes.rows import budget

    world = World().put(
        "pods", member(0, "n1"), member(1, "n1", meta={"annotations": {"kubernetes.io/config.mirror": "x"}})
    )
    world.put("poddisruptionbudgets", budget("zk", "zk", healthy=2, desired=2, allowed=0))
    evict = next(action for action in pane("pods").actions if action.id == "evict")
    rows = world.facts.rows(tables.PODS)
    assert evict.when(rows["ns/zk-0"], world.facts) == "budget zk: needs 2 healthy, has 2"
    assert evict.when(rows["ns/zk-1"], world.facts) == "a static pod: its node makes it again from a file"
    assert [str(right) for right in evict.rights(rows["ns/zk-0"])] == ["create pods/eviction in namespace ns"]


async def test_logs_of_a_set_are_those_of_its_members_in_order(facts: StoreFacts) -> None:
    one = pane("stateful")
    assert one.logs is not None
    thing = facts.rows(one.table)["pulsar/StatefulSet/pulsar-zookeeper"]
    assert one.logs.sources(thing, facts) == [f"pulsar-zookeeper-{n}/pulsar-zookeeper" for n in range(3)]


def test_shells_are_offered_in_running_containers_and_ports_are_those_of_the_template() -> None:
    one = pane("pods")
    assert one.shell is not None
    assert one.forward is not None
    spec = {
        "containers": [{"name": "main", "ports": [{"containerPort": 80}, {"containerPort": 53, "protocol": "UDP"}]}]
    }
    thing = row("pods", member(0, "n1", spec=spec))
    facts = World().facts
    assert one.shell.targets(thing, facts) == ["main"]
    assert one.forward.ports(thing, facts) == [80]


@pytest.mark.parametrize(
    ("expiry", "cell"),
    [
        ("", Cell("never expires", Tone.BAD)),
        ("MjAyMy0xMS0xNFQyMjozMDowMFo=", Cell("16 min", Tone.OK)),
        ("MjAyMy0xMS0xNFQyMjowMDowMFo=", Cell("expired", Tone.MUTED)),
        ("bm9uc2Vuc2U=", Cell("unreadable", Tone.BAD)),
    ],
)
def test_the_time_left_of_a_token(expiry: str, cell: Cell) -> None:
    thing = {"metadata": {"name": "bootstrap-token-abc"}, "data": {"expiration": expiry}}
    assert ttl(row("secrets", thing), 1_700_000_000.0) == cell


async def test_the_tile_counts_nodes_and_pods(facts: StoreFacts) -> None:
    made = tile(facts)
    assert (made.up, made.total, made.tone) == (7, 7, Tone.OK)
    down = tile(World().put("nodes", node("n1", ready="Unknown")).facts)
    assert (down.up, down.total, down.tone) == (0, 1, Tone.BAD)
