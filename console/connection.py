"""The options that say which cluster is meant and as whom: one table for the command line, the screens and runners.

Owns their names, here and on a command line. Knows no platform: what they mean is the platform plugin's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct


class Option(Struct, frozen=True):
    """One option: its key in the platform's settings, and how it is typed.

    `many`: a person may give it several times, else the last one counts, so that an alias can be overruled.
    `listed`: its setting takes a list, so that a runner may be given several.
    """

    key: str
    flags: tuple[str, ...]
    metavar: str
    help: str
    many: bool = False
    listed: bool = False


OPTIONS = (
    Option(
        "kubeconfig",
        ("--kubeconfig",),
        "FILE",
        "kubeconfig file (default: KUBECONFIG, then ~/.kube/config)",
        listed=True,
    ),
    Option("context", ("--context",), "NAME", "context of the kubeconfig"),
    Option("namespace", ("-n", "--namespace"), "NAME", "namespace to begin with"),
    Option("impersonate", ("--as",), "USER", "act as this user"),
    Option("impersonate_groups", ("--as-group",), "GROUP", "act with this group", many=True, listed=True),
)


def given(arguments: object) -> dict[str, Any]:
    """Those of parsed `arguments` that were given, by their keys."""
    found = {option.key: getattr(arguments, option.key, None) for option in OPTIONS}
    return {key: value for key, value in found.items() if value}


def words(connection: Mapping[str, Any]) -> list[str]:
    """The same as arguments of a command line, so that another process reaches the same cluster as the same user."""
    typed: list[str] = []
    for option in OPTIONS:
        value = connection.get(option.key) or ()
        for item in (value,) if isinstance(value, str) else value:
            typed += [option.flags[-1], str(item)]
    return typed
