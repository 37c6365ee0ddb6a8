"""Sentences about many things: names listed as far as a line bears, plurals."""

from __future__ import annotations

from collections.abc import Sequence

from console.model import Ref
from plugins.kubernetes.model.pods import Pod

_SHOWN = 3


def listed(names: Sequence[str], shown: int = _SHOWN) -> str:
    """`a, b, c and 4 more`."""
    if len(names) <= shown:
        return ", ".join(names)
    return f"{', '.join(names[:shown])} and {len(names) - shown} more"


def pods(count: int) -> str:
    """`1 pod`, `3 pods`."""
    return f"{count} pod{'' if count == 1 else 's'}"


def pod_ref(pod: Pod) -> Ref:
    """The pod as a subject."""
    return Ref("pod", pod.name, pod.namespace, pod.uid)
