"""What is wrong, and whether a node can go: pure judgement over rows."""

from __future__ import annotations

from typing import Any

from console.plugin import Rule

RULES: tuple[Rule[Any], ...] = ()
