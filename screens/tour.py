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
    """One step: the key, what it is for, and when it is done."""

    key: str
    words: str
    done: Callable[[Place], bool]


LESSONS = (
    Lesson(":nodes enter", "see every node, and whether it can go", lambda here: here.name == "nodes"),
    Lesson("down, then r", "on a node: plan its drain, which changes nothing", lambda here: here.kind == "plan"),
    Lesson("s", "where the verdict is SAFE: start, with a reason; else esc", lambda here: here.kind != "plan"),
    Lesson("q", "leaves a board: the run goes on by itself", lambda here: here.kind != "run"),
    Lesson(":runs enter", "find it again; enter opens its board", lambda here: here.name == "runs"),
    Lesson(":nodes, then shift-r", "on that node: plan its rejoin", lambda here: here.name == "rejoin"),
    Lesson("?", "every key that works, on any page", lambda here: here.kind == "help"),
)


class Tour(Static):
    """One line above the footer."""

    DEFAULT_CSS = "Tour { height: 1; padding: 0 1; background: $boost; }"

    def __init__(self, desk: Desk) -> None:
        super().__init__(id="tour")
        self.desk = desk
        self.at = 0

    def on_mount(self) -> None:
        self.draw()
        self.set_interval(EVERY, self.look)

    def look(self) -> None:
        """Go on when the present lesson is done; leave after the last."""
        page = self.desk.page
        if page is None:
            return
        if not LESSONS[self.at].done(page.place):
            return
        self.at += 1
        if self.at < len(LESSONS):
            self.draw()
        else:
            self.desk.say("that was the tour; esc goes back, :q leaves")
            self.remove()

    def draw(self) -> None:
        """The present lesson."""
        paint, lesson = paint_of(app_of(self)), LESSONS[self.at]
        count = f"tour {self.at + 1}/{len(LESSONS)}  "
        self.update(paint.line((count, "muted"), (lesson.key, "key"), f"  {lesson.words}"))


async def begin(desk: Desk) -> None:
    """Show the tour."""
    await desk.mount(Tour(desk), before="#footer")
