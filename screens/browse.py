"""The page of a pane: its table, and everything a person can do with the rows, made into commands.

Owns no drawing (that is `pane.py`) and does nothing itself: actions go through `acting.py`, logs, manifests and plans
are places of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace
from textual import events, on
from textual.app import ComposeResult

from console import beside
from console.errors import UsageError
from console.model import Delta, InstanceId, Snapshot, SourceState, Tone
from console.plugin import Action, Jump, Pane, Table
from screens.commands import Command
from screens.granted import Granted
from screens.page import Page
from screens.pane import PaneView
from screens.rows import row_commands
from screens.trail import Place, scoped

if TYPE_CHECKING:
    from console.demand import Want
    from console.store import View
    from screens.desk import Desk

RIGHT = 3
PATIENCE = 1.0
"""Seconds after which what stands beside the rows is asked for, though they have not come."""
APART = 0.03
"""Seconds between two lists that begin: each holds the loop for some milliseconds."""
_FOLDING = "all rows of the tree, or expand all; left and right for the row under the cursor"
_LOUD = {Tone.BAD: "error", Tone.WARN: "warning"}


def _nothing() -> None:
    """There is nothing to end."""


class PanePage(Page):
    """`place.name` is the pane, `place.scope` its facets, `place.subject` the row for the cursor."""

    def __init__(self, desk: Desk, place: Place) -> None:
        super().__init__(desk, place)
        if place.instance is None:
            raise UsageError(f"no instance has a pane `{place.name}`")
        self.instance: InstanceId = place.instance
        self.pane: Pane[Any] = self._declared(place.name)
        self.view: View[Any] = desk.kernel.view(self.instance, self.pane.table)
        self._around: list[Want | View[Any]] = []
        self._read = False
        self.rows = PaneView(self.pane, self.view, scope=place.facets, clock=desk.kernel.clock, fence=desk.kernel.fence)
        self.rows.utc = desk.utc
        self.rows.cost = lambda: desk.kernel.spending(self.instance).text
        self.rows.table.calm = desk.low_bandwidth
        self.rows.save = desk.save
        self.rows.table.steering.recalled = desk.marks.get(self._marked_as, frozenset())
        self.rows.table.contents.fold(desk.folded.get(self._marked_as, ()), folded=True)
        self._granted = Granted(self)
        self._stop: Callable[[], None] = _nothing

    def _declared(self, name: str) -> Pane[Any]:
        for pane in self.desk.kernel.panes(self.instance):
            if pane.name == name:
                return pane
        raise UsageError(f"{self.instance} has no pane `{name}`")

    def compose(self) -> ComposeResult:
        yield self.rows

    def on_mount(self) -> None:
        self.view.subscribe(self._look_around)
        self.set_timer(PATIENCE, self._read_around)
        if self.place.subject:
            self.rows.table.seek(self.place.subject)
        if "namespace" in self.place.facets:
            self._stop = self.view.subscribe(self._judge_word)
        if self.place.filter and (problem := self.rows.set_filter(self.place.filter)):
            self.desk.say(problem, "warning")

    def _look_around(self, snapshot: Snapshot[Any], _delta: Delta) -> None:
        if not self._read and (snapshot.rows or snapshot.state is not SourceState.LOADING):
            self.call_after_refresh(self._read_around)

    def _read_around(self) -> None:
        """Ask for what else the pane needs, once its own rows are painted: a person waits for those."""
        if not self._read and self.is_attached:
            self._read = True
            looks = [partial(self._look_beside, table) for table in beside.tables(self.pane)]
            wants = [partial(self._want, table) for table in self.pane.reads]
            for at, ask in enumerate((*looks, *wants)):
                self.set_timer(at * APART + 0.001, ask)

    def _look_beside(self, table: Table[Any]) -> None:
        view = self.desk.kernel.view(self.instance, table)
        view.subscribe(lambda _snapshot, delta: self.rows.table.take_beside(table, delta))
        self._around.append(view)

    def _want(self, table: Table[Any]) -> None:
        self._around.append(self.desk.kernel.want(self.instance, table))

    def _judge_word(self, snapshot: Snapshot[Any], _delta: Delta) -> None:
        """A word after a pane whose rows have no namespace was no namespace: it becomes the filter."""
        if not snapshot.rows:
            return
        self._stop()
        word, reader = self.rows.scope.get("namespace", ""), self.rows.table.reader
        if word and not any("namespace" in reader.facets(row) for row in snapshot.rows.values()):
            self.rows.set_scope({key: value for key, value in self.rows.scope.items() if key != "namespace"})
            self.rows.set_filter(f"{word} {self.rows.filter_line}".strip())
            self.post_message(self.Changed())

    def zoned(self, *, utc: bool) -> None:
        self.rows.set_zone(utc=utc)

    def on_unmount(self) -> None:
        self.desk.folded[self._marked_as] = self.rows.table.contents.folded
        self._stop()
        self.view.close()
        for other in self._around:
            other.close()

    @property
    def _marked_as(self) -> Place:
        """What marks belong to: the pane as it is limited, whatever its filter, so that none acts out of sight.

        Collapsed rows are remembered by the same name.
        """
        return Place("pane", self.pane.name, self.instance, scoped(self.rows.scope))

    def _keep_marks(self) -> None:
        """Marks outlive the page, for this session."""
        steering = self.rows.table.steering
        if not steering.recalled:
            self.desk.marks[self._marked_as] = frozenset(steering.marks)

    # -- what the desk asks

    def escape(self) -> bool:
        return self.rows.escape()

    def take_focus(self) -> None:
        self.rows.take_focus()

    def here(self) -> Place:
        return replace(
            self.place,
            scope=scoped(self.rows.scope),
            filter=self.rows.filter_line,
            subject=self.rows.selected_key or "",
        )

    def actions(self) -> Sequence[Action[Any]]:
        return self.pane.actions

    def commands(self) -> Sequence[Command]:
        return (*row_commands(self), *self._viewing())

    def _viewing(self) -> tuple[Command, ...]:
        """What changes how the rows are shown."""
        rows = self.rows

        def view(name: str, title: str, run: Callable[[], object], about: str, *, hint: bool = False) -> Command:
            return Command(name, title, run, group="rows", help=about, hint=hint)

        return (
            view("filter", "filter", rows.action_filter, "words, !not, node=x, -l labels, -f fuzzy", hint=True),
            view("describe", "detail", rows.action_describe, "open or close the detail panel", hint=True),
            view("wide", "wide", rows.action_wide, "all columns, or those that fit"),
            view("faults", "faults", rows.action_faults, "only rows with a fault"),
            view("freeze", "pause", rows.action_freeze, "keep the rows as they are, or catch up"),
            view("sort", "sort", rows.action_next_sort, "sort by the next column; shift with a letter sorts by it"),
            view("mark", "mark", rows.table.action_mark, "actions then work on all marked rows"),
            view("mark-range", "mark range", rows.table.action_mark_range, "from the row marked last to here"),
            view("unmark", "unmark", rows.table.action_unmark, "take all marks away"),
            *(
                (view("fold", "collapse", rows.table.action_fold_all, _FOLDING),)
                if self.pane.parent is not None
                else ()
            ),
            view("copy", "copy", rows.action_copy, "the name; again: the row; again: the cell"),
            view("save", "save", rows.action_save, "the shown rows as CSV"),
            *self._namespaces(),
        )

    def _namespaces(self) -> tuple[Command, ...]:
        """0 lifts the limit, 1 to 9 are the favourite namespaces, k9s's numbers."""
        favourites = self.desk.kernel.settings.favourites[:9]
        lift = Command("all-namespaces", "all namespaces", partial(self._limit, ""), key="0", group="rows")
        chosen = [
            Command(f"namespace-{at}", f"namespace {name}", partial(self._limit, name), key=str(at), group="rows")
            for at, name in enumerate(favourites, start=1)
        ]
        return (lift, *chosen)

    def _limit(self, namespace: str) -> None:
        facets: Mapping[str, str] = {**self.rows.scope, "namespace": namespace}
        self.rows.set_scope({key: value for key, value in facets.items() if value})
        self.post_message(self.Changed())

    def on_click(self, event: events.Click) -> None:
        """The right mouse button opens the menu of the row under it."""
        if event.button == RIGHT:
            self.desk.press(self.desk.keymap.key("menu"))

    # -- ways out of here

    def jump(self, jump: Jump[Any], row: Any) -> None:
        """Go where a declared jump leads from this row."""
        facets = self.desk.kernel.fence.call(f"{self.pane.name} jump {jump.title}", None, jump.facets, row, self.facts)
        if facets is None:
            self.desk.say(f"{jump.title}: there is none for this row", "warning")
            return
        self.desk.go(Place("pane", jump.pane, self._owner(jump.pane), scoped(facets)))

    def _owner(self, pane: str) -> InstanceId | None:
        if any(known.name == pane for known in self.desk.kernel.panes(self.instance)):
            return self.instance
        found = self.desk.kernel.find_pane(pane)
        return found[0] if found else None

    @property
    def facts(self) -> Any:
        return self.view.facts

    # -- what the pane tells

    @on(PaneView.Moved)
    def _moved(self, event: PaneView.Moved) -> None:
        event.stop()
        self._keep_marks()
        if self.rows.selected is not None:
            self._granted.look(self.rows.selected)
        self.post_message(self.Changed())

    @on(PaneView.Activated)
    def _activated(self, event: PaneView.Activated) -> None:
        event.stop()
        self.desk.press("enter")

    @on(PaneView.Said)
    def _said(self, event: PaneView.Said) -> None:
        event.stop()
        self.desk.say(event.text, _LOUD.get(event.tone, "information"))
