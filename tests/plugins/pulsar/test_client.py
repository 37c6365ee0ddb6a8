from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from console.errors import Absent, BadAnswer, Forbidden, NotFound, ServerFault, SourceError, Unauthorized, Unreachable
from console.model import Tone
from plugins.pulsar.client import brokers, speaker, web
from plugins.pulsar.client.bookies import under_replicated
from plugins.pulsar.client.members import Member, same_host, which
from plugins.pulsar.client.messages import message_of, shown
from plugins.pulsar.client.web import explain
from plugins.pulsar.doctor import examine
from plugins.pulsar.model import tables, wire
from plugins.pulsar.panes import PANES
from plugins.pulsar.panes.servers import BOOKIES, BROKERS
from plugins.pulsar.panes.spaces import quota, retention
from plugins.pulsar.sources import SOURCES
from tests.plugins.pulsar.ground import Rows, opened, sample


async def test_topics_are_one_request_a_broker_a_cycle(tmp_path: Path) -> None:
    async with opened(tmp_path) as (served, client):
        rows = await client.topics.rows()
        await client.topics.subscriptions()
        await client.topics.consumers()
        await client.namespaces()
        pages = [one for one in served.world.requests if one.endswith("/broker-stats/topics")]
        assert len(pages) == len(served.world.brokers)
        events = next(row for row in rows if row.name == "shop/orders/events")
        assert (events.partitions, events.loaded, events.backlog) == (4, 4, 360)
        quiet = next(row for row in rows if row.name == "test-tenant/test-ns/test-topic")
        assert (quiet.partitions, quiet.loaded, quiet.backlog) == (3, 0, None)


async def test_policies_are_not_asked_again_before_they_are_old(tmp_path: Path) -> None:
    async with opened(tmp_path) as (served, client):
        first = await client.namespaces()
        asked = [one for one in served.world.requests if one.endswith("GET /admin/v2/namespaces/shop/orders")]
        client.admin.kept.forget("namespaces", "topics")
        assert await client.namespaces() == first
        again = [one for one in served.world.requests if one.endswith("GET /admin/v2/namespaces/shop/orders")]
        assert len(asked) == len(again) == 1
        row = next(one for one in first if one.name == "shop/orders")
        assert row.policies is not None
        assert retention(row.policies.retention_policies) == "24 h, 100Mi"
        assert quota(row.policies.backlog_quota_map) == "10Mi producer_request_hold"


async def test_a_broker_that_hangs_says_so_and_the_others_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brokers, "_WITHIN", 3.0)
    async with opened(tmp_path) as (served, client):
        await client.admin.active()
        served.world.fault, served.world.faulty = "hang", frozenset({"broker-1"})
        rows = {row.id: row for row in await client.brokers.rows()}
        hanging, well = (rows[served.world.addresses[one]] for one in ("broker-1", "broker-0"))
        assert "no answer" in hanging.fault
        assert (hanging.ready, hanging.load) == (False, None)
        assert (well.ready, well.fault) == (True, "")


async def test_a_broker_without_an_answer_keeps_its_last_numbers_marked(tmp_path: Path) -> None:
    async with opened(tmp_path) as (served, client):
        before = {row.name: row for row in await client.topics.rows()}
        silent = served.world.addresses["broker-1"]
        served.world.fault, served.world.faulty = "broken", frozenset({"broker-1"})
        client.admin.kept.forget("topics")
        after = {row.name: row for row in await client.topics.rows()}
        lost = [row for row in before.values() if row.broker == silent]
        assert lost
        for row in lost:
            assert after[row.name].silent == f"{silent} does not answer"
            assert after[row.name].backlog == row.backlog, "what was known stays, marked"
        kept = [row for row in before.values() if row.broker == served.world.addresses["broker-0"]]
        assert [after[row.name].silent for row in kept] == [""] * len(kept)


async def test_the_pane_says_who_does_not_answer(tmp_path: Path) -> None:
    async with opened(tmp_path) as (served, client):
        served.world.alive = lambda member: member != "broker-1"
        rows = {row.name: row for row in await client.brokers.rows()}
        assert list(rows) == [served.world.addresses["broker-0"]], "it is not registered any more, and has no pod here"
        assert BROKERS.fault(rows[served.world.addresses["broker-0"]]) is False


@pytest.mark.parametrize(("fault", "error"), [("half", SourceError), ("garbage", BadAnswer), ("broken", ServerFault)])
async def test_bad_answers_are_errors_with_words(tmp_path: Path, fault: str, error: type[SourceError]) -> None:
    async with opened(tmp_path) as (served, client):
        await client.brokers.places()
        served.world.fault = fault
        for ask in (
            client.policies.tenants,
            client.topics.rows,
            lambda: client.admin.get("/admin/v2/clusters", list[str]),
        ):
            with pytest.raises(error) as caught:
                await ask()
            assert caught.value.where


async def test_no_token_and_a_weak_one_are_told_apart(tmp_path: Path) -> None:
    async with opened(tmp_path, token="stranger") as (_, client):
        with pytest.raises(Unauthorized, match="Authentication required"):
            await client.policies.tenants()
    async with opened(tmp_path, token="weak") as (_, client):
        with pytest.raises(Forbidden, match="viewer"):
            await client.policies.tenants()
        with pytest.raises(Forbidden):
            await client.topics.rows()


async def test_a_token_that_is_refused_in_the_middle_is_read_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as (served, client):
        await client.policies.tenants()
        served.world.tokens = {"fresh": "admin"}
        (tmp_path / "token").write_text("fresh", encoding="utf-8")
        client.token._read_at = -1e9  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # as if it were long ago
        assert await client.policies.tenants()


async def test_a_redirection_to_a_stranger_gets_no_token(tmp_path: Path) -> None:
    async with opened(tmp_path) as (served, client):
        topic = "persistent://shop/orders/audit"
        owner = served.world.owner(topic)
        other = next(one for one in served.world.brokers if one != owner)
        heard: list[bytes] = []

        async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            heard.append(await reader.readuntil(b"\r\n\r\n"))
            writer.close()

        stranger = await asyncio.start_server(listen, "127.0.0.2", 0)
        port = stranger.sockets[0].getsockname()[1]
        await client.admin.active()
        served.world.addresses[owner] = f"127.0.0.2:{port}"
        with pytest.raises(BadAnswer, match="no broker of this cluster"):
            await client.admin.get("/admin/v2/persistent/shop/orders/audit/stats", wire.Topic, base=served.url(other))
        assert heard == []
        stranger.close()


async def test_brokers_that_send_each_other_the_same_request_end(tmp_path: Path) -> None:
    async with opened(tmp_path) as (served, client):
        served.world.addresses["broker-1"] = served.world.addresses["broker-0"]
        topic = "persistent://shop/orders/audit"
        served.world.owners[served.world.bundle(topic)] = "broker-1"
        with pytest.raises(BadAnswer, match="circle"):
            await client.admin.get(
                "/admin/v2/persistent/shop/orders/audit/stats", wire.Topic, base=served.url("broker-0")
            )


async def test_a_bookie_that_is_away_is_said_and_not_left_out(tmp_path: Path) -> None:
    async with opened(tmp_path) as (served, client):
        own = {name: one.id for name, one in served.world.bookies.items()}
        served.world.alive = lambda member: member != "bookie-2"
        rows = {row.name: row for row in await client.bookies.rows()}
        lost = rows[served.world.addresses["bookie-2"]]
        assert lost.mode == "away"
        assert lost.fault
        assert lost.free is None
        assert BOOKIES.fault(lost)
        assert [row.mode for row in rows.values() if row is not lost and row.id != own["bookie-2"]] == ["rw", "rw"]


async def test_healthy_is_a_404_with_one_sentence_and_no_other(tmp_path: Path) -> None:
    async with opened(tmp_path) as (served, client):
        assert list(await client.bookies.ledgers()) == []
        served.world.lost = {"812": ["bookie-a:3181", "bookie-b:3181"]}
        rows = await client.bookies.ledgers()
        assert [(row.id, row.missing) for row in rows] == [(812, ("bookie-a:3181", "bookie-b:3181"))]
        assert any("printmissingreplica=true" in one for one in served.world.requests)
        served.world.fault = "garbage"
        served.world.lost = {}
        with pytest.raises(ServerFault, match="not what you asked for"):
            await client.bookies.ledgers()


def test_a_404_of_another_kind_is_unknown() -> None:
    error = explain(404, b"Exception when get under replicated ledgers", {}, "x")
    assert isinstance(error, NotFound)
    assert "No under replicated ledgers found" not in error.what
    assert [row.id for row in under_replicated(b"[3, 4]", "x")] == [3, 4]


def test_refusals_of_real_servers() -> None:
    page = explain(401, sample("unauthorized-no-token.txt"), {}, "x")
    assert isinstance(page, Unauthorized)
    assert page.what == "Authentication required"
    lacking = explain(401, sample("unauthorized-viewer.json"), {}, "x")
    assert isinstance(lacking, Forbidden)
    assert "clientAppId [viewer]" in lacking.what
    moved = explain(307, b"", {"location": "http://a:8080/x"}, "x")
    assert isinstance(moved, web.Redirected)


def test_answers_of_real_servers() -> None:
    load = msgspec.json.decode(sample("broker-stats-load-report.json"), type=wire.LoadReport)
    assert (load.broker_version_string, load.num_bundles) == ("4.0.8", 0)
    policies = msgspec.json.decode(sample("namespace-policies.json"), type=wire.Policies)
    assert retention(policies.retention_policies) == "24 h, 100Mi"
    assert policies.persistence is None
    assert policies.auth_policies is not None
    assert policies.auth_policies.namespace_auth == {"shop-app": ("consume", "produce")}
    assert msgspec.json.decode(sample("bookie-state.json"), type=wire.BookieState).running
    assert msgspec.json.decode(sample("bookie-info.json"), type=wire.BookieSpace).free_space > 0


def test_whose_address_it_is() -> None:
    pod = Member("b-0", "http://b-0.b.ns.svc:8000", pod="b-0", host="b-0.b.ns.svc", address="10.0.0.7")
    assert same_host("b-0.b.ns.svc.cluster.local:3181", pod)
    assert same_host("10.0.0.7:3181", pod)
    assert same_host("http://b-0:8080", pod)
    assert not same_host("b-01.b.ns.svc.cluster.local:3181", pod)
    assert not same_host("b-0", Member("", "http://x"))
    named = Member("h:8001", "http://h:8001", host="h")
    assert which(["h:8000", "h:8001"], named) == "h:8001"
    assert which(["h:1", "h:2"], named) == "", "two on one host: nobody knows which"
    assert which(["h:3181", "g:3181"], named) == "h:3181"


async def test_functions_that_are_not_enabled_are_a_fact(tmp_path: Path) -> None:
    async with opened(tmp_path) as (_, client):
        with pytest.raises(Absent, match="not enabled"):
            await client.functions.rows()
        with pytest.raises(Absent, match="no Pulsar Manager"):
            await client.managers.rows()


def test_a_message_is_shown_harmlessly() -> None:
    told = message_of({"X-Pulsar-Message-ID": "3:1", "X-Pulsar-Partition-Key": "k\x1b[2J"}, b"hello\x1b]52;c;x\x07")
    assert told.id == "3:1"
    assert "\x1b" not in told.line()
    assert shown(b"\xff\x00\x01") == "hex ff 00 01"
    assert shown(b"\xff" * 100).endswith("…")
    assert len(shown(b"x" * 10_000)) == 400


async def test_doctor_says_as_whom_and_what_is_missing(tmp_path: Path) -> None:
    async with opened(tmp_path) as (served, client):
        found = {check.topic.removeprefix("pulsar test "): check for check in await examine(client)}
        assert found["brokers"].text == f"2 answer by {served.url('broker-0')}, Pulsar 4.0.8"
        assert found["bookies"].text == "3 answer"
        assert "file" in found["token"].text
        assert all("sesame" not in check.text for check in found.values())
    async with opened(tmp_path, token="weak") as (_, client):
        found = {check.topic.removeprefix("pulsar test "): check for check in await examine(client)}
        assert found["rights"].found.value == "missing"


async def test_every_pane_draws_every_row(tmp_path: Path) -> None:
    async with opened(tmp_path) as (_, client):
        fetches: dict[Any, Any] = {source.table: source.fetch for source in SOURCES}
        drawn = 0
        for pane in PANES:
            if pane.name in {"pulsar.functions", "pulsar.manager"}:
                continue
            rows: list[Any] = list(await fetches[pane.table](client))
            for row in rows:
                cells = [column.cell(row, time.time()) for column in pane.columns if column.cell is not None]
                assert all(isinstance(cell.tone, Tone) and cell.text for cell in cells), (pane.name, cells)
                assert pane.ref(row).name
                drawn += len(cells)
        assert drawn > 100


async def test_a_broker_has_a_map_of_its_bundles(tmp_path: Path) -> None:
    async with opened(tmp_path) as (_, client):
        rows, bundles = await client.brokers.rows(), await client.brokers.bundles()
        drawn = [dict(BROKERS.describe(row, Rows({tables.BUNDLES: bundles}))[1].lines) for row in rows]
        for name in {one.namespace for one in bundles}:
            lines = [one[name].text for one in drawn if name in one]
            assert {len(line) for line in lines} == {sum(one.namespace == name for one in bundles)}
            assert sum(line.count("█") for line in lines) == len(lines[0]), "each bundle has one owner"


async def test_a_message_goes_there_and_back_by_a_process_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pulsar.py").write_text(_LIBRARY, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    async with opened(tmp_path, service="pulsar://127.0.0.1:6650") as (_, client):
        async with client.speaker.speak("round", "persistent://a/b/c") as lines:
            said = [one async for one in lines]
        assert [(one.ready, one.sent, one.received) for one in said] == [
            (True, False, None),
            (False, True, None),
            (False, False, True),
        ]
        async with client.speaker.speak("tail", "persistent://a/b/c") as lines:
            first, second = await anext(lines), await anext(lines)
        assert first.ready
        assert second.body == b"hello"


async def test_where_the_library_cannot_be_imported_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pulsar.py").write_text("raise ImportError('glibc is too old')", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    async with opened(tmp_path, service="pulsar://127.0.0.1:6650") as (_, client):
        with pytest.raises(speaker.Missing, match="glibc is too old"):
            async with client.speaker.speak("round", "persistent://a/b/c") as lines:
                await anext(lines)


async def test_a_crash_of_the_library_is_an_error_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pulsar.py").write_text("import os\nos.abort()", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    async with opened(tmp_path, service="pulsar://127.0.0.1:6650") as (_, client):
        with pytest.raises(Unreachable, match="ended with code"):
            async with client.speaker.speak("round", "persistent://a/b/c") as lines:
                await anext(lines)


_LIBRARY = """
import time


class FileLogger:
    def __init__(self, level, path): pass


class LoggerLevel:
    Error = 3


class ConsumerType:
    Exclusive = 0


class MessageId:
    latest = -1


class AuthenticationToken:
    def __init__(self, token): self.token = token


class Message:
    def __init__(self, content): self.content = content
    def data(self): return self.content
    def message_id(self): return "(3,1,0,-1)"
    def topic_name(self): return "persistent://a/b/c"
    def publish_timestamp(self): return 1795287060116
    def partition_key(self): return "k"


class Client:
    def __init__(self, url, **options):
        assert options["authentication"].token == "sesame"
        self.sent = []

    def subscribe(self, topic, name, kind): return self
    def create_producer(self, topic): return self
    def create_reader(self, topic, start):
        self.sent.append(b"hello")
        return self

    def send(self, content): self.sent.append(content)
    def receive(self, within): return Message(self.sent.pop())
    def read_next(self):
        while not self.sent:
            time.sleep(0.01)
        return Message(self.sent.pop())

    def acknowledge(self, message): pass
    def unsubscribe(self): pass
    def close(self): pass
"""
