"""Verdicts as cells and lines: the answer first, then the reason that decides."""

from __future__ import annotations

from collections.abc import Sequence

from console.model import Answer, Tone, Verdict
from console.plugin import Cell

WORDS = {Answer.SAFE: "safe", Answer.DECIDE: "after", Answer.NO: "no", Answer.UNKNOWN: "unknown"}
TONES = {Answer.SAFE: Tone.OK, Answer.DECIDE: Tone.WARN, Answer.NO: Tone.BAD, Answer.UNKNOWN: Tone.BAD}


def verdict_cell(verdict: Verdict) -> Cell:
    """`no  etcd: 0 of 1 ...`; where decisions are needed, how many."""
    answer, leading = verdict.answer, verdict.leading
    word, tone = WORDS[answer], TONES[answer]
    if leading is None or answer is Answer.SAFE:
        return Cell(word, tone)
    text = leading.text
    if answer is Answer.DECIDE:
        count = len({reason.decision for reason in verdict.decisions})
        text = f"{count} decision{'' if count == 1 else 's'}: {text}"
    return Cell(f"{word}  {text}", tone)


def verdict_lines(verdict: Verdict) -> Sequence[tuple[str, Cell]]:
    """Every reason, the worst first."""
    order = (Answer.UNKNOWN, Answer.NO, Answer.DECIDE, Answer.SAFE)
    lines: list[tuple[str, Cell]] = []
    for answer in order:
        found = [reason for reason in verdict.reasons if reason.answer is answer]
        lines += [(WORDS[answer], Cell(str(reason), TONES[answer])) for reason in found]
    return lines or [("safe", Cell("nothing stands there that a drain would touch", Tone.OK))]
