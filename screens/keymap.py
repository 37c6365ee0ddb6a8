"""Which key does what. Owns key names, their labels and the person's overrides; refuses to know what a command does.

Defaults are those that k9s users have in their fingers. An override maps a command's id to a key (`[keys]` in the
configuration: `split = "ctrl+t"`); an empty key takes the command off the keyboard, menu and palette keep it.
"""

from __future__ import annotations

from collections.abc import Mapping

_NAMES = {
    ":": "colon",
    "/": "slash",
    "?": "question_mark",
    "[": "left_square_bracket",
    "]": "right_square_bracket",
    "-": "minus",
    "|": "vertical_line",
    "\\": "backslash",
    " ": "space",
    "+": "plus",
    "esc": "escape",
    "return": "enter",
}
_SYMBOLS = {name: symbol for symbol, name in _NAMES.items() if len(symbol) == 1 and symbol != " "}
_LABELS = {"escape": "esc", "question_mark": "?", "ctrl+@": "ctrl-space", **_SYMBOLS}

DEFAULTS: Mapping[str, str] = {
    "command": ":",
    "filter": "/",
    "help": "?",
    "back": "escape",
    "enter": "enter",
    "describe": "d",
    "yaml": "y",
    "edit": "e",
    "logs": "l",
    "previous": "p",
    "shell": "s",
    "forward": "shift+f",
    "plan": "r",
    "rejoin": "shift+r",
    "menu": "m",
    "mark": "space",
    "mark-range": "ctrl+@",
    "unmark": "ctrl+\\",
    "save": "ctrl+s",
    "reload": "ctrl+r",
    "wide": "ctrl+w",
    "header": "ctrl+e",
    "faults": "ctrl+z",
    "fold": "x",
    "freeze": "z",
    "sort": "shift+o",
    "sort-name": "shift+n",
    "sort-age": "shift+a",
    "sort-status": "shift+s",
    "sort-cpu": "shift+c",
    "sort-memory": "shift+m",
    "copy": "ctrl+y",
    "last": "-",
    "older": "[",
    "newer": "]",
    "palette": "ctrl+p",
    "split": "|",
    "other": "tab",
    "zone": "ctrl+u",
    "quit": "ctrl+c",
}


def normal(key: str) -> str:
    """The name Textual gives to a key: `shift+f` -> `F`, `?` -> `question_mark`, `ctrl-d` -> `ctrl+d`."""
    key = key if key in _NAMES else key.replace("-", "+")
    if key.startswith("shift+") and len(key) == len("shift+x"):
        return key[-1].upper()
    head, plus, tail = key.rpartition("+")
    return head + plus + _NAMES.get(tail, tail) if tail else _NAMES.get(key, key)


def label(key: str) -> str:
    """How a key is written for people: `ctrl+d` -> `ctrl-d`, `F` -> `shift-f`, `colon` -> `:`."""
    if len(key) == 1 and key.isupper():
        return f"shift-{key.lower()}"
    head, plus, tail = key.rpartition("+")
    return _LABELS.get(key) or f"{head}{'-' if plus else ''}{_LABELS.get(tail, tail)}"


class Keymap:
    """Default keys with a person's overrides on top; `overrides` is command id -> key."""

    def __init__(self, overrides: Mapping[str, str] | None = None) -> None:
        self._overrides = dict(overrides or {})

    def key(self, command: str, default: str = "") -> str:
        """The key of a command, by its Textual name; empty where it has none."""
        wanted = self._overrides.get(command, DEFAULTS.get(command, default))
        return normal(wanted) if wanted else ""
