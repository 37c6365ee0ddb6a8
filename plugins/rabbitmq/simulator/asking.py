"""One request to the simulated management API, and what an answer is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Reply = tuple[int, Any]
MISSING: Reply = (404, {"error": "Object Not Found", "reason": "Not Found"})


@dataclass(frozen=True)
class Request:
    """One request, to one member."""

    member: str
    method: str
    parts: Sequence[str]
    query: Mapping[str, str]
    body: Any
    authorization: str
