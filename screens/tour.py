"""The guided tour of the demo: a line that says what to try, and goes on when the person did it. Real keys only.

A lesson is done when the desk shows what it asked for; nothing is pressed for the person.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.widgets import Static

from screens.paint import app_of, paint_of

if TYPE_CHECKING:
    from screens.desk import Desk
    from screens.trail import Place

EVERY = 0.3


@dataclass(frozen=True, slots=True)
class Lesson:
    """One step: the key, what it is for, and when it is done. `changes`: a console that only looks leaves it out."""

    key: str
    words: str
    done: Callable[[Place], bool]
    changes: bool = False


def _plan(run: str) -> Callable[[Place], bool]:
    return lambda here: here.kind == "plan" and here.name == run


def _at(kind: str) -> Callable[[Place], bool]:
    return lambda here: here.kind == kind


LESSONS = (
    Lesson(":nodes enter", "every node, and whether it can go", lambda here: here.name == "nodes"),
    Lesson("down, r", "on a node that is safe: plan its drain; nothing changes", _plan("drain")),
    Lesson("s, reason, enter", "start it if it is SAFE; if not, esc", _at("run"), changes=True),
    Lesson("q", "once it ended, or before: a run needs no board", lambda here: here.kind != "run", changes=True),
    Lesson("shift-r", "on the node that is out (:nodes shows it): plan its rejoin", _plan("rejoin"), changes=True),
    Lesson("s, reason, enter", "bring it back", _at("run"), changes=True),
    Lesson(":runs enter", "every run that was; enter opens its board again", lambda here: here.name == "runs"),
    Lesson("?", "every key that works, on any page", _at("help")),
)


def lessons(*, read_only: bool) -> tuple[Lesson, ...]:
    """Those that can be done."""
    return tuple(lesson for lesson in LESSONS if not (read_only and lesson.changes))


class Tour(Static):
    """One line above the footer."""

    DEFAULT_CSS = "Tour { height: 1; padding: 0 1; background: $boost; }"

    def __init__(self, desk: Desk) -> None:
        super().__init__(id="tour")
        self.desk = desk
        self.lessons = lessons(read_only=desk.kernel.settings.read_only)
        self.at = 0

    def on_mount(self) -> None:
        self.draw()
        self.set_interval(EVERY, self.look)

    def look(self) -> None:
        """Go on when the present lesson is done; leave after the last."""
        page = self.desk.page
        if page is None:
            return
        if not self.lessons[self.at].done(page.place):
            return
        self.at += 1
        if self.at < len(self.lessons):
            self.draw()
        else:
            self.desk.say("that was the tour; esc goes back, :q leaves, and ends the sandbox")
            self.remove()

    def draw(self) -> None:
        """The present lesson."""
        paint, lesson = paint_of(app_of(self)), self.lessons[self.at]
        count = f"tour {self.at + 1}/{len(self.lessons)}  "
        self.update(paint.line((count, "muted"), (lesson.key, "key"), f"  {lesson.words}"))


async def begin(desk: Desk) -> None:
    """Show the tour."""
    await desk.mount(Tour(desk), before="#footer")
