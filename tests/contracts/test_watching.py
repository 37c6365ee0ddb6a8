"""Watches: what they begin with, what they tell, bookmarks, and lost positions."""

from __future__ import annotations

import pytest

from tests.contracts.manifests import config_map
from tests.contracts.served import Served

pytestmark = pytest.mark.asyncio(loop_scope="module")

END = {"k8s.io/initial-events-end": "true"}


async def test_a_watch_tells_what_came_after_its_version(served: Served) -> None:
    path = f"{served.space}/configmaps"
    first = await served.make(path, config_map("first", a="1"))
    version = (await served.get(path))["metadata"]["resourceVersion"]
    await served.patch(f"{path}/first", {"data": {"a": "2"}})
    async with served.watching(path, resourceVersion=version) as watch:
        kind, item = await watch.next()
        assert (kind, item["kind"], item["data"]) == ("MODIFIED", "ConfigMap", {"a": "2"})
        assert item["metadata"]["uid"] == first["metadata"]["uid"]
        await served.make(path, config_map("second"))
        kind, item = await watch.next()
        assert (kind, item["metadata"]["name"]) == ("ADDED", "second")
        await served.http.delete(f"{path}/first")
        kind, item = await watch.next()
        assert (kind, item["metadata"]["name"]) == ("DELETED", "first")
        assert int(item["metadata"]["resourceVersion"]) > int(version)


async def test_a_watch_of_a_selector_loses_what_no_longer_fits(served: Served) -> None:
    path = f"{served.space}/configmaps"
    item = config_map("one")
    item["metadata"]["labels"] = {"in": "yes"}
    await served.make(path, item)
    version = (await served.get(path))["metadata"]["resourceVersion"]
    async with served.watching(path, resourceVersion=version, labelSelector="in=yes") as watch:
        await served.patch(f"{path}/one", {"metadata": {"labels": {"in": "no"}}})
        kind, found = await watch.next()
        assert (kind, found["metadata"]["name"]) == ("DELETED", "one")
        await served.patch(f"{path}/one", {"metadata": {"labels": {"in": "yes"}}})
        kind, found = await watch.next()
        assert (kind, found["metadata"]["name"]) == ("ADDED", "one")


async def test_a_streaming_list_ends_with_a_marked_bookmark(served: Served) -> None:
    asked = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan", "allowWatchBookmarks": "true"}
    nodes = await served.get("/api/v1/nodes")
    async with served.watching("/api/v1/nodes", **asked) as watch:
        found = [await watch.next() for _ in nodes["items"]]
        assert {kind for kind, _ in found} == {"ADDED"}
        assert {item["metadata"]["name"] for _, item in found} == {item["metadata"]["name"] for item in nodes["items"]}
        mark = await watch.of("BOOKMARK")
        assert mark["kind"] == "Node"
        assert mark["metadata"]["annotations"] == END
        assert mark["metadata"]["resourceVersion"]


async def test_a_version_that_is_forgotten_is_410(served: Served) -> None:
    await served.forget_history()
    async with served.watching("/api/v1/nodes", resourceVersion="1") as watch:
        assert watch.status in {200, 410}
        if watch.status == 200:
            kind, status = await watch.next()
            assert kind == "ERROR"
            assert (status["kind"], status["code"], status["reason"]) == ("Status", 410, "Expired")
            assert "too old resource version" in status["message"]


async def test_a_watch_ends_when_its_time_is_up(served: Served) -> None:
    version = (await served.get("/api/v1/nodes"))["metadata"]["resourceVersion"]
    path = f"{served.space}/secrets"
    async with served.watching(path, resourceVersion=version, timeoutSeconds="1") as watch:
        try:
            while True:
                kind, _ = await watch.next()
                assert kind in {"ADDED", "BOOKMARK"}
        except StopAsyncIteration:
            return
