"""The detail panel: what a pane's `describe` says of one row, and where one can go from it. Fenced; no I/O."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from console.fence import Fence
from console.model import Tone
from console.plugin import Cell, Facts, Jump, Pane, Section
from screens.paint import app_of, paint_of, steady

_EDGES = 3


def sections_of(pane: Pane[Any], row: Any, facts: Facts, fence: Fence) -> tuple[Section, ...]:
    """All sections of a row: the pane's own, the columns that are not shown elsewhere, and the jumps."""
    described = fence.call(f"{pane.name} describe", (_BROKEN,), _described, pane, row, facts)
    ways = tuple(_way(pane, jump, row, facts, fence) for jump in pane.jumps)
    return (*described, Section("jumps to", ways)) if ways else described


_BROKEN = Section("", (("", Cell("? this row cannot be described; the log file says why", Tone.BAD)),))


def _described(pane: Pane[Any], row: Any, facts: Facts) -> tuple[Section, ...]:
    return tuple(Section(str(section.title), tuple(section.lines)) for section in pane.describe(row, facts))


def _way(pane: Pane[Any], jump: Jump[Any], row: Any, facts: Facts, fence: Fence) -> tuple[str, Cell]:
    facets = fence.call(f"{pane.name} jump {jump.title}", None, jump.facets, row, facts)
    if facets is None:
        return jump.title, Cell("none for this row", Tone.MUTED)
    return jump.title, Cell(" ".join([jump.pane, *(f"{name}={value}" for name, value in facets.items())]), Tone.ACCENT)


class DetailPanel(VerticalScroll, can_focus=True):
    """One row in words. `show` draws again only what differs, and stays where it was scrolled to for the same row."""

    DEFAULT_CSS = """
    DetailPanel { width: 1fr; height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }
    DetailPanel > Static { width: 1fr; height: auto; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[object, ...] = ()
        self._row = ""

    def compose(self) -> ComposeResult:
        yield Static(markup=False)

    def show(self, title: str, sections: Sequence[Section]) -> None:
        """Draw a row's sections; an empty title says that there is no row."""
        width = self.size.width - _EDGES
        if width <= 0:
            return
        paint = paint_of(app_of(self))
        state = (title, tuple(sections), width, id(paint))
        if state == self._shown:
            return
        self._shown = state
        head = paint.line((steady(title) or "no row", "accent"))
        self.query_one(Static).update(paint.lines([head, paint.sections(sections, width)]))
        if title != self._row:
            self._row = title
            self.scroll_home(animate=False)
