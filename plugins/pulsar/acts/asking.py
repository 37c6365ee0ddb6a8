"""Answers to an action's questions, checked before anything is sent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from console.errors import Refused
from console.plugin import Act

if TYPE_CHECKING:
    from plugins.pulsar.client import Client

_NAME = re.compile(r"[-=:.\w]{1,200}")
"""What Pulsar takes as a tenant's or namespace's name."""
_TOPIC = re.compile(r"[^/\s\x00-\x1f\x7f?#]{1,200}")


def client_of(act: Act) -> Client:
    """The plugin's client."""
    return cast("Client", act.client)


def name(act: Act, key: str) -> str:
    """A tenant's or namespace's name. Raises Refused."""
    given = act.answers.get(key, "").strip()
    if not _NAME.fullmatch(given):
        raise Refused(f"{given!r} is no name", next_step="letters, digits and -=:._ are allowed")
    return given


def topic_name(act: Act, key: str) -> str:
    """The last part of a topic's name. Raises Refused."""
    given = act.answers.get(key, "").strip()
    if not _TOPIC.fullmatch(given):
        raise Refused(f"{given!r} is no name of a topic", next_step="give it without tenant and namespace")
    return given


def number(act: Act, key: str, *, least: int, most: int = 2**31 - 1) -> int:
    """A whole number in bounds. Raises Refused."""
    given = act.answers.get(key, "").strip()
    try:
        value = int(given)
    except ValueError:
        raise Refused(f"{given!r} is no whole number") from None
    if not least <= value <= most:
        raise Refused(f"{value} is not between {least} and {most}")
    return value
