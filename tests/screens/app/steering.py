"""Driving the program as a person does: keys in, text of the screen out; waiting by what is still to do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from textual import events
from textual.pilot import Pilot

from console.config import Settings
from console.runtime import Runtime
from screens.app import Opening, PilothouseApp
from tests.clock import FakeClock
from tests.screens import fleet

ROUNDS = 1500
TICK = 0.005
NAMES = {":": "colon", "/": "slash", " ": "space", "=": "equals_sign", "-": "minus", ".": "full_stop"}
CHARACTERS = {"colon": ":", "slash": "/", "enter": "\r", "space": " ", "minus": "-", "question_mark": "?"}


@dataclass(slots=True)
class Driver:
    """A running program with the scripted fleet behind it."""

    pilot: Pilot[Any]
    app: PilothouseApp
    sea: fleet.Sea
    clock: FakeClock
    heard: dict[str, str] = field(default_factory=dict[str, str])

    async def press(self, *keys: str) -> None:
        """Press keys one after the other, then wait until nothing is left to do."""
        for key in keys:
            self.app.post_message(events.Key(key, CHARACTERS.get(key, key if len(key) == 1 else None)))
            await self.quiet()

    async def type(self, text: str) -> None:
        """Type a text into whatever has the keyboard."""
        for letter in text:
            self.app.post_message(events.Key(NAMES.get(letter, letter), letter))
        await self.quiet()

    async def order(self, line: str) -> None:
        """Type a `:` line and enter."""
        await self.press("colon")
        await self.type(line)
        await self.press("enter")

    async def quiet(self) -> None:
        """Until no key waits, no work is outstanding, and all messages are handled."""
        for _ in range(ROUNDS):
            await self.turn()
            if not self.app.desk.outstanding and not self.app.waiting:
                await self.turn()
                return
            await asyncio.sleep(TICK)
        raise AssertionError(f"the program did not come to rest\n{self.text()}")

    async def until(self, true: Callable[[], bool], what: str = "") -> None:
        """Until something is so; each round lets all messages be handled and the clock move."""
        for _ in range(ROUNDS):
            if true():
                return
            await self.turn()
            await asyncio.sleep(TICK)
        raise AssertionError(f"never came: {what}; said {self.said}\n{self.text()}")

    async def turn(self) -> None:
        """All messages that are there are handled, and the clock moves on a little."""
        self._listen()
        await self.pilot._wait_for_screen()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        await self.clock.advance(0.3)

    @property
    def said(self) -> list[str]:
        """What the program said in one-line messages; they stand for four seconds of the wall's clock, and count on."""
        self._listen()
        return list(self.heard.values())

    def _listen(self) -> None:
        notes = self.app._notifications  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        self.heard |= {note.identity: str(note.message) for note in notes}

    def text(self) -> str:
        """What stands on the screen, line by line."""
        screen = self.app.screen
        lines = screen._compositor.render_strips()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in lines)

    async def sees(self, *words: str) -> None:
        """Wait until all words stand on the screen."""
        await self.until(lambda: all(word in self.text() for word in words), " and ".join(words))


@asynccontextmanager
async def driving(
    *, size: tuple[int, int] = (100, 30), settings: Settings | None = None, start: str = "", **opening: Any
) -> AsyncGenerator[Driver]:
    """The program on a small sea, open and at rest."""
    sea, clock = fleet.sea(), FakeClock()

    async def kernel() -> Runtime:
        return await fleet.opened(settings, clock)

    app = PilothouseApp(Opening(kernel, start=start, **opening))
    async with app.run_test(size=size) as pilot:
        driver = Driver(pilot, app, sea, clock)
        await driver.until(lambda: app.desk.opened and app.desk.page is not None, "an open desk")
        await driver.quiet()
        yield driver
        assert app.failures.seen == []
