"""What `doctor` finds: one thing that the console needs or can use, whether it is there, and what to do next."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Found(StrEnum):
    """Whether it is there."""

    OK = "ok"
    MISSING = "missing"
    UNKNOWN = "unknown"


class Need(StrEnum):
    """Who misses it: everybody, whoever changes something, or nobody much (something is poorer without it)."""

    ALWAYS = "always"
    TO_CHANGE = "to change"
    OPTIONAL = "optional"


class Check(Struct, frozen=True):
    """One line: `text` says what was found, `advice` what to do next, a command where there is one."""

    topic: str
    found: Found
    text: str
    advice: str = ""
    need: Need = Need.ALWAYS
