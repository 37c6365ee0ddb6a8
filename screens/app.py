"""The Textual application: wiring only. Themes, the kernel opened behind the first paint, signals, leaving.

Owns the life of the program in the terminal. Refuses everything else: pages draw, the desk navigates, the kernel does.
This module is on the way to the first paint, so it imports nothing but Textual and what the empty desk needs.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import App
from textual.binding import Binding, BindingType
from textual.dom import DOMNode

from screens.desk import Desk
from screens.glyphs import ASCII
from screens.paint import paint_of
from screens.surviving import Failures, install
from themes import LOOKS

if TYPE_CHECKING:
    from textual.screen import Screen

    from console.runtime import Runtime

_log = logging.getLogger("pilothouse.screens")
WATCH_EVERY = 1.0
"""Seconds between looks whether the terminal is still there: without it, a lost one leaves a process that spins."""
CLOSE_WITHIN = 3.0
_SOON = ("screens.knowing", "screens.pages", "screens.orders")
"""What the first page imports as soon as it is there."""
PATIENCE = 0.3
"""Seconds that the next key waits at most for a widget to use up the one before."""


@dataclass(frozen=True, slots=True)
class Opening:
    """How the program starts. `kernel` is called after the first paint and may raise a ConsoleError, which is shown."""

    kernel: Callable[[], Awaitable[Runtime]]
    theme: str = "dark"
    low_bandwidth: bool = False
    start: str = ""
    """A line as after `:`; empty: the pane of the settings."""
    tour: bool = False


class PilothouseApp(App[None]):
    """The console in a terminal. `PilothouseApp(opening).run()`."""

    TITLE = "pilothouse"
    ENABLE_COMMAND_PALETTE = True
    COMMANDS: ClassVar = {lambda: _provider()}  # pyright: ignore[reportIncompatibleVariableOverride]  # noqa: PLW0108
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+c", "leave", show=False, priority=True)]
    CSS = """
    Toast { max-width: 80%; }
    .-ascii OverviewPage .box { border: ascii $panel-lighten-2; }
    .-ascii Dialog > Vertical { border: ascii $accent; }
    .-ascii #pages > .other, .-ascii #waits, .-ascii #reasons { border-left: ascii $panel-lighten-2; }
    .-ascii DetailPanel { border-left: ascii $panel-lighten-2; }
    .-ascii BoardPage.narrow #waits, .-ascii PlanPage.narrow #reasons { border-left: none; }
    .-ascii BoardPage.narrow #waits, .-ascii PlanPage.narrow #happens { border-top: ascii $panel-lighten-2; }
    .-ascii Toast { border-left: ascii $accent; border-right: none; }
    """

    def __init__(self, opening: Opening) -> None:
        # Read before Textual takes NO_COLOR out of the environment: its filter must be the one that keeps defaults.
        self._first_theme = _theme_name(opening)
        super().__init__(ansi_color=True if self._first_theme == "ansi" else None)
        self._begin_with(self._first_theme)
        install()
        self.failures = Failures()
        self.opening = opening
        self.desk = Desk()
        self.kernel: Runtime | None = None
        self._typed: list[events.Key] = []
        self._on_its_way: events.Key | None = None
        if opening.low_bandwidth:
            self.animation_level = "none"

    def get_default_screen(self) -> Screen[None]:
        return self.desk

    def _begin_with(self, name: str) -> None:
        """Have a theme before anything is styled: setting it later parses all styles three times (20 ms)."""
        for look in LOOKS.values():
            self.register_theme(look.theme)
        self.set_reactive(App.theme, name)
        dark = self.current_theme.dark
        self.update_classes({f"-theme-{name}": True, "-dark-mode": dark, "-light-mode": not dark}, update=False)
        self.stylesheet.set_variables(self.get_css_variables())

    def on_mount(self) -> None:
        self.set_class(paint_of(self).glyphs is ASCII, "-ascii")
        if not self.is_headless:
            self._watch_terminal()
        self.call_after_refresh(self._first_paint_done)

    def _first_paint_done(self) -> None:
        self.desk.start(self._open())

    # -- what goes wrong in our own code

    def survive(self, where: str, error: Exception) -> bool:
        """Say it and go on, once there is a desk that can show anything."""
        if not self.desk.opened:
            return False
        if words := self.failures.told(where, error):
            self.desk.say(words, "error")
        return True

    def _handle_exception(self, error: Exception) -> None:
        """What a timer, a callback or a drawing raised."""
        if not self.survive("the screen", error):
            super()._handle_exception(error)

    # -- the kernel

    async def _open(self) -> None:
        """Open the kernel; what goes wrong is a page with the reason, and a key to try again."""
        from console.errors import ConsoleError

        modules = ("screens.session", "screens.commandbar", _first_page(self.opening), *_SOON)
        ahead = asyncio.to_thread(_import_all, modules)  # so that keys are answered meanwhile
        try:
            self.kernel, _ = await asyncio.gather(self.opening.kernel(), ahead)
        except ConsoleError as error:
            from screens.session import fail

            self.desk.again = self.reopen
            await fail(self.desk, error)
        else:
            from screens.session import attach

            await attach(self.desk, self.kernel, self.opening)

    def reopen(self) -> None:
        """Try to open the kernel again."""
        self.desk.start(self._open())

    async def on_unmount(self) -> None:
        await self.desk.release()
        if self.kernel is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_WITHIN):
                    await self.kernel.aclose()

    # -- keys

    async def on_event(self, event: events.Event) -> None:
        """A key reaches the page that it was typed for: what was typed ahead waits until that page is there."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            self._typed.append(event)
            await self.type_on()
        else:
            await super().on_event(event)

    @property
    def waiting(self) -> bool:
        """Whether a key was typed that nobody has used up yet."""
        return bool(self._typed) or self._on_its_way is not None

    async def type_on(self) -> None:
        """Use the keys that wait, in order. A key waits until the one before was used up, wherever it went."""
        while self._typed and not self.desk.settling and not self._on_its_way:
            key = self._typed.pop(0)
            if self.screen is self.desk and self.desk.take_key(key.key):
                continue
            self._on_its_way = key
            self.set_timer(PATIENCE, lambda key=key: self._arrived(key))
            taker = self.focused or self.screen
            await super().on_event(key)
            self._follow(taker, key)

    def _follow(self, node: DOMNode, key: events.Key) -> None:
        """Walk behind a key, queue by queue, up to the app: then whoever takes it has taken it."""
        if node is self or not isinstance(node.parent, DOMNode):
            self.call_later(self._arrived, key)
        else:
            node.call_later(self._follow, node.parent, key)

    async def _arrived(self, key: events.Key) -> None:
        if self._on_its_way is key:
            self._on_its_way = None
            await self.type_on()

    # -- leaving

    def action_leave(self) -> None:
        """`ctrl-c` and `:q`: the program ends, runs go on."""
        self.desk.leave()

    def _watch_terminal(self) -> None:
        """End in order when the terminal hangs up or goes away without a word (both measured)."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGHUP, signal.SIGTERM):
            loop.add_signal_handler(number, self._told_to_end, signal.Signals(number).name)
        self.set_interval(WATCH_EVERY, self._look_at_terminal)

    def _told_to_end(self, why: str) -> None:
        _log.info("ends: %s", why)
        self.exit()

    def _look_at_terminal(self) -> None:
        if not os.isatty(0):
            self._told_to_end("the terminal is gone")


def _theme_name(opening: Opening) -> str:
    if opening.low_bandwidth or "NO_COLOR" in os.environ:
        return "ansi"
    return opening.theme if opening.theme in LOOKS else "dark"


def _first_page(opening: Opening) -> str:
    return "screens.overview" if opening.start in {"", "overview"} else "screens.browse"


def _import_all(modules: Sequence[str]) -> None:
    from rich.cells import cell_len

    for module in modules:
        importlib.import_module(module)
    cell_len("─")  # reads the table of widths, else while the first rows are painted


def _provider() -> type:
    from screens.palette import CommandProvider

    return CommandProvider
