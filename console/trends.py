"""What numbers were in the last hour, from memory: columns that say `trend` get a sparkline and a chart in the details.

Only rows that somebody has looked at are followed, from then on, and at most `MOST` of a table: a hundred thousand
queues cost nothing. A number holds until it changes. Drawings are text, so that every screen, and none, can show them.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from console.model import Delta, Snapshot, Tone
from console.plugin import Cell, Column, Facts, Pane, Section
from console.rows import Keeper

HOUR = 3600.0
SPARK, SPARK_CELLS = 600.0, 8
"""A cell's sparkline: the last ten minutes."""
CHART_CELLS, CHART_LINES = 48, 4
MOST, SAMPLES = 500, 720
_BLOCKS = " ▁▂▃▄▅▆▇█"
_Samples = deque[tuple[float, float]]


class Trends:
    """The samples of one column of one table. `take` subscribes to its rows."""

    def __init__(self, value: Callable[[Any], Any]) -> None:
        self._value = value
        self._followed: OrderedDict[str, _Samples] = OrderedDict()

    def follow(self, key: str, row: Any, now: float) -> Sequence[tuple[float, float]]:
        """What is known of a row; from now on it is followed, and whoever was not looked at for longest is not."""
        samples = self._followed.get(key)
        if samples is None:
            samples = self._followed[key] = deque(maxlen=SAMPLES)
            self._note(samples, row, now)
            if len(self._followed) > MOST:
                self._followed.popitem(last=False)
        else:
            self._followed.move_to_end(key)
        return samples

    def take(self, snapshot: Snapshot[Any], delta: Delta) -> None:
        """Rows were published."""
        for key in delta.removed & self._followed.keys():
            del self._followed[key]
        for key in delta.changed & self._followed.keys():
            self._note(self._followed[key], snapshot.rows[key], snapshot.taken_at)

    def _note(self, samples: _Samples, row: Any, at: float) -> None:
        value = self._value(row)
        if isinstance(value, int | float) and (not samples or samples[-1][1] != value):
            samples.append((at, float(value)))
        while len(samples) > 1 and samples[1][0] < at - HOUR:
            samples.popleft()


def levels(samples: Sequence[tuple[float, float]], now: float, seconds: float, cells: int) -> list[float | None]:
    """The number at the end of each of `cells` equal spans of the last `seconds`; None before the first sample."""
    found: list[float | None] = []
    at, last = 0, None
    for cell in range(1, cells + 1):
        end = now - seconds + cell * seconds / cells
        while at < len(samples) and samples[at][0] <= end:
            last = samples[at][1]
            at += 1
        found.append(last)
    return found


def spark(samples: Sequence[tuple[float, float]], now: float, cells: int = SPARK_CELLS) -> str:
    """The last ten minutes in one line; empty while there is only one number."""
    if len(samples) < 2:  # noqa: PLR2004
        return ""
    return chart(levels(samples, now, SPARK, cells), 1)[0]


def chart(values: Sequence[float | None], lines: int) -> list[str]:
    """Columns of blocks from 0 to the greatest value, the top line first; nothing stands where nothing is known."""
    top = max((value for value in values if value is not None), default=0.0)
    steps = len(_BLOCKS) - 1
    scale = lines * steps / top if top else 0.0
    heights = [0 if value is None else max(1, round(value * scale)) for value in values]
    return [
        "".join(_BLOCKS[min(steps, max(0, height - line * steps))] for height in heights)
        for line in reversed(range(lines))
    ]


def trended(pane: Pane[Any], store: Keeper, facts: Facts) -> Pane[Any]:
    """The pane whose columns with `trend` show where their numbers come from; each begins to be followed when drawn."""
    wanted = [column for column in pane.columns if column.trend]
    if not wanted:
        return pane
    known = {column.title: Trends(column.value) for column in wanted}
    rows = store.rows(facts.instance, pane.table)
    rows.subscribers += [trends.take for trends in known.values()]
    key = pane.table.key

    def described(row: Any, facts: Facts) -> Sequence[Section]:
        drawn = [line for column in wanted for line in _drawn(column, known[column.title], key(row), row, facts.now)]
        last_hour = (Section("last hour", tuple(drawn)),) if drawn else ()
        return (*pane.describe(row, facts), *last_hour)

    columns = tuple(
        replace(column, cell=_celled(column, known[column.title], key)) if column.trend else column
        for column in pane.columns
    )
    return replace(pane, columns=columns, describe=described)


def _celled(column: Column[Any], trends: Trends, key: Callable[[Any], str]) -> Callable[[Any, float], Cell]:
    def cell(row: Any, now: float) -> Cell:
        text, tone = said(column, row, now)
        line = spark(trends.follow(key(row), row, now), now)
        return Cell(f"{text} {line}" if line else text, tone)

    return cell


def said(column: Column[Any], row: Any, now: float) -> Cell:
    """A column's own cell."""
    if column.cell is not None:
        return column.cell(row, now)
    value = column.value(row)
    return Cell("" if value is None else str(value))


def _drawn(column: Column[Any], trends: Trends, key: str, row: Any, now: float) -> Iterator[tuple[str, Cell]]:
    samples = trends.follow(key, row, now)
    if len(samples) < 2:  # noqa: PLR2004
        return
    lowest, highest = min(value for _, value in samples), max(value for _, value in samples)
    lines = chart(levels(samples, now, HOUR, CHART_CELLS), CHART_LINES)
    yield column.title, Cell(f"now {said(column, row, now).text}, from {lowest:g} to {highest:g}")
    for line in lines:
        yield "", Cell(line, Tone.ACCENT)
