from __future__ import annotations

import pytest

from plugins.kubernetes.simulator.reading import Page
from tests.plugins.kubernetes.simulator.conftest import Lines, Wire

END = {"k8s.io/initial-events-end": "true"}


async def test_a_watch_from_a_list_tells_what_came_after(wire: Wire) -> None:
    version = (await wire.get("/api/v1/nodes"))["metadata"]["resourceVersion"]
    await wire.patch("/api/v1/nodes/node1", {"metadata": {"labels": {"seen": "yes"}}})
    async with wire.http.stream("GET", "/api/v1/nodes", params={"watch": "1", "resourceVersion": version}) as answer:
        lines = Lines(answer)
        kind, node = await lines.next()
        assert (kind, node["kind"], node["metadata"]["labels"]["seen"]) == ("MODIFIED", "Node", "yes")
        await wire.patch("/api/v1/nodes/node2", {"metadata": {"labels": {"seen": "too"}}})
        kind, node = await lines.next()
        assert (kind, node["metadata"]["name"]) == ("MODIFIED", "node2")
        assert int(node["metadata"]["resourceVersion"]) > int(version)


async def test_a_watch_without_a_version_begins_with_what_is_there(wire: Wire) -> None:
    async with wire.http.stream("GET", "/api/v1/nodes", params={"watch": "true"}) as answer:
        events = await Lines(answer).take(7)
    assert {kind for kind, _ in events} == {"ADDED"}
    assert events[0][1]["metadata"]["name"] == "k8s-master1"


async def test_a_streaming_list_ends_with_the_annotated_bookmark(wire: Wire) -> None:
    asked = {
        "watch": "1",
        "sendInitialEvents": "true",
        "resourceVersionMatch": "NotOlderThan",
        "allowWatchBookmarks": "1",
    }
    async with wire.http.stream("GET", "/api/v1/nodes", params=asked) as answer:
        events = await Lines(answer).take(8)
    assert [kind for kind, _ in events] == ["ADDED"] * 7 + ["BOOKMARK"]
    assert events[-1][1]["metadata"]["annotations"] == END
    assert events[-1][1]["metadata"]["resourceVersion"] == str(wire.simulator.world.store.version)


async def test_an_old_server_refuses_streaming_lists_with_422(wire: Wire) -> None:
    wire.simulator.world.version = "v1.25.4"
    asked = {
        "watch": "1",
        "sendInitialEvents": "true",
        "resourceVersionMatch": "NotOlderThan",
        "allowWatchBookmarks": "1",
    }
    answer = await wire.http.get("/api/v1/nodes", params=asked)
    assert answer.status_code == 422
    assert "sendInitialEvents is forbidden" in answer.json()["message"]


async def test_bookmarks_come_once_a_minute_and_the_time_limit_ends_the_watch(wire: Wire) -> None:
    version = str(wire.simulator.world.store.version)
    asked = {"watch": "1", "resourceVersion": version, "allowWatchBookmarks": "true", "timeoutSeconds": "150"}
    async with wire.http.stream("GET", "/api/v1/namespaces", params=asked) as answer:
        wire.clock.advance(151)
        events = await Lines(answer).rest()
    assert [kind for kind, _ in events] == ["BOOKMARK", "BOOKMARK"]
    assert events[0][1]["kind"] == "Namespace"


async def test_a_version_older_than_the_history_is_410_in_the_stream(wire: Wire) -> None:
    wire.simulator.world.store.forget_history()
    async with wire.http.stream("GET", "/api/v1/pods", params={"watch": "1", "resourceVersion": "5"}) as answer:
        assert answer.status_code == 200
        ((kind, status),) = await Lines(answer).rest()
    assert kind == "ERROR"
    assert (status["code"], status["reason"]) == (410, "Expired")
    assert status["message"].startswith("too old resource version: 5 (")


async def test_a_watch_from_the_future_says_nothing_and_a_list_of_it_is_504(wire: Wire) -> None:
    asked = {"watch": "1", "resourceVersion": "999999999", "timeoutSeconds": "5"}
    async with wire.http.stream("GET", "/api/v1/nodes", params=asked) as answer:
        wire.simulator.cluster.cordon("node1")
        wire.clock.advance(6)
        assert await Lines(answer).rest() == []
    refused = await wire.http.get("/api/v1/pods", params={"resourceVersion": "999999999"})
    assert (refused.status_code, refused.headers["retry-after"]) == (504, "1")
    assert "Too large resource version: 999999999, current: " in refused.json()["message"]


async def test_what_begins_or_ceases_to_match_is_added_or_deleted(wire: Wire) -> None:
    version = str(wire.simulator.world.store.version)
    asked = {"watch": "1", "labelSelector": "mark=x", "resourceVersion": version}
    async with wire.http.stream("GET", "/api/v1/nodes", params=asked) as answer:
        lines = Lines(answer)
        await wire.patch("/api/v1/nodes/node1", {"metadata": {"labels": {"mark": "x"}}})
        await wire.patch("/api/v1/nodes/node1", {"metadata": {"labels": {"other": "y"}}})
        await wire.patch("/api/v1/nodes/node1", {"metadata": {"labels": {"mark": None}}})
        events = await lines.take(3)
    assert [kind for kind, _ in events] == ["ADDED", "MODIFIED", "DELETED"]


async def test_a_deleted_object_comes_with_the_version_of_its_deletion(wire: Wire) -> None:
    version = str(wire.simulator.world.store.version)
    url = "/api/v1/namespaces/kafka/configmaps"
    await wire.http.post(url, json={"metadata": {"name": "brief"}})
    await wire.http.delete(f"{url}/brief")
    async with wire.http.stream("GET", url, params={"watch": "1", "resourceVersion": version}) as answer:
        (_, added), (kind, last) = await Lines(answer).take(2)
    assert kind == "DELETED"
    assert last["metadata"]["uid"] == added["metadata"]["uid"]
    assert int(last["metadata"]["resourceVersion"]) > int(added["metadata"]["resourceVersion"])


async def test_watchers_share_the_encoded_line(wire: Wire) -> None:
    from plugins.kubernetes.simulator.calls import read_call, request
    from plugins.kubernetes.simulator.kinds import NODES
    from plugins.kubernetes.simulator.watching import Watcher

    world = wire.simulator.world
    call = read_call(request("GET", "/api/v1/nodes?watch=1", (), b""))
    assert call is not None
    watchers = [Watcher(world, call, kind=NODES, test=None) for _ in range(2)]
    wire.simulator.cluster.cordon("node1")
    first, second = (watcher.lines[0] for watcher in watchers)
    assert first is second
    for watcher in watchers:
        watcher.end()


async def test_a_client_that_leaves_ends_its_watch(wire: Wire) -> None:
    from plugins.kubernetes.simulator.kinds import LEASES

    store = wire.simulator.world.store
    before = store.listeners(LEASES)
    async with wire.http.stream(
        "GET", "/apis/coordination.k8s.io/v1/leases", params={"watch": "1", "resourceVersion": str(store.version)}
    ):
        assert store.listeners(LEASES) == before + 1
    await wire.get("/version")
    assert store.listeners(LEASES) == before


@pytest.mark.parametrize("form", ["Table", "PartialObjectMetadata"])
async def test_a_watch_speaks_the_form_that_is_asked_for(wire: Wire, form: str) -> None:
    headers = {"Accept": f"application/json;as={form};v=v1;g=meta.k8s.io"}
    async with wire.http.stream("GET", "/api/v1/nodes", params={"watch": "1"}, headers=headers) as answer:
        kind, made = await Lines(answer).next()
    assert (kind, made["kind"]) == ("ADDED", form)


def test_a_page_knows_whether_it_is_the_last() -> None:
    assert Page([], 7).token == ""
