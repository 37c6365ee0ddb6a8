"""Four themes: dark, light, high-contrast, ansi. They style; what a thing means is decided elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

from themes.look import ROLES, TONES, Look
from themes.sixteen import ANSI, COLOURLESS
from themes.truecolor import DARK, HIGH_CONTRAST, LIGHT

LOOKS: Mapping[str, Look] = {look.name: look for look in (DARK, LIGHT, HIGH_CONTRAST, ANSI)}
DEFAULT = DARK.name

__all__ = ["ANSI", "COLOURLESS", "DARK", "DEFAULT", "HIGH_CONTRAST", "LIGHT", "LOOKS", "ROLES", "TONES", "Look"]
