"""Lines in batches, pages in parts, and compression where the link is slow."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncGenerator
from typing import Any

import msgspec
import pytest

from console.errors import BadAnswer, Unreachable
from console.http import Answer
from plugins.kubernetes.client.connection import Connection
from plugins.kubernetes.client.decode import Decoder
from plugins.kubernetes.client.lines import LineBatches
from tests.clock import FakeClock
from tests.plugins.kubernetes.client.parts import Pod, api_for, pod, pod_list
from tests.plugins.kubernetes.client.server import Call, serve
from tests.values import replace


async def chunks(*pieces: bytes | Exception) -> AsyncGenerator[bytes]:
    for piece in pieces:
        if isinstance(piece, Exception):
            raise piece
        yield piece


async def test_what_arrived_together_comes_together() -> None:
    async with LineBatches(chunks(b"a\nb", b"c\n\nd\n", b"e"), "here") as batches:
        assert await batches.next() == [b"a", b"bc", b"d"]
        assert await batches.next() is None  # half a line is none


async def test_an_error_comes_after_the_lines_before_it() -> None:
    async with LineBatches(chunks(b"a\n", Unreachable("gone")), "here") as batches:
        assert await batches.next() == [b"a"]
        with pytest.raises(Unreachable):
            await batches.next()


async def test_a_line_without_end_is_refused() -> None:
    async with LineBatches(chunks(*[b"x" * 100] * 20), "here", longest=1000) as batches:
        with pytest.raises(BadAnswer, match="one line is longer than 1000 bytes"):
            await batches.next()


async def test_patience_ends() -> None:
    async def silent() -> AsyncGenerator[bytes]:
        await asyncio.Event().wait()
        yield b""

    async with LineBatches(silent(), "here") as batches:
        with pytest.raises(TimeoutError):
            await batches.next(0.01)


def encoded(*items: object) -> bytes:
    return json.dumps(pod_list(*items)).encode()


def test_a_large_answer_is_decoded_in_parts_with_its_broken_objects() -> None:
    bad = pod("bad")
    del bad["metadata"]["name"]
    body = encoded(*(pod(f"p{number}") for number in range(5)), bad, 7)
    parts = list(Decoder(Pod).split(body, size=3))
    assert [len(part.items) for part in parts] == [3, 2, 0]
    assert [one.name for part in parts for one in part.broken] == ["default", "?"]
    assert [part.version for part in parts] == ["1", "1", "1"]


def test_a_page_is_handed_on_in_parts() -> None:
    page = Decoder(Pod).page(encoded(*(pod(f"p{number}") for number in range(5))))
    assert [[one.metadata.name for one in part.items] for part in page.parts(2)] == [["p0", "p1"], ["p2", "p3"], ["p4"]]
    assert list(page.parts(5)) == [page]
    assert [part.items for part in Decoder(Pod).page(encoded()).parts()] == [[]]


def test_an_empty_list_may_be_null() -> None:
    body = msgspec.json.encode(pod_list() | {"items": None})
    assert Decoder(Pod).page(body).items == []
    assert [part.items for part in Decoder(Pod).split(body)] == [[]]


@pytest.mark.parametrize(
    ("mode", "under_way", "asked"),
    [
        ("auto", 1.0, ["identity", "identity", "gzip"]),
        ("auto", 0.001, ["identity", "identity", "identity"]),
        ("always", 0.001, ["gzip", "gzip", "gzip"]),
        ("never", 1.0, ["identity", "identity", "identity"]),
    ],
)
async def test_a_slow_link_is_spared(
    mode: str, under_way: float, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    body = b"x" * 300_000

    async def script(call: Call) -> None:
        if call.headers["Accept-Encoding"] == "gzip":
            await call.reply(gzip.compress(body), headers={"Content-Encoding": "gzip"})
        else:
            await call.reply(body)

    whole = Connection.request

    async def over_a_link(self: Connection, *arguments: Any, **more: Any) -> Answer:
        return replace(await whole(self, *arguments, **more), under_way=under_way)

    monkeypatch.setattr(Connection, "request", over_a_link)
    async with serve(script) as server:
        api = api_for(server.url, FakeClock(), compression=mode)
        for _ in asked:
            assert (await api.connection.fetch("/x")).body == body
        assert [call.headers["Accept-Encoding"] for call in server.calls] == asked
        await api.aclose()
