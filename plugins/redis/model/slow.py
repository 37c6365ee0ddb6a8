"""Entries of `SLOWLOG GET`. Redis 3 gives four fields, later ones six. Arguments that may be secrets are left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from console.model import NodeName
from console.text import clean
from plugins.redis.model.rows import Slow
from plugins.redis.model.sentinel import text

_MICRO = 1_000_000
_SECRET = frozenset({"AUTH", "HELLO", "ACL", "MIGRATE", "CONFIG"})
_LONGEST = 300


def entry(answer: Any, member: str, node: NodeName) -> Slow | None:
    """One entry as a row; None for what is not of the promised form."""
    parts = cast("Sequence[Any]", answer)
    if not isinstance(answer, list | tuple) or len(parts) < 4 or not isinstance(parts[3], list | tuple):  # noqa: PLR2004
        return None
    number, at, took, words = parts[:4]
    if not all(isinstance(one, int) for one in (number, at, took)):
        return None
    client, name = (text(parts[4]), text(parts[5])) if len(parts) > 5 else ("", "")  # noqa: PLR2004
    return Slow(member, number, float(at), took / _MICRO, _command([text(word) for word in words]), client, name, node)


def _command(words: Sequence[str]) -> str:
    if not words:
        return "-"
    if words[0].upper() in _SECRET or (words[0].upper() == "SENTINEL" and "auth-pass" in words):
        return f"{words[0]} (arguments are not shown)"
    return clean(" ".join(words), _LONGEST)
