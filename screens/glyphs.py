"""Which characters the terminal is given for state, trees and marks. Pure: the environment is an argument."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from console.model import Tone


class Glyphs(Struct, frozen=True):
    """One set of single-cell characters; `tones` says what a cell means where colour cannot."""

    tones: Mapping[Tone, str]
    mark: str
    up: str
    down: str
    branch: str
    last: str
    bar: str
    thumb: str
    dash: str
    ellipsis: str

    def of(self, tone: Tone) -> str:
        """The glyph of a tone; empty for plain text, which says nothing about state."""
        return self.tones.get(tone, "")


UNICODE = Glyphs(
    tones={
        Tone.OK: "●",
        Tone.WARN: "▲",
        Tone.BAD: "✗",
        Tone.BUSY: "◌",
        Tone.ACCENT: "◆",
        Tone.MUTED: "·",
    },
    mark="▌",
    up="↑",
    down="↓",
    branch="├ ",
    last="└ ",
    bar="│",
    thumb="┃",
    dash="─",
    ellipsis="…",
)
ASCII = Glyphs(
    tones={
        Tone.OK: "+",
        Tone.WARN: "!",
        Tone.BAD: "X",
        Tone.BUSY: "%",
        Tone.ACCENT: "*",
        Tone.MUTED: ".",
    },
    mark=">",
    up="^",
    down="v",
    branch="|-",
    last="`-",
    bar="|",
    thumb="#",
    dash="-",
    ellipsis="~",
)


_COERCED = frozenset({"C.UTF-8", "C.utf8"})
"""What Python itself puts into LC_CTYPE where the locale is C (PEP 538): it says nothing about the terminal."""


def glyphs_for(environment: Mapping[str, str]) -> Glyphs:
    """ASCII for the Linux console and where the locale is not UTF-8; the first variable that is set decides."""
    if environment.get("TERM", "") in {"linux", "vt100", "vt102", "dumb"}:
        return ASCII
    names = ("LC_ALL", "LC_CTYPE", "LANG")
    if environment.get("LC_CTYPE") in _COERCED and environment.get("LANG", "C") in {"", "C", "POSIX"}:
        names = ("LC_ALL", "LANG")
    locale = next((environment[name] for name in names if environment.get(name)), "")
    return UNICODE if "utf8" in locale.lower().replace("-", "") else ASCII
