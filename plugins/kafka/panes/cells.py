"""Cells and small words that Kafka's panes share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from console.format import duration, size
from console.model import Ref, Tone
from console.plugin import Act, Cell, Deferred, Facts
from plugins.kafka.lag import Standing
from plugins.kafka.model.rows import Fall

R = TypeVar("R")

STANDING_TONE = {
    Standing.OK: Tone.OK,
    Standing.UNKNOWN: Tone.MUTED,
    Standing.WARN: Tone.WARN,
    Standing.STALL: Tone.BAD,
    Standing.STOP: Tone.BAD,
    Standing.REWIND: Tone.BAD,
}


def run(name: str, module: str = "acts") -> Callable[[Act, Any], Any]:
    """An action's code in `acts` (or `acts_replicas`), imported when it is used."""

    async def call(act: Act, row: Any) -> str:
        code: Any = Deferred[Any](f"plugins.kafka.{module}:{name}").load()
        return await code(act, row)

    return call


def known(value: object | None, tone: Tone = Tone.PLAIN) -> Cell:
    """A value, or a muted question mark: what was not said is not zero."""
    return Cell("?", Tone.MUTED) if value is None else Cell(str(value), tone)


def count(number: int | None, tone: Tone = Tone.PLAIN) -> Cell:
    """A number in `tone`, muted when it is nothing."""
    return known(number) if number is None else Cell(str(number), tone if number else Tone.MUTED)


def many(number: float | None) -> str:
    """A count as people read it: `1234`, `12.3k`, `4.5M`."""
    if number is None:
        return "?"
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(number) >= limit:
            return f"{number / (1e3 if unit == 'k' else limit):.1f}{unit}"
    return f"{number:.0f}"


def rate(value: float | None) -> Cell:
    """Messages a second; a dash before two polls."""
    if value is None:
        return Cell("-", Tone.MUTED)
    text = f"{value:.1f}" if abs(value) < 10 else many(value)  # noqa: PLR2004
    return Cell(f"{text}/s", Tone.MUTED if not value else Tone.PLAIN)


def bytes_of(value: int | None) -> Cell:
    """A size; a question mark where the broker did not say."""
    return Cell(size(value)) if value is not None else Cell("?", Tone.MUTED)


def optional(text: str, tone: Tone = Tone.PLAIN) -> Cell:
    """Text, or a muted dash."""
    return Cell(text, tone) if text else Cell("-", Tone.MUTED)


def ids(numbers: Sequence[int]) -> str:
    """Broker ids: `0,1,2`."""
    return ",".join(map(str, numbers))


def seconds(value: float | None) -> str:
    """A duration, or a dash."""
    return "-" if value is None else duration(value)


def fall_words(fall: Fall) -> str:
    """What goes with a broker, in a few words: `2 offline, 3 under min ISR`."""
    words = ("offline", "under min ISR", "stop (RF is min ISR)", "unknown")
    return ", ".join(f"{number} {word}" for number, word in zip(fall.counts, words, strict=True) if number) or "nothing"


def fall_tone(fall: Fall) -> Tone:
    """BAD where something is lost or stops, WARN where any restart does that or nobody knows."""
    offline, under, always, unknown = fall.counts
    return Tone.BAD if offline or under else Tone.WARN if always or unknown else Tone.OK


def pod_jump(pod: Ref | None, _facts: Facts) -> dict[str, str] | None:
    """To the pod in `pods`."""
    return {"namespace": pod.namespace, "pod": pod.name} if pod is not None else None
