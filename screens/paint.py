"""The only place where a str becomes styled text.

Owns the way from `Cell` and `Tone` to segments (live tables) and `Content` (all other widgets), cutting and padding by
terminal cells, and the last guard against text that nobody cleaned. Never parses markup: foreign text stays text.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style as RichStyle
from textual.content import Content
from textual.style import Style

from console.model import Tone
from console.plugin import Cell, Section
from console.text import clean
from screens.glyphs import ASCII, Glyphs, glyphs_for
from themes import COLOURLESS, DEFAULT, LOOKS, Look

if TYPE_CHECKING:
    from textual.app import App
    from textual.widget import Widget

Part = str | Cell | tuple[str, str] | Content
"""A piece of a line: plain text, a cell (glyph and tone), (text, role or tone name), or what is painted already."""

IN_TABLES = frozenset({Tone.OK, Tone.WARN, Tone.BAD, Tone.BUSY})
"""Tones that carry a glyph in a table's cell; the others differ by weight, not by state."""
_BARS = str.maketrans("▁▂▃▄▅▆▇█▒·", "_.:-=+*#=.")
_RINGS = str.maketrans("◆●▲✗╭╮╰╯─", "*+!X..`'-")
_DRAWN = {**_BARS, **_RINGS}
_HOST = re.compile(r"@[^@]*\.|\.svc(?=[.:]|$)")
"""What only full names of hosts have: members of one set differ in their first label, not at the end."""
_SPREAD = 4
"""Characters that one terminal cell may be made of; more are cut, since they would flood the line."""


def steady(text: str) -> str:
    """One printable line, whatever came in; text that was cleaned where it entered passes unchanged."""
    return text if text.isprintable() else clean(text)


def span(text: str) -> int:
    """Terminal cells that `text` takes, counted as the terminal library counts them."""
    return len(text) if text.isascii() else cell_len(text[:4096])


def fit(text: str, cells: int, *, align: str = "left", ellipsis: str = "…") -> str:
    """`text` in exactly `cells` terminal cells: padded, or cut with an ellipsis.

    Counts as the terminal library does, for a strip whose parts are counted differently would shift all that follows.
    """
    if cells <= 0:
        return ""
    limit = cells * _SPREAD
    cut = len(text) > limit
    text = text[:limit]
    have = span(text)
    if cut or have > cells:
        return set_cell_size(text, cells - 1) + ellipsis
    pad = " " * (cells - have)
    return pad + text if align == "right" else text + pad


class Paint:
    """Styles of one look and glyphs of one terminal."""

    def __init__(self, look: Look, glyphs: Glyphs, *, colourless: bool = False) -> None:
        self.look = look
        self.glyphs = glyphs
        table: Mapping[str, str] = COLOURLESS if colourless else look.styles
        self._styles = {role: Style.parse(text) if text else Style.null() for role, text in table.items()}
        self._rich = {role: style.rich_style for role, style in self._styles.items()}

    def rich(self, role: str) -> RichStyle:
        """The style of a role or tone, for segments."""
        return self._rich[role]

    def style(self, role: str) -> Style:
        """The style of a role or tone, for content."""
        return self._styles[role]

    def lettered(self, cell: Cell) -> str:
        """A cell as text without colour: its glyph, where its tone has one in tables, and its words."""
        text = self._drawn(steady(cell.text))
        return f"{self.glyphs.of(cell.tone)} {text}" if cell.tone in IN_TABLES and text else text

    def _drawn(self, text: str) -> str:
        """Bars of a chart, maps and rings in the characters of this terminal."""
        return text if self.glyphs is not ASCII or text.isascii() else text.translate(_DRAWN)

    def segment(
        self, cell: Cell, cells: int, *, align: str = "left", indent: bool = False, name: bool = False
    ) -> Segment:
        """A table's cell in exactly `cells` terminal cells; `indent` keeps the glyph's place free where it has none.

        A `name` that is too long is cut in its middle.
        """
        text = self.lettered(cell)
        if name:
            text = shorten(text, cells, ellipsis=self.glyphs.ellipsis)
        if indent and cell.tone not in IN_TABLES and align == "left":
            text = f"  {text}"
        return Segment(fit(text, cells, align=align, ellipsis=self.glyphs.ellipsis), self._rich[cell.tone.value])

    def line(self, *parts: Part) -> Content:
        """One line (or, where texts hold line ends, several) of content."""
        return Content.assemble(*(self._part(part) for part in parts))

    def lines(self, lines: Iterable[Content]) -> Content:
        return Content("\n").join(lines)

    def keys(self, hints: Iterable[tuple[str, str]]) -> Content:
        """Key hints: `enter open   d detail`."""
        parts: list[Part] = []
        for key, what in hints:
            parts += [(key, "key"), f" {what}   "]
        return self.line(*parts)

    def sections(self, sections: Sequence[Section], cells: int) -> Content:
        """Blocks of a detail panel: a title, then labels and values in two columns, values wrapped under themselves."""
        lines: list[Content] = []
        for section in sections:
            if lines:
                lines.append(Content(""))
            lines.append(self.line((steady(section.title), "title")))
            labels = [steady(label) for label, _ in section.lines]
            room = min(max((span(label) for label in labels), default=0), max(8, cells // 2))
            for label, (_, cell) in zip(labels, section.lines, strict=True):
                named = shorten(label, room, ellipsis=self.glyphs.ellipsis)
                head = f" {fit(named, room, ellipsis=self.glyphs.ellipsis)}  " if room else " "
                for count, piece in enumerate(_wrapped(self._said(cell), max(8, cells - span(head)))):
                    lead = head if count == 0 else " " * span(head)
                    lines.append(self.line((lead, "label"), (piece, cell.tone.value)))
        return self.lines(lines)

    def _said(self, cell: Cell) -> str:
        glyph = self.glyphs.of(cell.tone) if cell.tone in IN_TABLES else ""
        text = self._drawn("\n".join(steady(line) for line in cell.text.split("\n")))
        return f"{glyph} {text}" if glyph and text else text

    def _part(self, part: Part) -> Content:
        if isinstance(part, Content):
            return part
        if isinstance(part, Cell):
            glyph = self.glyphs.of(part.tone)
            text = _steady_lines(part.text)
            return Content.styled(f"{glyph} {text}" if glyph else text, self._styles[part.tone.value])
        if isinstance(part, tuple):
            return Content.styled(_steady_lines(part[0]), self._styles[part[1]])
        return Content(_steady_lines(part))


def _steady_lines(text: str) -> str:
    return text if text.isprintable() else "\n".join(steady(line) for line in text.split("\n"))


def _wrapped(text: str, cells: int) -> Iterable[str]:
    """Lines of at most `cells` terminal cells, broken at blanks where there are some."""
    for paragraph in text.split("\n"):
        rest = paragraph
        while span(rest) > cells:
            head = set_cell_size(rest[: cells * _SPREAD], cells).rstrip()
            at = head.rfind(" ")
            taken = at if at > cells // 2 else len(head)
            yield rest[:taken].rstrip()
            rest = rest[max(1, taken) :].lstrip()
        yield rest


@functools.lru_cache(maxsize=16)
def _paint(name: str, glyphs_key: tuple[str, ...], *, colourless: bool) -> Paint:
    names = ("TERM", "LC_ALL", "LC_CTYPE", "LANG")
    return Paint(LOOKS[name], glyphs_for(dict(zip(names, glyphs_key, strict=True))), colourless=colourless)


def shorten(text: str, cells: int, *, ellipsis: str = "…") -> str:
    """A name in at most `cells` cells, cut in its middle: names of one set differ at their ends (`...-kafka-2`).

    Of a host's full name the domain goes first (`rabbit@rabbit-2.rabbit-disc...`).
    """
    tail = cells // 3
    if len(text) <= cells or span(text) != len(text) or not tail:
        return text
    if _HOST.search(text):
        first = text.partition(".")[0]
        if len(first) < cells:
            return text[: cells - 1] + ellipsis
        text = first
        if len(text) == cells:
            return text
    return text[: cells - tail - 1] + ellipsis + text[-tail:]


def app_of(widget: Widget) -> App[Any]:
    """The running program, with a type that strict checking knows."""
    return cast("App[Any]", widget.app)  # pyright: ignore[reportUnknownMemberType]


def paint_of(app: App[Any]) -> Paint:
    """The paint of a running program: its theme, NO_COLOR, and the terminal's glyphs."""
    name = app.theme if app.theme in LOOKS else (DEFAULT if app.current_theme.dark else "light")
    key = tuple(os.environ.get(name, "") for name in ("TERM", "LC_ALL", "LC_CTYPE", "LANG"))
    return _paint(name, key, colourless=app.no_color)
