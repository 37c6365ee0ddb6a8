"""What goes with a member, in a cell and by names. Unknown is `?`, never nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from console.model import Tone
from console.plugin import Cell, Facts, Section
from plugins.rabbitmq.model import tables
from plugins.rabbitmq.model.falls import ANY, WORDS, Fall, Loss, key
from plugins.rabbitmq.panes.cells import UNKNOWN

_NAMED = 50
_SHORT = {Loss.MAJORITY: "lose majority", Loss.COPY: "lose last copy", Loss.ALONE: "away", Loss.UNKNOWN: "unknown"}
_TONES = {Loss.MAJORITY: Tone.BAD, Loss.COPY: Tone.BAD, Loss.ALONE: Tone.WARN, Loss.UNKNOWN: Tone.WARN}


def cell(fall: Fall | None, _now: float = 0.0) -> Cell:
    """`2 lose majority, 1 away`; `nothing`; `?` where it cannot be told; a dash for a member that is gone already."""
    if fall is None or not fall.known:
        return UNKNOWN if fall is not None and fall.away else Cell("?", Tone.WARN)
    if fall.away:
        return UNKNOWN
    told = [(loss, count) for loss, count in zip(Loss, fall.counts, strict=True) if count]
    if not told:
        return Cell("nothing", Tone.OK)
    bad = any(_TONES[loss] is Tone.BAD for loss, _ in told)
    return Cell(", ".join(f"{count} {_SHORT[loss]}" for loss, count in told), Tone.BAD if bad else Tone.WARN)


def sorted_by(fall: Fall | None) -> tuple[int, ...] | None:
    """The worst first."""
    return None if fall is None or not fall.known else tuple(-count for count in fall.counts)


def exported(fall: Fall | None) -> Mapping[str, int] | None:
    """Numbers by what is lost; None where it cannot be told."""
    if fall is None or not fall.known:
        return None
    return dict(zip(map(str, Loss), fall.counts, strict=True))


def sections(member: str, facts: Facts) -> Sequence[Section]:
    """By name, the first fifty of each."""
    found: list[Section] = []
    for loss in Loss:
        queues = [*facts.by(tables.QUEUES_FALLING, key(loss, member))]
        if loss is Loss.UNKNOWN:
            queues += facts.by(tables.QUEUES_FALLING, key(loss, ANY))
        names = sorted(f"{one.vhost} {one.name}" for one in queues)
        if names:
            lines = tuple(("", Cell(name, _TONES[loss])) for name in names[:_NAMED])
            found.append(Section(f"if it goes: {len(names)} queues, {WORDS[loss]}", lines))
    return found
