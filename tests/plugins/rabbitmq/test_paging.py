"""Long lists: all pages, the pace between them, and rows that slip from one page to another."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from plugins.rabbitmq.client.paging import BETWEEN, Listing


class Page(Struct):
    items: Sequence[str]
    page_count: int
    total_count: int


class Time:
    """Time passes only when somebody sleeps, or when the server works."""

    def __init__(self) -> None:
        self.at = 0.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds


class Server:
    def __init__(self, time: Time, names: list[str]) -> None:
        self.time = time
        self.names = names
        self.takes = 0.0
        self.loses_first_after = 0

    async def page(self, number: int) -> Page:
        self.time.at += self.takes
        answer = Page(self.names[2 * number - 2 : 2 * number], (len(self.names) + 1) // 2, len(self.names))
        if number == self.loses_first_after:
            self.names = self.names[1:]
        return answer


async def read(listing: Listing[str], server: Server) -> list[str]:
    return [row async for rows in listing.pages(server.page, lambda name: name) for row in rows]


async def test_the_first_time_at_once_then_less_than_a_request_a_second() -> None:
    time = Time()
    server = Server(time, list("abcde"))
    listing = Listing[str](time, lambda row: row)
    assert await read(listing, server) == list("abcde")
    assert time.slept == []
    assert await read(listing, server) == list("abcde")
    assert time.slept == [BETWEEN, BETWEEN]


async def test_a_slow_server_is_left_alone_for_longer() -> None:
    time = Time()
    server = Server(time, list("abcd"))
    listing = Listing[str](time, lambda row: row)
    await read(listing, server)
    server.takes = 2.0
    await read(listing, server)
    assert time.slept == [6.0]


async def test_a_row_that_slips_to_a_page_already_read_is_not_lost() -> None:
    time = Time()
    server = Server(time, list("abcdef"))
    listing = Listing[str](time, lambda row: row)
    await read(listing, server)
    server.loses_first_after = 1
    met = await read(listing, server)
    assert sorted(met) == list("abcdef"), "c moved to the first page while the second was asked for"
    server.loses_first_after = 0
    assert sorted(await read(listing, server)) == list("bcdef"), "what was lent once is gone when it is not met again"
