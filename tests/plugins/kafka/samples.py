"""Answers of real servers, as the library gives them: attributes, and the version in which they came."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

PLACE = Path(__file__).parent / "samples"


def sample(name: str, release: str = "4.1.2") -> Any:
    text = (PLACE / release / f"{name}.json").read_text()
    return json.loads(text, object_hook=lambda table: SimpleNamespace(**table))
