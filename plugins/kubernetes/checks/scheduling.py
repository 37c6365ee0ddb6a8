"""The scheduler's message taken apart, as in `0/7 nodes are available: 3 node(s) had ..., 4 Insufficient cpu`."""

from __future__ import annotations

import re

_HEAD = re.compile(r"^\d+/(\d+) nodes are available: (.*)$", re.DOTALL)
_PART = re.compile(r"^(\d+) (.+)$", re.DOTALL)
_TAINT = re.compile(r"had untolerated taints? \{([^}]*)\}")
_WORDS = (
    ("volume node affinity conflict", "its volume lies on another node"),
    ("didn't match PersistentVolume's node affinity", "its volume lies on another node"),
    ("were unschedulable", "cordoned"),
    ("Insufficient cpu", "too little CPU free"),
    ("Insufficient memory", "too little memory free"),
    ("Too many pods", "too many pods"),
    ("didn't match pod anti-affinity rules", "another of its kind there"),
    ("didn't satisfy existing pods anti-affinity", "refused by pods there"),
    ("didn't match Pod's node affinity/selector", "not selected by it"),
    ("didn't have free ports", "port taken"),
    ("didn't find available persistent volumes to bind", "no volume to bind"),
    ("unbound immediate PersistentVolumeClaims", "its claim is not bound"),
    ("persistentvolumeclaim", "its claim is missing"),
)


def reasons(message: str) -> tuple[tuple[int, str], ...]:
    """(nodes, why) of the message, most nodes first; empty where it has another form."""
    head = _HEAD.match(message)
    if head is None:
        return ()
    text = head[2].split(" preemption:")[0]
    found: dict[str, int] = {}
    for part in re.split(r", (?=\d+ )", text.strip().rstrip(".")):
        one = _PART.match(part.strip().rstrip("."))
        if one is None:
            continue
        why = _said(one[2])
        found[why] = found.get(why, 0) + int(one[1])
    return tuple(sorted(((count, why) for why, count in found.items()), key=lambda pair: (-pair[0], pair[1])))


def _said(text: str) -> str:
    taint = _TAINT.search(text)
    if taint is not None:
        return f"taint {taint[1].strip().rstrip(':').replace(': ', '=')}"
    return next((word for known, word in _WORDS if known in text), text.removeprefix("node(s) "))
