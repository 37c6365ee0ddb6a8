"""How a node can come back, and under which names. What each way takes is its platform's to know."""

from __future__ import annotations

import re
from collections.abc import Mapping

WAYS: Mapping[str, str] = {
    "rebooted": "it only rebooted: it is waited for and uncordoned",
    "reset": "it was reset: its Node is deleted, and the same machine joins anew",
    "reimaged": "it has a new image: its Node is deleted, the host is prepared and joins anew",
    "replaced": "another machine comes in its place",
}
"""The word of each way, the first is meant where none is said; and what it means."""
REPLACED = "replaced"
"""The way on which a machine may come under another name."""
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_LONGEST = 253


def wrong_name(name: str) -> str:
    """Why no machine can join under this name, in words; empty where one can. Names of nodes are RFC 1123 names."""
    if len(name) <= _LONGEST and all(_LABEL.fullmatch(label) for label in name.split(".")):
        return ""
    return f"`{name}` is no name of a node: small letters, digits and -, with a letter or digit at both ends"
