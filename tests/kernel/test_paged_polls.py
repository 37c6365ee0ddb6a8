"""A poll may give its rows page after page: each page is there before the next one is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable

from console.clock import SYSTEM_CLOCK
from console.errors import Unreachable
from console.fence import Fence
from console.model import InstanceId, SourceState
from console.plugin import Poll, Table
from console.poller import Poller
from console.store import Store

NAMES = Table[str]("names", lambda row: row)


class Book:
    """Pages that are turned by the test."""

    def __init__(self) -> None:
        self.turn = asyncio.Semaphore(0)
        self.asked = asyncio.Semaphore(0)
        self.pages: list[list[str]] = [["a", "b"], ["c"]]
        self.torn = False

    async def read(self) -> AsyncIterator[Iterable[str]]:
        for page in self.pages:
            self.asked.release()
            await self.turn.acquire()
            if self.torn:
                raise Unreachable("the page is torn")
            yield page


async def test_each_page_is_there_at_once_and_what_was_on_none_is_gone_at_the_end() -> None:
    book = Book()
    store = Store(SYSTEM_CLOCK, Fence())
    rows = store.rows(InstanceId("dummy", "x"), NAMES)
    rows.change(["old"])
    poller = Poller(Poll(NAMES, Book.read, visible=0.0), rows, clock=SYSTEM_CLOCK, fence=Fence())
    task = asyncio.create_task(poller.run(book))
    await book.asked.acquire()
    book.turn.release()
    await book.asked.acquire()
    assert set(rows.live) == {"old", "a", "b"}
    assert not rows.snapshot.complete
    book.turn.release()
    await book.asked.acquire()  # the next round
    assert set(rows.live) == {"a", "b", "c"}
    assert rows.snapshot.complete
    book.torn = True
    book.turn.release()
    for _ in range(20):
        await asyncio.sleep(0)
    assert rows.snapshot.state is SourceState.STALE
    assert set(rows.live) == {"a", "b", "c"}, "half a list takes nothing away"
    task.cancel()
