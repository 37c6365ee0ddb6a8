"""Which shift-letter sorts by which column: the first letter of the title that is still free. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from console.plugin import Column

RESERVED = frozenset("FGOR")
"""Taken everywhere: forward, last row, next sort column, runs."""


def sort_letters(columns: Sequence[Column[Any]], taken: Collection[str] = ()) -> dict[str, int]:
    """Upper-case letter -> number of the column; `taken` are key names that actions hold (`F`, `shift+f`)."""
    used = set(RESERVED) | {key.removeprefix("shift+").upper() for key in taken if len(key) == 1 and key.isupper()}
    used |= {key[-1].upper() for key in taken if key.startswith("shift+") and len(key) == len("shift+x")}
    found: dict[str, int] = {}
    for only_first in (True, False):
        for index, column in enumerate(columns):
            letters = [letter for letter in column.title.upper() if letter.isascii() and letter.isalpha()]
            if index in found.values():
                continue
            free = next((letter for letter in letters[: 1 if only_first else None] if letter not in used), None)
            if free is not None:
                used.add(free)
                found[free] = index
    return found
