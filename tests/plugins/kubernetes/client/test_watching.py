"""Lists and watches against a scripted server: what the feed is told, and what is asked of the server."""

from __future__ import annotations

import asyncio

import pytest

from console.errors import BadAnswer, Expired, Forbidden, Rejected, ServerFault, Throttled, Unreachable
from plugins.kubernetes.config import Settings
from tests.clock import FakeClock
from tests.plugins.kubernetes.client.parts import bookmark, pod, pod_list
from tests.plugins.kubernetes.client.server import Call, status_object
from tests.plugins.kubernetes.client.session import PODS, following, is_watch, later, line, start


async def test_lists_in_pages_and_shows_each_at_once() -> None:
    async def script(call: Call) -> None:
        if is_watch(call):
            await call.start()
            await call.hold()
        elif "continue" not in call.query:
            await call.reply(pod_list(pod("a"), pod("b"), version=7, token="more"))
        else:
            await call.reply(pod_list(pod("c"), version=7))

    async with following(script, settings=Settings(streaming_lists="never", page_size=10)) as session:
        await session.feed.until(lambda: "heard" in session.feed.calls)
        assert session.feed.calls == ["begin", "add 2", "add 1", "end", "heard"]
        assert set(session.feed.rows) == {"default/a", "default/b", "default/c"}
        first, second, watch = session.server.calls
        assert first.query == {"limit": "10"}
        assert second.query == {"limit": "10", "continue": "more"}
        assert watch.query["resourceVersion"] == "7"
        assert watch.query["allowWatchBookmarks"] == "true"
        assert 240 <= int(watch.query["timeoutSeconds"]) <= 300


async def test_selectors_go_along_with_list_and_watch() -> None:
    async def script(call: Call) -> None:
        if is_watch(call):
            await call.start()
            await call.hold()
        await call.reply(pod_list(version=1))

    async with following(script, labels="app=kafka", fields="spec.nodeName=node1") as session:
        await session.feed.until(lambda: "heard" in session.feed.calls)
        for call in session.server.calls:
            assert call.query["labelSelector"] == "app=kafka"
            assert call.query["fieldSelector"] == "spec.nodeName=node1"


async def test_events_that_arrive_together_are_one_change() -> None:
    async def script(call: Call) -> None:
        if not is_watch(call):
            await call.reply(pod_list(pod("a"), pod("b"), version=5))
            return
        await call.start()
        lines = [("MODIFIED", pod("a", 6, "node2")), ("DELETED", pod("b", 7)), ("ADDED", pod("b", 8, "node3"))]
        lines += [("ADDED", pod("c", 9)), ("DELETED", pod("c", 10))]
        await call.send(b"".join(line(kind, item) for kind, item in lines))
        await call.hold()

    async with following(script) as session:
        await session.feed.until(lambda: "change 2 gone 1" in session.feed.calls)
        assert session.feed.rows == {"default/a": "node2", "default/b": "node3"}


async def test_a_line_may_come_in_pieces() -> None:
    async def script(call: Call) -> None:
        if not is_watch(call):
            await call.reply(pod_list(version=5))
            return
        await call.start()
        whole = line("ADDED", pod("a", 6)) + line("ADDED", pod("b", 7))
        for at in range(0, len(whole), 50):
            await call.send(whole[at : at + 50])
        await call.hold()

    async with following(script) as session:
        await session.feed.until(lambda: len(session.feed.rows) == 2)


async def test_goes_on_where_the_stream_ended() -> None:
    async def script(call: Call) -> None:
        if not is_watch(call):
            await call.reply(pod_list(version=5))
        elif call.query["resourceVersion"] == "5":
            await call.start()
            await call.event("ADDED", pod("a", 6))
            await call.finish()
        elif call.query["resourceVersion"] == "6":
            await call.start()
            await call.event("BOOKMARK", bookmark(90))
            await call.finish()
        else:
            await call.start()
            await call.event("ADDED", pod("b", 91))
            await call.hold()

    async with following(script) as session:
        await session.feed.until(lambda: "default/b" in session.feed.rows)
        assert session.versions() == ["5", "6", "90"]
        assert session.lists() == 1


async def test_a_connection_cut_in_the_middle_of_a_line_loses_nothing() -> None:
    async def script(call: Call) -> None:
        if not is_watch(call):
            await call.reply(pod_list(version=5))
        elif call.query["resourceVersion"] == "5":
            await call.start()
            await call.send(line("ADDED", pod("a", 6)) + line("ADDED", pod("b", 7))[:40])
            call.cut()
        else:
            await call.start()
            await call.event("ADDED", pod("b", 7))
            await call.hold()

    async with following(script) as session:
        await session.feed.until(lambda: "default/b" in session.feed.rows)
        assert session.versions() == ["5", "6"]


@pytest.mark.parametrize("how", ["status", "event"])
async def test_a_lost_position_lists_again_while_the_old_rows_stay(how: str) -> None:
    rows_while_listing: list[set[str]] = []

    async with following(later(lambda: script)) as session:

        async def script(call: Call) -> None:
            if not is_watch(call):
                rows_while_listing.append(set(session.feed.rows))
                second = session.lists() > 1
                await call.reply(pod_list(pod("b" if second else "a"), version=50 if second else 5))
            elif call.query["resourceVersion"] == "50":
                await call.start()
                await call.hold()
            elif how == "status":
                await call.refuse(410, "too old resource version: 5 (40)", reason="Expired")
            else:
                await call.start()
                await call.event("ERROR", status_object(410, "too old resource version: 5 (40)", reason="Expired"))
                await call.finish()

        await session.feed.until(lambda: session.feed.calls[-1:] == ["heard"] and session.lists() == 2)
        assert rows_while_listing == [set(), {"default/a"}]
        assert set(session.feed.rows) == {"default/b"}


async def test_a_position_that_is_always_lost_is_an_error(clock: FakeClock) -> None:
    async def script(call: Call) -> None:
        if is_watch(call):
            await call.refuse(410, "too old")
        else:
            await call.reply(pod_list(pod("a"), version=5))

    async with following(script, clock) as session:
        error = await clock.drive(session.error())
        assert isinstance(error, Expired)
        assert session.lists() == 4


async def test_an_expired_page_token_starts_the_list_over() -> None:
    async def script(call: Call) -> None:
        if is_watch(call):
            await call.start()
            await call.hold()
        elif "continue" in call.query:
            await call.refuse(410, "The provided continue parameter is too old", reason="Expired")
        elif "limit" in call.query:
            await call.reply(pod_list(pod("a"), version=5, token="old"))
        else:
            await call.reply(pod_list(pod("a"), pod("b"), version=9))

    async with following(script) as session:
        await session.feed.until(lambda: "heard" in session.feed.calls)
        assert set(session.feed.rows) == {"default/a", "default/b"}
        assert [("limit" in c.query, "continue" in c.query) for c in session.server.calls if not is_watch(c)] == [
            (True, False),
            (True, True),
            (True, False),
            (True, True),
            (False, False),
        ]
        assert session.versions() == ["9"]


async def test_silence_is_suspect_and_the_watch_is_opened_again() -> None:
    async def script(call: Call) -> None:
        if not is_watch(call):
            await call.reply(pod_list(version=5))
            return
        await call.start()
        await call.hold()

    async with following(script, manner_watch_idle=0.5) as session:
        await session.feed.until(lambda: session.feed.calls.count("heard") >= 2)
        assert session.versions()[:2] == ["5", "5"]
        assert session.lists() == 1


async def test_a_server_that_ends_every_watch_at_once_is_not_hammered() -> None:
    async def script(call: Call) -> None:
        if not is_watch(call):
            await call.reply(pod_list(version=5))
            return
        await call.start()
        await call.finish()

    async with following(script) as session:
        error = await session.error()
        assert isinstance(error, Unreachable)
        assert "ends every watch at once" in str(error)
        assert len(session.versions()) == 5


async def test_one_malformed_object_is_marked_and_the_page_survives() -> None:
    broken = pod("bad")
    broken["spec"] = {"nodeName": 17}

    async def script(call: Call) -> None:
        if is_watch(call):
            await call.start()
            await call.event("MODIFIED", pod("bad", 6))
            await call.hold()
        else:
            await call.reply(pod_list(pod("a"), broken, pod("c"), version=5))

    async with following(script) as session:
        await session.feed.until(lambda: session.feed.notes[-1:] == [""])
        assert session.feed.notes[0].startswith("1 object could not be read, default/bad: ")
        assert set(session.feed.rows) == {"default/a", "default/bad", "default/c"}


async def test_a_malformed_object_in_a_watch_is_marked_and_the_watch_goes_on() -> None:
    broken = pod("bad", 6)
    broken["metadata"]["name"] = ["no", "text"]

    async def script(call: Call) -> None:
        if not is_watch(call):
            await call.reply(pod_list(pod("a"), version=5))
            return
        await call.start()
        await call.send(line("MODIFIED", broken) + line("ADDED", pod("b", 7)))
        await call.hold()

    async with following(script) as session:
        await session.feed.until(lambda: bool(session.feed.notes))
        assert set(session.feed.rows) == {"default/a", "default/b"}
        assert "could not be read" in session.feed.notes[0]


async def test_a_deleted_object_that_cannot_be_read_lists_again() -> None:
    broken = pod("a", 6)
    broken["metadata"]["name"] = 3

    async def script(call: Call) -> None:
        if not is_watch(call):
            first = sum(1 for one in session.server.calls if not is_watch(one)) == 1
            await call.reply(pod_list(*([pod("a")] if first else []), version=5 if first else 8))
            return
        await call.start()
        if call.query["resourceVersion"] == "5":
            await call.event("DELETED", broken)
        await call.hold()

    async with following(later(lambda: script)) as session:
        await session.feed.until(lambda: session.feed.calls.count("end") == 2)
        assert session.feed.rows == {}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b"<html>hello</html>", "not JSON"),
        (b'{"kind":"PodList","metadata":{"resourceVersion":"1"},"items":[{"meta', "ends in the middle"),
        (b"{}", "form of the Kubernetes API"),
        (b'{"kind":"Pod","metadata":{"resourceVersion":"1"}}', "no list but a Pod"),
        (b'{"kind":"PodList","metadata":{},"items":[]}', "no resourceVersion"),
        (b'{"kind":"PodList","metadata":{"resourceVersion":"1"},"items":[{"x":' + b"[" * 100_000, "not JSON"),
        (b'{"kind":"PodList\xff\xfe"}', "not JSON"),
        (b'{"kind":"\\u001b]52;c;aGk=\\u0007","metadata":{"resourceVersion":"1"}}', "no list but a \ufffd]52"),
    ],
)
async def test_an_answer_that_is_no_list_never_empties_the_table(body: bytes, words: str) -> None:
    async def script(call: Call) -> None:
        await call.reply(body)

    async with following(script) as session:
        error = await session.error()
        assert isinstance(error, BadAnswer)
        assert words in str(error)
        assert "\x1b" not in str(error)
        assert "end" not in session.feed.calls


@pytest.mark.parametrize(
    "text", [b"<html>\n", b'{"type":"SURPRISE","object":{}}\n', b'{"type":"ADDED"}\n', b"\xff\xfe\n"]
)
async def test_a_line_that_is_no_event_is_an_error_that_keeps_the_rows(text: bytes) -> None:
    async def script(call: Call) -> None:
        if not is_watch(call):
            await call.reply(pod_list(pod("a"), version=5))
            return
        await call.start()
        await call.send(line("ADDED", pod("b", 6)) + text)
        await call.hold()

    async with following(script) as session:
        assert isinstance(await session.error(), BadAnswer)
        assert "default/a" in session.feed.rows


@pytest.mark.parametrize(
    ("status", "headers", "kind"),
    [
        (429, {"Retry-After": "7"}, Throttled),
        (503, {"Retry-After": "7"}, Throttled),
        (500, {}, ServerFault),
        (403, {}, Forbidden),
        (422, {}, Rejected),
    ],
)
async def test_refusals_are_told_to_the_caller(status: int, headers: dict[str, str], kind: type[Exception]) -> None:
    message = 'nodes is forbidden: User "eve" cannot list resource "nodes" in API group "" at the cluster scope'

    async def script(call: Call) -> None:
        await call.refuse(status, message, headers)

    async with following(script, path="/api/v1/nodes") as session:
        error = await session.error()
        assert type(error) is kind
        if isinstance(error, Throttled):
            assert error.retry_after == 7
        if isinstance(error, Forbidden):
            assert "no right to list nodes in the whole cluster" in str(error)
            assert "on behalf of eve" in str(error)


async def test_a_feed_that_was_complete_is_resumed_after_a_failure() -> None:
    async def script(call: Call) -> None:
        if not is_watch(call):
            await call.reply(pod_list(pod("a"), version=5))
        elif len(session.versions()) == 1:
            await call.start()
            await call.send(line("ADDED", pod("b", 6)) + line("ERROR", status_object(500, "etcd is on holiday")))
            await call.hold()
        else:
            await call.start()
            await call.event("ADDED", pod("c", 7))
            await call.hold()

    async with following(later(lambda: script)) as session:
        error = await session.error()
        assert isinstance(error, ServerFault)
        assert "etcd is on holiday" in str(error)
        again = asyncio.create_task(start(session.api, PODS, session.feed, {}))
        await session.feed.until(lambda: "default/c" in session.feed.rows)
        again.cancel()
        await asyncio.gather(again, return_exceptions=True)
        assert session.lists() == 1
        assert session.versions() == ["5", "6"]
