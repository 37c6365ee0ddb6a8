"""The live table: any number of rows, of which only the visible lines exist, and only changed cells are painted.

Owns lines and layout of one pane's rows; keys and mouse are in `navigation`. It scrolls by itself, since a change of
`virtual_size` would lay out and repaint the whole pane for every row that comes or goes. Refuses I/O, and to know any
system.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.timer import Timer

from console.clock import Clock
from console.fence import Fence
from console.filtering import Filter
from console.model import Delta, Snapshot, SourceState
from console.plugin import Cell, Pane, Table
from screens.paint import Paint, app_of, paint_of
from screens.widgets.columns import Measured, place, widened, widths
from screens.widgets.contents import Contents
from screens.widgets.freshness import Freshness
from screens.widgets.ground import filtered
from screens.widgets.lines import Drawn, LineLook, Ruler, difference, finish, header_segments, row_segments, tail
from screens.widgets.navigation import Navigation
from screens.widgets.reading import Reader
from screens.widgets.steering import Steering, thumb

R = TypeVar("R")
TICK = 10.0
"""Seconds between looks at the ages of visible rows."""
MEASURE_EVERY = 1.0
_CACHED = 512
_SAMPLED = 120


class LiveTable(Navigation[R], can_focus=True):
    """Rows of one pane. Feed it with `take`; it tells of choices by messages (`screens.widgets.table_messages`)."""

    DEFAULT_CSS = """
    LiveTable { height: 1fr; width: 1fr; }
    """

    def __init__(self, pane: Pane[R], clock: Clock, fence: Fence | None = None) -> None:
        super().__init__()
        self.pane = pane
        self.reader = Reader(pane, fence or Fence())
        self.contents = Contents(self.reader, lambda: self._now)
        self.steering = Steering()
        self.ruler = Ruler(pane.columns, (), 0)
        self.wide = False
        self.calm = False
        """Whether changes go unmarked, for slow links: a mark is painted twice."""
        self.header = True
        self._clock = clock
        self._now = clock.now()
        self._fresh = Freshness(clock)
        self._measured: list[Measured] = [Measured()] * len(pane.columns)
        self._measured_at = float("-inf")
        self._layout = 0
        self._lines: dict[str, Drawn[R]] = {}  # Textual's caches keep the first value of a key for ever
        self._painted: list[Strip] = []
        self._titles: tuple[tuple[int, int, bool], Strip] | None = None
        self._paint: tuple[Paint, Style] | None = None
        self._rest: asyncio.Task[None] | None = None
        self._sought: str | None = None
        self._words: tuple[Cell, ...] = ()
        self._later: dict[str, Timer] = {}

    @property
    def busy(self) -> bool:
        """Whether slices of work are outstanding."""
        return self._rest is not None

    # -- rows

    def take(self, snapshot: Snapshot[R], delta: Delta) -> None:
        """A publication of the source; called on the event loop."""
        known = self.contents.snapshot.complete
        self.contents.take(snapshot, delta)
        self.steering.unmark(delta.removed)
        if self.steering.recalled and snapshot.complete:
            self.steering.recall(snapshot.rows)
        if known and not self.contents.paused and not self.calm:
            self._notice(snapshot, delta)
        self.proceed()

    def take_beside(self, of: Table[Any], delta: Delta) -> None:
        """Rows of a table that columns look into changed. They change often and all together: nothing is marked."""
        self._lines.clear()
        if self.pane.columns[self.contents.sort].of is of:
            self.contents.touch(delta.touched)
        self.proceed()

    def sort_by(self, column: int, *, descending: bool | None = None) -> None:
        """Sort by a column; the one that sorts already is turned round."""
        if descending is None:
            descending = column == self.contents.sort and not self.contents.descending
        self.contents.sort_by(column, descending=descending)
        self.proceed()

    def limit(
        self,
        *,
        line: Filter | None = None,
        scope: Mapping[str, str] | None = None,
        faults_only: bool | None = None,
    ) -> None:
        """Show only some rows; None leaves a setting as it is."""
        self.contents.limit(line=line, scope=scope, faults_only=faults_only)
        self.proceed()

    def fold(self, keys: Iterable[str], *, folded: bool) -> None:
        """Hide what stands beneath these rows of a tree, or show it."""
        self.contents.fold(keys, folded=folded)
        self.proceed()

    def pause(self, *, paused: bool) -> None:
        """Freeze the rows, or catch up."""
        self.contents.pause(paused=paused)
        self.proceed()

    def widen(self, *, wide: bool) -> None:
        """Show all columns, or those that fit."""
        self.wide = wide
        self._place()
        self.repaint()

    def show_header(self, *, shown: bool) -> None:
        """Show or hide the line of titles."""
        self.header = shown
        self.redraw()

    def say_empty(self, words: tuple[Cell, ...]) -> None:
        """What stands where no rows are."""
        if words != self._words:
            self._words = words
            self.repaint()

    @property
    def arrow(self) -> str:
        """Which way the table is sorted."""
        glyphs = self._brush()[0].glyphs
        return glyphs.down if self.contents.descending else glyphs.up

    def proceed(self) -> None:
        """Do a slice of what there is to do, and show it; or come back for the rest, and show that."""
        if self.contents.work():
            self.settle()
        elif self._rest is None:
            # A task, since the widget's own message queue would be worked off without letting go of the loop.
            self._rest = asyncio.get_running_loop().create_task(self._go_on())

    async def _go_on(self) -> None:
        try:
            done = False
            while not done:
                await asyncio.sleep(0)
                done = self.contents.work()
            await asyncio.sleep(0)  # painting is a slice of its own
        finally:
            self._rest = None
        self.settle()

    def on_unmount(self) -> None:
        if self._rest is not None:
            self._rest.cancel()

    def settle(self) -> None:
        """Rows may have moved: keep the cursor on its row and its place, then paint what differs."""
        self.steering.follow(self.contents.order, self.body)
        self._find()
        self._measure()
        self.repaint()
        self.tell()

    def seek(self, key: str) -> None:
        """Put the cursor on a row as soon as it is there, unless a person moves it first."""
        self._sought = key
        self._find()

    def _find(self) -> None:
        at = None if self._sought is None or self.steering.held else self.contents.order.index_of(self._sought)
        if at is not None:
            self._sought = None
            self.steering.go(self.contents.order, self.body, at)

    def _notice(self, snapshot: Snapshot[R], delta: Delta) -> None:
        """Remember which cells of drawn rows are new or different, to mark them for a while."""
        changes: dict[str, frozenset[int]] = {}
        for key in delta.changed:
            known = self._lines.get(key)
            if known is not None and key in snapshot.rows:
                before = known.cells
                cells = self._cells(key, snapshot.rows[key], known.now)
                changes[key] = frozenset(at for at, cell in enumerate(cells) if cell != before[at])
        self._fresh.mark(changes, delta.added, len(self.pane.columns))
        self._arm_fading()

    # -- time

    def on_mount(self) -> None:
        self.set_interval(TICK, self.tick)
        app_of(self).theme_changed_signal.subscribe(self, lambda _theme: self.redraw())

    def tick(self) -> None:
        """Ages moved on: paint the visible cells whose text changed."""
        self._now = self._clock.now()
        self.repaint()

    def _arm_fading(self) -> None:
        due = self._fresh.due()
        if due is not None and "fade" not in self._later and self.is_attached:
            self._later["fade"] = self.set_timer(due, self.fade)

    def fade(self) -> None:
        """Marks of new and changed cells whose time is over go."""
        self._later.pop("fade", None)
        self._fresh.expire()
        self.repaint()
        self._arm_fading()

    # -- layout

    @property
    def body(self) -> int:
        return max(0, self.size.height - self.header)

    def on_resize(self) -> None:
        self._place()
        self.steering.follow(self.contents.order, self.body)
        self.redraw()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._painted = []
        self._titles = None
        self._paint = None

    def redraw(self) -> None:
        """Draw everything again: another theme, another size."""
        self._layout += 1
        self._painted = []
        self._titles = None
        self._paint = None
        self.refresh()

    def _place(self) -> None:
        """Place the columns anew; every line is drawn again, and painted where it differs."""
        room = max(0, self.size.width - 1)
        placed = place(self.pane.columns, self._measured, room, wide=self.wide)
        ruler = Ruler(self.pane.columns, placed, room)
        self.ruler = Ruler(self.pane.columns, placed, room, min(self.ruler.left, ruler.furthest))
        self._layout += 1

    def scroll_sideways(self, by: int) -> None:
        """Move the columns behind the name by so many cells."""
        left = min(max(0, self.ruler.left + by), self.ruler.furthest)
        self.ruler = Ruler(self.pane.columns, self.ruler.placed, self.ruler.room, left)
        self._layout += 1
        self.repaint()

    def _measure(self) -> None:
        """Widen columns for what became visible, at most once a second, so that nothing jumps."""
        if self._clock.monotonic() - self._measured_at >= MEASURE_EVERY:
            self.measure()
        elif "measure" not in self._later and self.is_attached:
            self._later["measure"] = self.set_timer(MEASURE_EVERY, self.measure)

    def measure(self) -> None:
        """Widen columns for the visible rows; the first time for a sample of all."""
        self._later.pop("measure", None)
        order = self.contents.order
        first = not any(column.width for column in self._measured)
        stride = max(1, len(order) // _SAMPLED) if first else 1
        window = range(self.steering.top, min(len(order), self.steering.top + self.body))
        lines = {*window, *(range(0, len(order), stride) if first else ())}
        found = [(2 * order.depth_at(at) + len(tail(order.below(key := order.key_at(at)))), key) for at in lines]
        rows = [(more, key, row) for more, key in found if (row := self.contents.row(key)) is not None]
        if not rows:
            return
        self._measured_at = self._clock.monotonic()
        measured = widened(self._measured, [widths(self._cells(key, row, self._now), more) for more, key, row in rows])
        if measured != self._measured:
            self._measured = measured
            self._place()
            self.repaint()

    # -- lines

    def repaint(self, lines: Iterable[int] | None = None) -> None:
        """Refresh exactly those cells that differ from what was painted: of these lines, or of all that are visible."""
        if len(self._painted) != self.size.height:
            self.refresh()
            return
        dirty: list[Region] = []
        thumbed = self._thumb()
        for y in range(len(self._painted)) if lines is None else lines:
            line = self._line(y, thumbed)
            where = difference(self._painted[y], line)
            if where is not None:
                self._painted[y] = line
                dirty.append(Region(where[0], y, where[1] - where[0], 1))
        if dirty:
            self.refresh(*dirty)

    def render_line(self, y: int) -> Strip:
        if len(self._painted) != self.size.height:
            thumbed = self._thumb()
            self._painted = [self._line(at, thumbed) for at in range(self.size.height)]
        return self._painted[y]

    def render_lines(self, crop: Region) -> list[Strip]:
        """As Textual has it, without what it asks at each paint of a widget that may have borders and opacity."""
        first = self.render_line(crop.y)
        lines = filtered(self, self._painted[crop.y : crop.bottom])
        return lines if crop.width == first.cell_length else [line.crop(crop.x, crop.right) for line in lines]

    def _brush(self) -> tuple[Paint, Style]:
        """Theme and base colours; kept, since Textual walks all ancestors to know them."""
        if self._paint is None:
            self._paint = (paint_of(app_of(self)), self.rich_style)
        return self._paint

    def _line(self, y: int, thumbed: range) -> Strip:
        paint = self._brush()[0]
        index = self.steering.top + y - self.header
        if y < self.header:
            return self._header_line(paint)
        if index < len(self.contents.order):
            return self._row_line(index, paint, beside=y - self.header in thumbed)
        return self._finished(self._empty_line(y - self.header, paint), paint)

    def _header_line(self, paint: Paint) -> Strip:
        drawn = (self._layout, self.contents.sort, self.contents.descending)
        if self._titles is None or self._titles[0] != drawn:
            titles = header_segments(paint, self.ruler, self.contents.sort, descending=self.contents.descending)
            self._titles = drawn, self._finished(titles, paint)
        return self._titles[1]

    def _thumb(self) -> range:
        return thumb(len(self.contents.order), self.body, self.steering.top)

    def _finished(self, segments: list[Segment], paint: Paint, *, over: str = "", beside: bool = False) -> Strip:
        bar = Segment(paint.glyphs.thumb, paint.rich("rule")) if beside else Segment(" ")
        return finish(segments, self.ruler, bar, self._brush()[1], paint.rich(over) if over else None)

    def _empty_line(self, line: int, paint: Paint) -> list[Segment]:
        if len(self.contents.order) or not 1 <= line <= len(self._words):
            return []
        return [Segment("  "), paint.segment(self._words[line - 1], max(0, self.ruler.room - 2))]

    def _row_line(self, index: int, paint: Paint, *, beside: bool) -> Strip:
        key = self.contents.order.key_at(index)
        row = self.contents.row(key)
        if row is None:
            return self._finished([], paint, beside=beside)
        look = self._look(index, key, paint, beside=beside)
        cells = self._cells(key, row, self._now)
        known = self._lines[key]
        if known.layout != self._layout or known.look != look:
            segments = row_segments(paint, self.ruler, cells, look)
            known.strip = self._finished(segments, paint, over=look.over, beside=beside)
            known.layout, known.look = self._layout, look
        return known.strip

    def _cells(self, key: str, row: R, now: float) -> tuple[Cell, ...]:
        """A row's cells at a moment, read once; its line stays where they are the same as before."""
        known = self._lines.get(key)
        if known is None:
            if len(self._lines) >= _CACHED:
                self._lines.clear()
            known = self._lines[key] = Drawn(row, now, self.reader.cells(row, now))
        elif known.row is not row or known.now != now:
            known.read(row, now, self.reader.cells(row, now))
        return known.cells

    def _look(self, index: int, key: str, paint: Paint, *, beside: bool) -> LineLook:
        order = self.contents.order
        depth = order.depth_at(index)
        branch = ""
        if depth:
            goes_on = index + 1 < len(order) and order.depth_at(index + 1) >= depth
            branch = "  " * (depth - 1) + (paint.glyphs.branch if goes_on else paint.glyphs.last)
        return LineLook(
            cursor=key == self.steering.key,
            away=not self.has_focus,
            marked=key in self.steering.marks,
            stale=self.contents.snapshot.state is SourceState.STALE,
            fresh=self._fresh.columns(key),
            branch=branch,
            below=tail(order.hidden(key)),
            beside=beside,
        )
