"""The console at work on many rows: CPU, bytes to the terminal, keys and stalls, with and without changes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pyte

from tests.benchmarks.changes import change, first_by_name
from tests.benchmarks.figure import Figure, median, quantile
from tests.benchmarks.stage import Stage
from tests.terminal import Terminal, TerminalError
from themes import LOOKS

RATE = 50.0
_TAIL = 10.0
_CURSOR = LOOKS["dark"].styles["cursor"].rpartition("#")[2]


def cpu(stage: Stage) -> Iterator[Figure]:
    """Shares of one core, of the process with all its threads."""
    stage.load(stage.pods)
    seconds = 10.0 if stage.short else 30.0
    with stage.live_pods() as console:
        time.sleep(5)  # what a start does once, beside the rows, is over
        idle = _share(console, seconds)
        with stage.changing(RATE):
            time.sleep(2)
            busy = _share(console, seconds)
    yield Figure("CPU, 50 changes/s, one pane", busy * 100, 15.0, "%", f"of one core, over {seconds:.0f} s")
    yield Figure("CPU, idle", idle * 100, 1.0, "%", "nothing but heartbeats changes")


def _share(console: Terminal, seconds: float) -> float:
    used, before = console.cpu(), time.monotonic()
    time.sleep(seconds)
    return (console.cpu() - used) / (time.monotonic() - before)


def wire(stage: Stage) -> Iterator[Figure]:
    """Bytes to the terminal: for one changed row that is on the screen, and for nothing."""
    stage.load(stage.pods)
    sizes: list[int] = []
    with stage.lab.api() as api, stage.live_pods() as console:
        pod = first_by_name(api)
        for count in range(5 if stage.short else 20):
            console.quiet(4.0)  # what changed is marked for three seconds, which is a refresh of its own
            shown, before = console.lines, console.written
            change(api, pod, count)
            time.sleep(1.0)
            changed = sum(old != new for old, new in zip(shown, console.lines, strict=True))
            if changed == 1:  # not also ages or the clock, which turn a minute older together
                sizes.append(console.written - before)
        console.quiet(4.0)
        idle = [_idle_bytes(console) for _ in range(3 if stage.short else 20)]
    yield Figure(
        "bytes for 1 changed row",
        max(sizes) / 1024,
        1.0,
        "KB",
        f"the most of {len(sizes)}; median {median(sizes):.0f} B",
    )
    still = [size for size in idle if size is not None]
    yield Figure("bytes while nothing visible changes", sum(still), 0.0, "B", f"{len(still)} times 2 s")


def _idle_bytes(console: Terminal) -> int | None:
    """Bytes of two seconds; None when the screen was another after them, as when ages turn."""
    shown, before = console.text, console.written
    time.sleep(2)
    return console.written - before if console.text == shown else None


def keys(stage: Stage) -> Iterator[Figure]:
    """From a press of `down` or `up` until the bytes that move the cursor's row have arrived."""
    stage.load(stage.pods)
    count = 100 if stage.short else 300
    with stage.live_pods() as console, stage.changing(RATE):
        time.sleep(2)
        took = key_times(console, count)
    if len(took) < count * 0.95:
        stage.say(f"only {len(took)} of {count} keys moved the cursor as expected")
    note = f"p50 {median(took) * 1000:.1f} ms, the worst {max(took) * 1000:.0f} ms, {len(took)} keys, 50 changes/s"
    yield Figure("key press to paint, p99", quantile(took, 0.99) * 1000, 50.0, "ms", note, _TAIL)


def key_times(console: Terminal, count: int) -> list[float]:
    """Seconds of each key that moved the cursor as it should.

    Presses first and looks afterwards: drawing the screen here would take time from what is measured.
    """
    row = next((y for y in range(console.screen.lines) if _has_cursor(console.drawn, y)), None)
    if row is None:
        raise TerminalError(f"no line has the cursor's colour:\n{console.text}")
    names = [_name(console.drawn, y) for y in range(console.drawn.lines)]
    pressed: list[tuple[float, str]] = []
    for number in range(count):
        down = number // 20 % 2 == 0
        row += 1 if down else -1
        pressed.append((console.press("down" if down else "up"), names[row]))
        time.sleep(0.07 + 0.013 * (number % 5))
    time.sleep(0.5)
    seen: list[tuple[float, str]] = []
    while console.undrawn:
        at = console.draw_next()
        seen += [(at, _name(console.drawn, y)) for y in range(console.drawn.lines) if _has_cursor(console.drawn, y)]
    return _matched(pressed, seen)


def _matched(pressed: list[tuple[float, str]], seen: list[tuple[float, str]]) -> list[float]:
    """Pair keys with paints in order; a paint that is two keys further answers both."""
    took: list[float] = []
    for when, where in seen:
        waiting = [at for at, _ in pressed[len(took) :] if at <= when]
        names = [name for _, name in pressed[len(took) : len(took) + len(waiting)]]
        if where in names:
            took += [when - at for at in waiting[: names.index(where) + 1]]
    return took


def _has_cursor(screen: pyte.Screen, y: int) -> bool:
    return screen.buffer[y][screen.columns // 2].bg == _CURSOR


def _name(screen: pyte.Screen, y: int) -> str:
    """The first word of a line: a row's name, wherever the row stands by now."""
    line = "".join(screen.buffer[y][x].data for x in range(screen.columns))
    return next(iter(line.split()), "")


def stalls(stage: Stage) -> Iterator[Figure]:
    """How late the event loop is: while all rows are loaded, and while rows change and keys are pressed."""
    stage.load(stage.pods)
    file = stage.home / "loop"
    file.unlink(missing_ok=True)
    with stage.live_pods(PILOTHOUSE_LOOP_PROBE=str(file)) as console:
        at = time.monotonic()
        with stage.changing(RATE):
            key_times(console, 60)
            time.sleep(5)
    yield from lateness(file, at)


def lateness(file: Path, at: float, *, before: str = "load", after: str = "50 changes/s") -> Iterator[Figure]:
    """The event loop's probe in `file`, before and after a moment."""
    rows = [tuple(float(word) for word in line.split()) for line in file.read_text().splitlines()]
    for name, part, tail in (
        (before, [row for row in rows if row[0] < at], 2 * _TAIL),  # a start has few looks: its p99 is its third worst
        (after, [r for r in rows if r[0] >= at], _TAIL),
    ):
        own = [min(late, used) * 1000 for _, late, used in part]
        wall = [late * 1000 for _, late, _ in part]
        note = f"of its own work; with the machine's share {max(wall):.0f} ms, p99 {quantile(wall, 0.99):.1f} ms"
        yield Figure(f"event loop, longest stall, {name}", max(own), 50.0, "ms", note, _TAIL)
        yield Figure(f"event loop, p99, {name}", quantile(own, 0.99), 5.0, "ms", f"{len(own):,} looks", tail)
