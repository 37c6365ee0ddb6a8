"""Watches where something is missing: streaming lists, rights, namespaces."""

from __future__ import annotations

import asyncio

import pytest

from console.errors import Forbidden
from plugins.kubernetes.client.watching import follow
from plugins.kubernetes.config import Settings
from tests.clock import FakeClock
from tests.plugins.kubernetes.client.parts import (
    PATIENCE,
    MemoryFeed,
    Pod,
    Row,
    api_for,
    bookmark,
    pod,
    pod_list,
    pod_row,
    row_key,
)
from tests.plugins.kubernetes.client.server import Call, serve
from tests.plugins.kubernetes.client.session import PODS, following, is_watch, later, line


async def test_streaming_lists_are_used_where_they_are_wanted() -> None:
    async def script(call: Call) -> None:
        await call.start()
        if call.query.get("sendInitialEvents") != "true":
            await call.hold()
        assert call.query["resourceVersionMatch"] == "NotOlderThan"
        assert "resourceVersion" not in call.query
        await call.send(line("ADDED", pod("a", 3)) + line("ADDED", pod("b", 4)))
        await call.send(line("BOOKMARK", bookmark(9, ended=True)) + line("DELETED", pod("a", 10)))
        await call.finish()

    async with following(script, streaming="always") as session:
        await session.feed.until(lambda: session.feed.calls[-1:] == ["heard"] and len(session.server.calls) == 2)
        assert [word for word in session.feed.calls if not word.startswith("add")][:2] == ["begin", "end"]
        assert set(session.feed.rows) == {"default/b"}
        assert session.versions() == ["", "10"]


@pytest.mark.parametrize("how", [422, 400, "silence"])
async def test_a_server_without_streaming_lists_is_listed_in_pages_and_remembered(how: int | str) -> None:
    async def script(call: Call) -> None:
        if "sendInitialEvents" in call.query:
            if isinstance(how, int):
                await call.refuse(how, "sendInitialEvents is forbidden for watch unless WatchList is enabled")
                return
            await call.start()
            await call.event("ADDED", pod("a", 3))
            await call.hold()
        elif is_watch(call):
            await call.start()
            await call.hold()
        else:
            await call.reply(pod_list(pod("a"), version=5))

    async with following(script, streaming="always", manner_initial_silence=0.02) as session:
        await session.feed.until(lambda: session.feed.calls[-1:] == ["heard"])
        assert session.lists() == 1
        assert session.versions() == ["", "5"]
        assert not await session.api.streams_lists("always", "", again=True)
        assert await session.api.streams_lists("always", "metrics.k8s.io", again=False)


@pytest.mark.parametrize(("version", "streams"), [("v1.22.17+vendor", False), ("v1.31.9", False), ("v1.34.0", True)])
async def test_a_lost_position_is_found_again_by_a_streaming_list_where_there_are_some(
    version: str,
    streams: bool,  # noqa: FBT001
) -> None:
    async def script(call: Call) -> None:
        if call.path == "/version":
            await call.reply({"gitVersion": version, "major": "1", "minor": version.split(".")[1] + "+"})
        elif "sendInitialEvents" in call.query:
            await call.start()
            await call.send(line("ADDED", pod("b")) + line("BOOKMARK", bookmark(50, ended=True)))
            await call.hold()
        elif call.query.get("resourceVersion") == "5":
            await call.refuse(410, "too old resource version", reason="Expired")
        elif is_watch(call):
            await call.start()
            await call.hold()
        else:
            first = session.lists() == 1
            await call.reply(pod_list(pod("a" if first else "b"), version=5 if first else 50))

    async with following(later(lambda: script), settings=Settings()) as session:
        await session.feed.until(lambda: session.feed.calls.count("end") == 2)
        assert set(session.feed.rows) == {"default/b"}
        assert session.server.paths()[:4] == [f"GET {PODS}", f"GET {PODS}", "GET /version", f"GET {PODS}"]
        assert ("sendInitialEvents" in session.server.calls[3].query) is streams


async def answer_rights(call: Call, how: str) -> None:
    """Somebody who may read pods in kafka and pulsar only; told by the rules, or only one by one."""
    spec = call.json_body["spec"]
    if call.path.endswith("selfsubjectaccessreviews"):
        wanted = spec["resourceAttributes"]
        allowed = wanted.get("namespace") in {"kafka", "pulsar"} and (wanted["verb"], wanted["resource"]) == (
            "list",
            "pods",
        )
        await call.reply({"status": {"allowed": allowed}}, 201)
    elif how == "refused":
        await call.refuse(403, "no rules for you")
    else:
        named = {"verbs": ["list"], "apiGroups": [""], "resources": ["pods"], "resourceNames": ["only-this"]}
        rules = [{"verbs": ["*"], "apiGroups": ["apps"], "resources": ["*"]}, named]
        if spec["namespace"] in {"kafka", "pulsar"} and how == "rules":
            rules.append({"verbs": ["get", "list"], "apiGroups": ["", "apps"], "resources": ["pods", "pods/log"]})
        await call.reply({"status": {"resourceRules": rules, "incomplete": how == "incomplete"}}, 201)


@pytest.mark.parametrize(("how", "reviews"), [("rules", 4), ("incomplete", 8), ("refused", 8)])
async def test_without_the_right_to_all_namespaces_the_allowed_ones_are_watched(how: str, reviews: int) -> None:
    async def script(call: Call) -> None:
        if call.path == PODS:
            message = 'pods is forbidden: User "eve" cannot list resource "pods" in API group "" at the cluster scope'
            await call.refuse(403, message)
        elif call.path == "/api/v1/namespaces":
            names = [{"metadata": {"name": name}} for name in ("default", "kafka", "kube-system", "pulsar")]
            await call.reply({"kind": "NamespaceList", "metadata": {}, "items": names})
        elif "selfsubject" in call.path:
            await answer_rights(call, how)
        elif is_watch(call):
            await call.start()
            if "kafka" in call.path:
                await call.event("ADDED", pod("new", 8, namespace="kafka"))
            await call.hold()
        else:
            namespace = call.path.split("/")[4]
            await call.reply(pod_list(pod("a", namespace=namespace), version=5))

    async with following(script) as session:
        await session.feed.until(lambda: "kafka/new" in session.feed.rows)
        assert set(session.feed.rows) == {"kafka/a", "pulsar/a", "kafka/new"}
        assert session.feed.notes == ["only namespaces kafka, pulsar: no right to list pods in all namespaces"]
        assert sum("selfsubject" in call.path for call in session.server.calls) == reviews


async def test_many_namespaces_are_limited_and_said() -> None:
    async def script(call: Call) -> None:
        if call.path == PODS:
            await call.refuse(403, 'User "eve" cannot list resource "pods" in API group "" at the cluster scope')
        elif call.path == "/api/v1/namespaces":
            names = [{"metadata": {"name": f"n{number:02}"}} for number in range(40)]
            await call.reply({"kind": "NamespaceList", "metadata": {}, "items": names})
        elif "selfsubject" in call.path:
            rules = [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]
            await call.reply({"status": {"resourceRules": rules}}, 201)
        elif is_watch(call):
            await call.start()
            await call.hold()
        else:
            await call.reply(pod_list(version=5))

    async with following(script) as session:
        await session.feed.until(lambda: bool(session.feed.notes))
        (note,) = session.feed.notes
        assert note.startswith("only namespaces default, n00, n01, n02, n03, n04 and 18 more: no right to list pods")
        assert "17 that may be read are left out" in note


async def test_without_the_right_to_watch_the_list_is_repeated(clock: FakeClock) -> None:
    async def script(call: Call) -> None:
        if is_watch(call):
            await call.refuse(403, 'User "eve" cannot watch resource "pods" in API group "" at the cluster scope')
        else:
            await call.reply(pod_list(pod(f"p{session.lists()}"), version=5))

    async with following(later(lambda: script), clock, settings=Settings()) as session:
        await session.feed.until(lambda: bool(session.feed.notes))
        assert session.feed.notes == ["no right to watch pods: listed again every 30 s"]
        await clock.advance(31)
        await session.feed.until(lambda: session.feed.rows.keys() == {"default/p2"})


async def test_without_any_right_the_error_names_the_missing_one() -> None:
    async def script(call: Call) -> None:
        if call.path.endswith("selfsubjectrulesreviews"):
            await call.reply({"status": {"resourceRules": None}}, 201)
        else:
            await call.refuse(403, 'User "eve" cannot list resource "pods" in API group "" at the cluster scope')

    async with following(script) as session:
        error = await session.error()
        assert isinstance(error, Forbidden)
        assert "no right to list pods in the whole cluster" in str(error)


async def test_only_the_namespaces_of_the_settings_are_looked_at() -> None:
    async def script(call: Call) -> None:
        if is_watch(call):
            await call.start()
            await call.hold()
        await call.reply(pod_list(pod("a", namespace=call.path.split("/")[4]), version=5))

    settings = Settings(streaming_lists="never", namespaces=("kafka",), only_namespaces=True)
    async with following(script, settings=settings) as session:
        await session.feed.until(lambda: session.feed.calls[-1:] == ["heard"])
        assert session.feed.rows.keys() == {"kafka/a"}
        assert session.feed.notes == ["only namespaces kafka"]
        assert {call.path for call in session.server.calls} == {"/api/v1/namespaces/kafka/pods"}


async def test_a_position_lost_in_one_namespace_lists_all_of_them_again() -> None:
    async def script(call: Call) -> None:
        namespace = call.path.split("/")[4]
        first = sum(1 for one in session.server.calls if one.path == call.path and not is_watch(one)) == 1
        if not is_watch(call):
            await call.reply(pod_list(pod("a" if first else "b", namespace=namespace), version=5 if first else 9))
        elif namespace == "kafka" and call.query["resourceVersion"] == "5":
            await call.refuse(410, "too old", reason="Expired")
        else:
            await call.start()
            await call.hold()

    settings = Settings(streaming_lists="never", namespaces=("kafka", "pulsar"), only_namespaces=True)
    async with following(later(lambda: script), settings=settings) as session:
        await session.feed.until(lambda: session.feed.calls.count("end") == 2)
        assert set(session.feed.rows) == {"kafka/b", "pulsar/b"}


async def test_a_row_that_cannot_be_made_is_marked_and_the_others_stay() -> None:
    def row(wire: Pod) -> Row:
        if wire.metadata.name == "odd":
            raise ValueError("12 parsecs is no quantity")
        return pod_row(wire)

    async def script(call: Call) -> None:
        if is_watch(call):
            await call.start()
            await call.send(line("ADDED", pod("odd", 6)) + line("ADDED", pod("b", 7)))
            await call.hold()
        await call.reply(pod_list(pod("a"), pod("odd"), version=5))

    async with serve(script) as server:
        api, feed = api_for(server.url), MemoryFeed()
        key = row_key
        task = asyncio.create_task(follow(api, PODS, item=Pod, row=row, key=key, feed=feed))
        await feed.until(lambda: "default/b" in feed.rows)
        assert set(feed.rows) == {"default/a", "default/b"}
        assert feed.notes == ["1 object could not be read, default/odd: ValueError: 12 parsecs is no quantity"]
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await api.aclose()


async def test_the_next_page_is_under_way_while_rows_are_made_and_dropped_with_the_list() -> None:
    asked = asyncio.Event()

    async def script(call: Call) -> None:
        if "continue" in call.query:
            asked.set()
            await call.hold()
        else:
            await call.reply(pod_list(pod("a"), version=5, token="more"))

    async with following(script) as session:
        await session.feed.until(lambda: "default/a" in session.feed.rows)
        async with asyncio.timeout(PATIENCE):
            await asked.wait()
            assert "end" not in session.feed.calls
            session.task.cancel()
            await session.server.calls[1].gone.wait()
