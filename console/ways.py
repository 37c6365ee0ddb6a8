"""How a node can come back. What each way takes is its platform's to know."""

from __future__ import annotations

from collections.abc import Mapping

WAYS: Mapping[str, str] = {
    "rebooted": "it only rebooted: it is waited for and uncordoned",
    "reset": "it was reset: its Node is deleted, and the same machine joins anew",
    "reimaged": "it has a new image: its Node is deleted, the host is prepared and joins anew",
    "replaced": "another machine comes in its place",
}
"""The word of each way, the first is meant where none is said; and what it means."""
