"""Requests are counted where they are sent, and told as so many a second over the last minute."""

from __future__ import annotations

import asyncio

import pytest

from console.errors import SourceError
from console.http import HttpClient, Target
from console.spending import Spending
from tests.clock import FakeClock


async def test_the_rate_is_that_of_the_last_minute(clock: FakeClock) -> None:
    spent = Spending(clock)
    assert (spent.rate, spent.text, spent.total) == (None, "", 0)
    spent.count(5)
    assert spent.text == "", "the first look is no rate"
    for _ in range(12):
        await clock.advance(5)
        spent.count()
    assert spent.total == 17
    assert spent.rate == 12 / 60
    assert spent.text == "0.2 requests/s"
    await clock.advance(58)
    assert spent.text == "<0.1 requests/s"
    await clock.advance(60)
    assert (spent.rate, spent.text) == (0.0, "")


async def test_a_client_counts_what_it_sends_also_when_it_fails() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (await reader.readuntil(b"\r\n\r\n")).startswith(b"GET /fine"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        writer.write(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    spent = Spending()
    client = HttpClient(Target(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", spending=spent))
    await client.request("GET", "/fine")
    await client.request("GET", "/fine")
    assert spent.total == 2
    with pytest.raises(SourceError):
        await client.request("GET", "/bad")
    assert spent.total == 3
    await client.aclose()
    server.close()
