"""Foreign text made harmless where it enters.

A name or message from a cluster can hold terminal escapes (observed: `ESC ]52` reached the terminal through every stock
widget) and marks that reverse the reading direction. Everything that comes from outside passes `clean` once, at ingest.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

_BIDI = dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_CONTROLS = dict.fromkeys([*range(32), *range(127, 160)], "�")
_LINE = {**_CONTROLS, **_BIDI, 0x0A: " ", 0x0D: None, 0x09: " ", 0x2028: " ", 0x2029: " "}
_TEXT = {**_CONTROLS, **_BIDI, 0x0A: "\n", 0x0D: None, 0x09: "    ", 0x2028: "\n", 0x2029: "\n"}
_WIDE = frozenset("WF")


def clean(text: str, limit: int = 1024) -> str:
    """One line of printable text: controls become U+FFFD, direction marks go, line breaks become spaces.

    Longer text is cut to `limit` characters with an ellipsis.
    """
    if not text.isprintable():
        text = "".join(c if c.isprintable() or c == " " else "\ufffd" for c in text.translate(_LINE))
    return text if len(text) <= limit else text[: limit - 1] + "…"


def clean_text(text: str) -> str:
    """Text of several lines: line breaks stay, tabs become spaces, all other controls become U+FFFD."""
    lines = text.translate(_TEXT).split("\n")
    return "\n".join(
        line if line.isprintable() else "".join(c if c.isprintable() else "\ufffd" for c in line) for line in lines
    )


def in_address(*parts: str) -> str:
    """Names as they stand in the path of an address: each escaped as a whole, joined by slashes."""
    return "/".join(quote(part, safe="") for part in parts)


_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")


def plain_line(text: str, limit: int = 8192) -> str:
    """A line that a program wrote for a terminal: colours and other sequences go, the rest is cleaned, tabs widen."""
    if text.isprintable() and len(text) <= limit:
        return text
    return clean(_SEQUENCE.sub("", text).rstrip("\r\n").replace("\t", "    "), limit)


def width(text: str) -> int:
    """Terminal cells that `text` takes: double-width characters count two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(c) in _WIDE else 0 if unicodedata.combining(c) else 1 for c in text)


def fit(text: str, cells: int, *, align: str = "left", ellipsis: str = "…") -> str:
    """Cut or pad `text` to exactly `cells` terminal cells."""
    have = width(text)
    if have > cells:
        room, out = max(0, cells - width(ellipsis)), ""
        for c in text:
            room -= width(c)
            if room < 0:
                break
            out += c
        text = out + ellipsis if cells >= width(ellipsis) else out
        have = width(text)
    pad = " " * max(0, cells - have)
    return pad + text if align == "right" else text + pad
