"""Bars of charts on terminals that have no block characters."""

from __future__ import annotations

from console.plugin import Cell, Section
from screens.glyphs import ASCII, UNICODE
from screens.paint import Paint
from themes import DEFAULT, LOOKS

BARS = Cell("5/s ▁▄█")


def test_bars_are_drawn_in_the_characters_of_the_terminal() -> None:
    assert Paint(LOOKS[DEFAULT], UNICODE).lettered(BARS) == "5/s ▁▄█"
    plain = Paint(LOOKS[DEFAULT], ASCII)
    assert plain.lettered(BARS) == "5/s _-#"
    assert "_-#" in plain.sections([Section("last hour", (("RATE", BARS),))], 40).plain
