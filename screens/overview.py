"""The overview: is anything lost, is anything one step from loss, who is doing what, how old is what I see.

A tile a system, the worst findings, nodes out and runs. Redrawn at most four times a second, and only what differs.
Number keys open the panes; everything else is one key away.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static

from console.format import age, until_words
from console.model import Finding, InstanceId, Severity, SourceState, Tone
from console.own import RunRow
from console.plugin import Cell
from screens.commands import Command
from screens.dialogs import title_box
from screens.outlook import Declared, Panel, at_work, declared, panels
from screens.page import Page
from screens.paint import Paint, app_of, paint_of
from screens.trail import Place

if TYPE_CHECKING:
    from collections.abc import Callable

    from console.demand import Want
    from screens.desk import Desk

COALESCE = 0.25
SHOWN = 12
NUMBERED = ("nodes", "stateful", "pods", "workloads", "volumes", "budgets", "services", "events")
_SEVERITY = {
    Severity.CRITICAL: ("critical", Tone.BAD),
    Severity.HIGH: ("high", Tone.BAD),
    Severity.WARNING: ("warn", Tone.WARN),
    Severity.INFO: ("info", Tone.MUTED),
}


class OverviewPage(Page):
    """See the module."""

    can_focus = True
    DEFAULT_CSS = """
    OverviewPage { layout: vertical; }
    OverviewPage .box { border: round $panel-lighten-2; height: auto; padding: 0 1; border-title-color: $accent; }
    OverviewPage #systems { max-height: 60%; }
    OverviewPage #lower { height: 1fr; }
    OverviewPage #causes { width: 2fr; height: 100%; }
    OverviewPage #out { width: 1fr; height: 100%; }
    OverviewPage.narrow #lower { layout: vertical; }
    OverviewPage.narrow #causes { width: 1fr; height: 1fr; }
    OverviewPage.narrow #out { width: 1fr; height: auto; }
    """

    def __init__(self, desk: Desk, place: Place) -> None:
        super().__init__(desk, place)
        self._wants: list[Want] = []
        self._parts: dict[InstanceId, Declared] = {}
        self._soon: Timer | None = None

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="box", id="systems", can_focus=False):
            yield Static(id="systems-text")
        with Horizontal(id="lower"):
            with VerticalScroll(classes="box", id="causes", can_focus=False):
                yield Static(id="causes-text")
            with VerticalScroll(classes="box", id="out", can_focus=False):
                yield Static(id="out-text")

    def on_mount(self) -> None:
        for name, title in (("systems", "systems"), ("causes", "causes"), ("out", "out and running")):
            title_box(self.query_one(f"#{name}"), title)
        self.draw()
        self.stand(self._follow())

    def on_unmount(self) -> None:
        for want in self._wants:
            want.close()

    def on_resize(self) -> None:
        self.set_class(self.size.width < 100, "narrow")  # noqa: PLR2004  # columns
        self._draw_later()

    async def _follow(self) -> None:
        kernel = self.desk.kernel
        await kernel.judge()
        while True:
            for instance in [one for one in kernel.instances if one.id not in self._parts]:
                part = self._parts[instance.id] = await declared(kernel, instance.id)
                self._wants += [kernel.want(instance.id, table) for table in part.reads]
            self._draw_later()
            await kernel.changed()

    def _draw_later(self) -> None:
        if self._soon is None:
            self._soon = self.set_timer(COALESCE, self.draw)

    def draw(self) -> None:
        """All three boxes as they are now."""
        self._soon = None
        if not self.is_attached:
            return
        kernel, paint = self.desk.kernel, paint_of(app_of(self))
        now = kernel.clock.now()
        self._put("systems", [system_line(paint, panel, now) for panel in panels(kernel, self._parts)])
        found = kernel.triage.findings
        lines = [line for finding in found[:SHOWN] for line in finding_lines(paint, finding, now)]
        if len(found) > SHOWN:
            lines.append(paint.line((f"and {len(found) - SHOWN} more", "muted")))
        self._put("causes", lines or [paint.line(Cell("nothing is known to be wrong", Tone.OK))])
        runs = [line for run in at_work(kernel) for line in run_lines(paint, run, now)]
        self._put("out", runs or [paint.line(("no node is out, nothing runs", "muted"))])

    def _put(self, box: str, lines: Sequence[Content]) -> None:
        self.fill(f"{box}-text", Content("\n").join(lines))

    def commands(self) -> Sequence[Command]:
        names: dict[str, str] = {}
        for instance in self.desk.kernel.instances:
            for pane in self.desk.kernel.panes(instance.id):
                names.setdefault(pane.name, pane.title)
        first = [name for name in NUMBERED if name in names]
        order = [*first, *(name for name in names if name not in {*first, "runs"}), "runs"]
        keys = {"runs": "R", **{name: str(at) for at, name in zip(range(1, 10), order, strict=False)}}
        return [
            Command(f"open-{name}", name, self._opener(name), key=keys.get(name, ""), hint=name in keys, group="panes")
            for name in order
        ]

    def _opener(self, name: str) -> Callable[[], object]:
        from screens.session import obey

        return lambda: obey(self.desk, name)


def system_line(paint: Paint, panel: Panel, now: float) -> Content:
    """One line of a system: state, members, up to four short facts, and its age where it is not live."""
    if panel.tile is None:
        word = "not reached: " + panel.error if panel.error else "asking"
        tone = Tone.BAD if panel.error else Tone.BUSY
        return paint.line(Cell(panel.title, tone), "  ", (word, tone.value))
    tile = panel.tile
    members = f"  {tile.up}/{tile.total}" if tile.total else ""
    parts = [Cell(panel.title, tile.tone), members]
    for cell in tile.lines:
        parts += ["  ", cell]
    if panel.state is not SourceState.LIVE:
        parts += ["  ", (f"stale since {age(panel.since, now)}: {panel.error}", "stale")]
    return paint.line(*parts)


def finding_lines(paint: Paint, finding: Finding, now: float) -> list[Content]:
    """A finding: how bad, on what, what, since when; then the first evidence."""
    word, tone = _SEVERITY[finding.severity]
    since = f"  since {age(finding.since, now)}" if finding.since else ""
    lines = [paint.line(Cell(f"{word:<8}", tone), f" {finding.subject}  ", (finding.title, "title"), (since, "muted"))]
    if finding.evidence:
        lines.append(paint.line((f"           {finding.evidence[0]}", "muted")))
    return lines


def run_lines(paint: Paint, run: RunRow, now: float) -> list[Content]:
    """A run, or a node that is out: who, since when, why, and what it waits for."""
    nodes = ", ".join(run.nodes)
    what = f"{run.kind} {nodes}" if run.active else f"{nodes} out"
    tone = Tone.BUSY if run.status == "running" else Tone.WARN
    lines = [paint.line(Cell(what, tone), f" {age(run.began, now)}  ", (f"{run.author}  run {run.id}", "muted"))]
    if run.until:
        over = run.until < now
        lines.append(paint.line((f"  {until_words(run.until, now)}", "warn" if over else "muted")))
    if run.reason:
        lines.append(paint.line((f'  "{run.reason}"', "muted")))
    if run.active and run.waits:
        lines.append(paint.line(f"  waits for: {run.waits}"))
    return lines
