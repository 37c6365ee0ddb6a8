"""The one screen behind all pages: header, one or two pages, command line, footer; keys and background work.

A key goes first to a text field that has the focus, then to the command that holds it (`commands.py`), then to the
focused widget's own bindings (arrows, page keys). The desk does nothing to a cluster and knows no system.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, runtime_checkable

from textual import events
from textual.app import ComposeResult
from textual.geometry import Region
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.strip import Strip

from screens.headline import Headline, parts
from screens.keymap import Keymap
from screens.paint import app_of, paint_of
from screens.trail import Place
from screens.ways import WIDE_ENOUGH, Half, Ways
from screens.widgets.ground import Ground, bare
from screens.widgets.status import FooterLine, HeaderLine

if TYPE_CHECKING:
    from console.forward import Forwards
    from console.runtime import Runtime
    from screens.commands import Command
    from screens.page import Page

T = TypeVar("T")
_log = logging.getLogger("pilothouse.screens")
ALWAYS = ("command", "help")
"""Commands whose keys the footer shows on every page."""
SETTLE = 0.3
"""Seconds for which keys are kept back at most while a command opens something."""
TEXT_KEYS_LET_THROUGH = frozenset({"ctrl+p"})


@runtime_checkable
class TypesAhead(Protocol):
    """A program that keeps keys while the desk settles."""

    async def type_on(self) -> None: ...


class Desk(Screen[None]):
    """See the module. `kernel` is there once `opened` is True; nothing uses it before."""

    DEFAULT_CSS = """
    Desk { layout: vertical; }
    Desk > #pages { height: 1fr; layout: horizontal; }
    Desk > #pages > .other { border-left: solid $panel-lighten-2; }
    """
    kernel: Runtime

    class Done(Message):
        """A command was used; the tour listens."""

        def __init__(self, command: str) -> None:
            super().__init__()
            self.command = command

    def __init__(self) -> None:
        super().__init__()
        self.ways = Ways(self)
        self.opened = False
        self.utc = False
        self.low_bandwidth = False
        self.headline = Headline()
        self.keymap = Keymap()
        self.again: Callable[[], None] | None = None
        self.forwards: Forwards | None = None
        self.marks: dict[Place, frozenset[str]] = {}
        """Keys of marked rows by the pane in which they were marked."""
        self.folded: dict[Place, frozenset[str]] = {}
        """Keys of collapsed rows, likewise."""
        self._questions = 0
        self._kept: list[asyncio.Task[Any]] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._settling: asyncio.Task[Any] | None = None
        self._commands: tuple[Command, ...] | None = None
        self.left: tuple[Command, ...] = ()
        """What could be done on the page from which help was asked for."""

    def compose(self) -> ComposeResult:
        yield HeaderLine(id="header")
        yield Ground(id="pages")
        yield FooterLine(id="footer")

    def render_lines(self, crop: Region) -> list[Strip]:
        return bare(self, crop)

    def on_mount(self) -> None:
        self.draw_lines()

    # -- work in the background, and what it says

    def start(self, work: Coroutine[Any, Any, object]) -> asyncio.Task[Any]:
        """Run something that takes time; what it raises is shown, never lost and never the end of the program."""
        task = asyncio.create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _guarded(self, work: Awaitable[object]) -> None:
        from console.errors import ConsoleError

        try:
            await work
        except ConsoleError as error:
            self.say(str(error), "error")
        except Exception as error:  # noqa: BLE001  # it is logged and said
            _log.error("a page or a plugin failed", exc_info=error)
            from screens.surviving import log_file

            self.say(f"{type(error).__name__}: {error}; {log_file()} has more", "error")

    def stand(self, work: Coroutine[Any, Any, object]) -> asyncio.Task[Any]:
        """Run something that has no end of its own (it follows the kernel); whoever starts it cancels it."""
        return asyncio.create_task(self._guarded(work))

    def keep(self, work: Coroutine[Any, Any, object]) -> None:
        """Follow something for as long as the program runs."""
        self._kept.append(self.stand(work))

    @property
    def outstanding(self) -> int:
        """How much started work has not ended, but for what waits for an answer of the person."""
        return len(self._tasks) - self._questions

    def say(self, text: str, severity: str = "information") -> None:
        """One line for a few seconds: `information`, `warning` or `error`. Foreign text is safe here."""
        level = "error" if severity == "error" else "warning" if severity == "warning" else "information"
        self.notify(text, severity=level, markup=False, timeout=8 if level == "error" else 4)

    def settle(self, task: asyncio.Task[Any]) -> None:
        """Keys wait until this work has ended, asks something, or has taken `SETTLE` seconds."""
        self._settling = task
        task.add_done_callback(self._settled)
        self.set_timer(SETTLE, lambda: self._settled(task))

    def _settled(self, task: asyncio.Task[Any] | None) -> None:
        if self._settling is not None and task in {self._settling, None}:
            self._settling = None
            app = app_of(self)
            if app.is_running and isinstance(app, TypesAhead):
                app.call_next(app.type_on)

    @property
    def settling(self) -> bool:
        """Whether a command is on its way to another page or a question."""
        return self._settling is not None

    def save(self, name: str, text: str) -> str:
        """Write a text into the folder of saved things; the sentence to show. Raises OSError."""
        from console.paths import saved

        return f"saved {saved(name, text)}"

    async def ask(self, question: ModalScreen[T]) -> T | None:
        """Put a question before the desk and wait for the answer; None when it was dismissed."""
        answer: asyncio.Future[T | None] = asyncio.get_running_loop().create_future()
        self._questions += 1
        try:
            await app_of(self).push_screen(question, lambda given: None if answer.done() else answer.set_result(given))
            self._settled(None)
            return await answer
        finally:
            self._questions -= 1

    def leave(self) -> None:
        """End the program; the terminal then says which runs go on without it."""
        from rich.text import Text

        words: list[str] = []
        if self.opened:
            from console.runs import connection_arguments
            from screens.outlook import at_work

            same = "".join(f" {word}" for word in connection_arguments(self.kernel))
            words = [
                f"run {run.id} ({run.kind} {', '.join(run.nodes)}) goes on: pilothouse runs follow {run.id}{same}"
                for run in at_work(self.kernel)
                if run.active
            ]
        app_of(self).exit(message=Text("\n".join(words)) if words else None)

    async def release(self) -> None:
        """End all background work and close what was opened for the person; the program leaves."""
        if self.forwards is not None:
            await self.forwards.aclose()
        for task in [*self._tasks, *self._kept]:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._kept, return_exceptions=True)

    # -- pages

    @property
    def page(self) -> Page | None:
        """The page that has the keyboard."""
        return self.ways.page

    def go(self, place: Place, *, half: Half | None = None) -> None:
        """Show a place, in the present half unless another is named."""
        self.start(self.ways.show(place, half or self.ways.half))

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        number = self.ways.half_of(event.widget)
        if number is not None:
            self.ways.activate(number)

    def on_resize(self) -> None:
        if len(self.ways.halves) > 1 and self.size.width < WIDE_ENOUGH:
            self.start(self.ways.split())
        self.changed()

    # -- commands and keys

    def changed(self) -> None:
        """What can be done, or how things are called, may be different now."""
        self._commands = None
        self.call_later(self.draw_lines)

    def on_page_changed(self) -> None:
        self.changed()

    @property
    def commands(self) -> tuple[Command, ...]:
        """All that can be done now: the page's own first, then the desk's; keys given."""
        if self._commands is None:
            from screens.commands import keyed, looking
            from screens.orders import desk_commands

            own: Sequence[Command] = self.page.commands() if self.page is not None else ()
            found = (*own, *desk_commands(self))
            only_looks = self.opened and self.kernel.settings.read_only
            self._commands = keyed(looking(found) if only_looks else found, self.keymap)
        return self._commands

    def take_key(self, key: str) -> bool:
        """Use a key before any widget sees it; False leaves it to the focused one. A text field keeps its keys."""
        from textual.widgets import Input

        if self.page is None or (isinstance(self.focused, Input) and key not in TEXT_KEYS_LET_THROUGH):
            return False
        return self.press(key)

    def press(self, key: str) -> bool:
        """Use the command on a key; False where no command has it."""
        from screens.commands import by_key
        from screens.keymap import normal

        command = by_key(self.commands, normal(key) if len(key) > 1 else key)
        if command is not None:
            self.run_command(command)
        return command is not None

    def on_footer_line_pressed(self, event: FooterLine.Pressed) -> None:
        self.press(event.key)

    def run_command(self, command: Command) -> None:
        """Do it, or say in one line why it cannot be done."""
        from screens.commands import fenced_why

        reason = fenced_why(command)
        if reason is not None:
            self.say(f"{command.title}: {reason}", "warning")
            return
        made = command.run()
        if asyncio.iscoroutine(made):
            self.settle(self.start(made))
        self.post_message(Desk.Done(command.id))

    # -- lines

    def draw_lines(self) -> None:
        """Header and footer as they are now; writes nothing that is unchanged."""
        now = self.kernel.clock.now() if self.opened else 0.0
        glyphs = paint_of(app_of(self)).glyphs
        for line in self.query_children(HeaderLine).results(HeaderLine):
            line.show(*parts(self.headline, now, self.size.width, glyphs=glyphs))
        if self.page is not None:
            shown = [command for command in self.commands if command.hint and command.key]
            hints = [(c.key, c.key_label, c.title) for c in shown if c.id not in ALWAYS]
            for line in self.query_children(FooterLine).results(FooterLine):
                line.hints(hints, [(c.key, c.key_label, c.title) for c in shown if c.id in ALWAYS])
