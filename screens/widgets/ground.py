"""What stands behind other widgets: asked for its lines at every paint, though nearly nothing of it is ever seen.

Textual draws each container anew for that, walking to the top of the tree for its colours: half of the time of a paint
in which one row changed (measured).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from rich.style import Style
from textual.color import TRANSPARENT
from textual.containers import Vertical
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget


class Ground(Vertical):
    """A container without anything of its own but, sometimes, a border."""

    def render_lines(self, crop: Region) -> list[Strip]:
        return super().render_lines(crop) if self.styles.gutter else bare(self, crop)


def bare(widget: Widget, crop: Region) -> list[Strip]:
    """The lines of a widget that is one plain colour."""
    return filtered(widget, [_blank(crop.width, widget.visual_style.rich_style)]) * crop.height


def filtered(widget: Widget, lines: Sequence[Strip]) -> list[Strip]:
    """Lines as the terminal gets them: without colours, where it has none."""
    under = widget.visual_style.background or TRANSPARENT
    for line_filter in widget.get_line_filters():
        lines = [line.apply_filter(line_filter, under) for line in lines]
    return [*lines]


@lru_cache(maxsize=64)
def _blank(width: int, style: Style) -> Strip:
    """Kept, since a strip remembers what the filters made of it."""
    return Strip.blank(width, style)
