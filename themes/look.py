"""What a theme of ours is: a Textual theme, and a style for each tone and each role of the live tables.

Styles are written in Textual's style language (`bold #88c0d0 on #203040`). A role that says something about state is
never told by colour alone: the glyphs beside it are the screens' business.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from textual.theme import Theme

TONES = ("plain", "ok", "warn", "bad", "muted", "accent", "busy")
ROLES = ("header", "sorted", "cursor", "cursor-away", "marked", "fresh", "stale", "title", "key", "label", "rule")


class Look(Struct, frozen=True):
    """A theme by the name that a person types, in one line, with its styles by tone and role."""

    name: str
    about: str
    theme: Theme
    styles: Mapping[str, str]
