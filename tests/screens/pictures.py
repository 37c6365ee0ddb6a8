"""Pictures of screens as reviewable text: what stands on each line, and below it which cells are styled how.

`pytest --renew-pictures` writes them anew; a test fails where a screen differs from its picture.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rich.style import Style
from textual.app import App


def picture(app: App[Any]) -> str:
    """The whole screen as text, then the runs of style on each line that has more than one."""
    strips = app.screen._compositor.render_strips()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    text = [strip.text.rstrip() for strip in strips]
    styles: list[str] = []
    for y, strip in enumerate(strips):
        runs: list[str] = []
        x, start, last = 0, 0, Style.null()
        for segment in [*strip, None]:
            style = (segment.style or Style.null()) if segment else None
            if style is None or style != last:
                if x > start:
                    runs.append(f"{start}-{x} {last}")
                start, last = x, style or Style.null()
            x += segment.cell_length if segment else 0
        if len(runs) > 1:
            styles.append(f"{y:2}: " + " | ".join(runs))
    return "\n".join([*text, "", *styles, ""])


def compare(request: pytest.FixtureRequest, app: App[Any], name: str) -> None:
    """Hold a screen against `pictures/NAME.txt` beside the test; with `--renew-pictures`, write it."""
    path = Path(request.path).parent / "pictures" / f"{name}.txt"
    seen = picture(app)
    if request.config.getoption("--renew-pictures"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(seen)
    assert path.is_file(), f"there is no picture {path.name}; write it with --renew-pictures and look at it"
    assert seen == path.read_text()
