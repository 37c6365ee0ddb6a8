"""A pane: the live table of one kind of thing, with its title line, filter, detail panel and the sentences around it.

Owns what a person does to the view of rows (filter, sort, width, pause, copy, save). Acting on rows, logs and jumps
are the page's around it, which hears `Activated`, `Moved` and `Said`. Refuses I/O: files are written by a callback.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, Generic, Protocol, TypeVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from console.clock import SYSTEM_CLOCK, Clock
from console.errors import UsageError
from console.fence import Fence
from console.filtering import parse_filter
from console.format import timestamp
from console.model import Delta, Snapshot, Tone
from console.plugin import Facts, Pane
from screens.glyphs import ASCII
from screens.paint import app_of, paint_of, steady
from screens.pane_messages import Activated, Moved, Said
from screens.sortkeys import sort_letters
from screens.tabletext import csv_of
from screens.titling import Facing, empty_lines
from screens.widgets.detail import DetailPanel, sections_of
from screens.widgets.filterbar import FilterBar
from screens.widgets.ground import Ground
from screens.widgets.table import TICK, LiveTable
from screens.widgets.table_messages import RowActivated, TableChanged
from screens.widgets.topline import TopLine

R = TypeVar("R")
SIDE_BY_SIDE = 120
"""Columns from which the detail panel stands beside the table; under it on narrower panes."""
COPIES = ("name", "row", "cell")
_AGAIN = 3.0


class Source(Protocol[R]):
    """What a pane needs of the store's view."""

    @property
    def snapshot(self) -> Snapshot[R]: ...

    @property
    def facts(self) -> Facts: ...

    def subscribe(self, callback: Callable[[Snapshot[R], Delta], None]) -> Callable[[], None]: ...


Save = Callable[[str, str], str]
"""Writes a text under a proposed file name; returns the sentence to show, raises OSError with the reason."""


class PaneView(Ground, Generic[R]):
    """One pane on the screen. `view` is not closed here: who opened it closes it."""

    DEFAULT_CSS = """
    PaneView { width: 1fr; height: 1fr; }
    PaneView > #rows { width: 1fr; height: 1fr; layout: vertical; }
    PaneView.-side > #rows { layout: horizontal; }
    PaneView DetailPanel { display: none; }
    PaneView.-detail DetailPanel { display: block; height: 2fr; border-top: solid $border-blurred; }
    PaneView.-detail LiveTable { height: 3fr; }
    PaneView.-side.-detail LiveTable { height: 1fr; width: 3fr; }
    PaneView.-side.-detail DetailPanel {
        height: 1fr; width: 2fr; border-top: none; border-left: solid $border-blurred;
    }
    PaneView.-ascii.-detail DetailPanel { border-top: ascii $border-blurred; scrollbar-size-vertical: 0; }
    PaneView.-ascii.-side.-detail DetailPanel { border-top: none; border-left: ascii $border-blurred; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "filter", show=False, id="filter"),
        Binding("d", "describe", "detail", show=False, id="describe"),
        Binding("ctrl+w", "wide", "wide", show=False, id="wide"),
        Binding("ctrl+z", "faults", "faults only", show=False, id="faults"),
        Binding("z", "freeze", "pause", show=False, id="freeze"),
        Binding("O", "next_sort", "sort", show=False, id="sort"),
        Binding("ctrl+s", "save", "save", show=False, id="save"),
        Binding("c", "copy('c')", "copy", show=False),
        Binding("ctrl+y", "copy", "copy", show=False, id="copy"),
        Binding("escape", "back", "back", show=False, id="back"),
    ]

    Activated = Activated
    Moved = Moved
    Said = Said

    def __init__(
        self,
        pane: Pane[R],
        view: Source[R],
        *,
        scope: Mapping[str, str] | None = None,
        clock: Clock = SYSTEM_CLOCK,
        fence: Fence | None = None,
    ) -> None:
        super().__init__()
        self.pane = pane
        self.view = view
        self.fence = fence or Fence()
        self.utc = False
        self.save: Save | None = None
        self.cost: Callable[[], str] = str  # what the system behind the pane is asked now, in words
        self.table: LiveTable[R] = LiveTable(pane, clock, self.fence)
        self.table.contents.scope = dict(scope or {})
        self._clock = clock
        self._stop: Callable[[], None] | None = None
        self._told: tuple[str | None, int] = (None, 0)
        self._paused_at: float | None = None
        self._copied: tuple[float, int, str | None] = (float("-inf"), 0, None)
        self._letters = sort_letters(pane.columns, [action.key for action in pane.actions])
        self._action_keys = frozenset(action.key for action in pane.actions if action.key)

    def compose(self) -> ComposeResult:
        yield TopLine(self.pane.name)
        yield FilterBar()
        with Ground(id="rows"):
            yield self.table
            yield DetailPanel()

    def on_mount(self) -> None:
        self.set_class(paint_of(app_of(self)).glyphs is ASCII, "-ascii")
        self._draw()
        self._stop = self.view.subscribe(self.table.take)
        self.set_interval(TICK, self._draw)

    def on_unmount(self) -> None:
        if self._stop is not None:
            self._stop()

    def on_resize(self) -> None:  # the class only while the panel is open: every widget's style is looked up again
        self.set_class(self.has_class("-detail") and self.size.width >= SIDE_BY_SIDE, "-side")

    # -- what is chosen

    @property
    def selected_key(self) -> str | None:
        """Key of the row under the cursor."""
        return self.table.selected_key

    @property
    def selected(self) -> R | None:
        """The row under the cursor."""
        return self.table.selected

    @property
    def marked(self) -> list[tuple[str, R]]:
        """Marked rows by key, as they are now, in the order in which they are shown."""
        return self.table.marked()

    @property
    def targets(self) -> list[tuple[str, R]]:
        """What an action works on: the marked rows, else the one under the cursor."""
        key, row = self.selected_key, self.selected
        return self.marked or ([(key, row)] if key is not None and row is not None else [])

    @property
    def filter_line(self) -> str:
        """The filter that is in force, as it was typed."""
        return self.table.contents.filter.line

    @property
    def scope(self) -> Mapping[str, str]:
        """Facets that limit the rows."""
        return self.table.contents.scope

    def face(self) -> Facing:
        """All that the words around the rows are made of."""
        contents, snapshot = self.table.contents, self.view.snapshot
        return Facing(
            name=self.pane.name,
            title=self.pane.title.lower() or self.pane.name,
            instance=str(self.view.facts.instance),
            shown=len(contents.order),
            total=len(contents.rows),
            marked=len(self.table.steering.marks),
            state=snapshot.state,
            complete=snapshot.complete,
            taken_at=snapshot.taken_at,
            since=snapshot.since,
            error=snapshot.error,
            note=snapshot.note,
            now=self._clock.now(),
            line=contents.filter.line,
            scope=contents.scope,
            faults_only=contents.faults_only,
            paused_at=self._paused_at,
            utc=self.utc,
            cost=self.cost(),
        )

    # -- words around the rows

    def _draw(self) -> None:
        contents, face = self.table.contents, self.face()
        arrow = self.table.arrow
        self.query_one(TopLine).show(face, f"{arrow}{steady(self.pane.columns[contents.sort].title)}")
        self.table.say_empty(empty_lines(face))
        self._draw_detail()

    def _draw_detail(self) -> None:
        if self.has_class("-detail"):
            key, row = self.selected_key, self.selected
            sections = () if row is None else sections_of(self.pane, row, self.view.facts, self.fence)
            title = "" if row is None else self.fence.call(f"{self.pane.name} ref", key or "", self._ref, row)
            self.query_one(DetailPanel).show(title, sections)

    def _ref(self, row: R) -> str:
        return str(self.pane.ref(row))

    def _own_name(self, row: R) -> str:
        return self.pane.ref(row).name

    @on(TableChanged)
    def _table_changed(self, event: TableChanged) -> None:
        event.stop()
        self._draw()
        told = (self.selected_key, len(self.table.steering.marks))
        if told != self._told:
            self._told = told
            self.post_message(self.Moved(self, self.selected_key, self.selected))

    @on(RowActivated)
    def _row_activated(self, event: RowActivated) -> None:
        event.stop()
        row = self.table.contents.row(event.key)
        if row is not None:
            self.post_message(self.Activated(self, event.key, row))

    def say(self, text: str, tone: Tone = Tone.PLAIN) -> None:
        """One line for the person, shown by whoever holds the pane."""
        self.post_message(self.Said(text, tone))

    # -- settings, also called by the page around

    def set_filter(self, line: str) -> str:
        """Show only rows that pass; returns why it cannot, keeping the old filter, or an empty text."""
        try:
            parsed = parse_filter(line)
        except UsageError as error:
            return error.what
        if parsed.line != self.filter_line:
            self.table.limit(line=parsed)
        return ""

    def set_scope(self, scope: Mapping[str, str]) -> None:
        """Limit the rows by facets; an empty mapping shows all."""
        self.table.limit(scope=scope)

    def sort(self, column: str | int, *, descending: bool | None = None) -> bool:
        """Sort by a column's title or number; again: the other way round. False where there is no such column."""
        titles = [known.title for known in self.pane.columns]
        index = column if isinstance(column, int) else titles.index(column) if column in titles else -1
        if not 0 <= index < len(titles):
            return False
        self.table.sort_by(index, descending=descending)
        return True

    @property
    def sort_keys(self) -> Mapping[str, str]:
        """Which key sorts by which title: `N` -> `NAME`."""
        return {letter: self.pane.columns[index].title for letter, index in self._letters.items()}

    def set_zone(self, *, utc: bool) -> None:
        """Say times in UTC, or in the local zone, from now on."""
        self.utc = utc
        self._draw()

    def escape(self) -> bool:
        """`esc`: takes the filter away, or closes the panel; False when there was nothing to close."""
        bar = self.query_one(FilterBar)
        if bar.is_open or self.filter_line:
            self._leave_filter(cleared=True)
            return True
        if self.has_class("-detail"):
            self.action_describe()
            return True
        return False

    def seek(self, key: str) -> None:
        """Put the cursor on a row as soon as it is there: the way back to where somebody was."""
        if key:
            self.table.seek(key)

    def take_focus(self) -> None:
        """The keyboard goes to the rows."""
        self.table.focus()

    # -- filter

    def action_filter(self) -> None:
        """Open the `/` line."""
        self.query_one(FilterBar).open(self.filter_line)

    @on(FilterBar.Edited)
    def _filter_edited(self, event: FilterBar.Edited) -> None:
        event.stop()
        self.query_one(FilterBar).refuse(self.set_filter(event.line))

    @on(FilterBar.Left)
    def _filter_left(self, event: FilterBar.Left) -> None:
        event.stop()
        self._leave_filter(cleared=event.cleared)

    def _leave_filter(self, *, cleared: bool) -> None:
        if cleared:
            self.set_filter("")
        self.query_one(FilterBar).close()
        self.take_focus()

    # -- keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A key that one of the pane's actions holds is not ours."""
        keys = {"describe": "d", "freeze": "z", "wide": "ctrl+w", "faults": "ctrl+z", "save": "ctrl+s"}
        if action == "back":
            return bool(self.filter_line) or self.has_class("-detail")
        key = parameters[0] if action == "copy" and parameters else keys.get(action)
        return key not in self._action_keys

    def on_key(self, event: events.Key) -> None:
        letter = event.key.removeprefix("shift+").upper() if len(event.key) != 1 else event.key
        if self.table.has_focus and letter in self._letters:
            event.stop()
            event.prevent_default()
            self.sort(self._letters[letter])

    def action_back(self) -> None:
        self.escape()

    def action_describe(self) -> None:
        """Open or close the detail panel."""
        self.toggle_class("-detail")
        self.on_resize()
        self.call_after_refresh(self._draw_detail)

    def action_wide(self) -> None:
        """All columns, or those that fit."""
        self.table.widen(wide=not self.table.wide)

    def action_faults(self) -> None:
        """Only rows with a fault, or all."""
        self.table.limit(faults_only=not self.table.contents.faults_only)

    def action_freeze(self) -> None:
        """Keep the rows as they are, or catch up."""
        paused = self._paused_at is None
        self._paused_at = self._clock.now() if paused else None
        self.table.pause(paused=paused)
        self._draw()

    def action_next_sort(self) -> None:
        """Sort by the next column that is shown."""
        shown = [column.index for column in self.table.ruler.placed] or [0]
        at = shown.index(self.table.contents.sort) if self.table.contents.sort in shown else -1
        self.sort(shown[(at + 1) % len(shown)], descending=False)

    def action_copy(self, _key: str = "") -> None:
        """Copy the row's name; once more its cells; once more the cell of the column that sorts."""
        key, row = self.selected_key, self.selected
        if row is None:
            self.say("there is no row to copy", Tone.WARN)
            return
        (at, turn, last), now = self._copied, self._clock.monotonic()
        turn = (turn + 1) % len(COPIES) if last == key and now - at < _AGAIN else 0
        self._copied = (now, turn, key)
        self.copy(COPIES[turn])

    def copy(self, what: str) -> None:
        """Copy `name`, `row` (tab-separated) or `cell` (of the column that sorts) by OSC 52."""
        if (row := self.selected) is None:
            return
        cells = [steady(cell.text) for cell in self.table.reader.cells(row, self._clock.now())]
        name = self.fence.call(f"{self.pane.name} ref", cells[0], self._own_name, row)
        text = {"name": name, "row": "\t".join(cells), "cell": cells[self.table.contents.sort]}[what]
        app_of(self).copy_to_clipboard(text)
        self.say(f"copied the {what}: {text if len(text) < 60 else text[:59] + '…'}", Tone.OK)  # noqa: PLR2004

    # -- saving

    def action_save(self) -> None:
        """Write the shown rows to a file."""
        self.run_worker(self.save_table(), exclusive=True, group="save", exit_on_error=False)

    async def save_table(self) -> None:
        """Write the shown rows, with the shown columns, as CSV through the callback; says where they are."""
        if self.save is None:
            self.say("nothing here writes files", Tone.WARN)
            return
        text = await csv_of(self.table, self._clock.now())
        name = f"{self.pane.name}-{timestamp(self._clock.now()).replace(':', '')}.csv"
        try:
            self.say(self.save(name, text), Tone.OK)
        except OSError as error:
            self.say(f"{name} was not saved: {error}", Tone.BAD)
