"""Kubernetes quantities as numbers: `250m`, `16Gi`, `100M`. Pure."""

from __future__ import annotations

import re
from typing import Any

from plugins.kubernetes.simulator.fields import child, rows, texts

Object = dict[str, Any]
_UNITS = {
    "": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50,
}  # fmt: skip
_SHAPE = re.compile(r"^([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)([a-zA-Z]*)$")


def quantity(text: str | float) -> float:
    """The number that a quantity means; ValueError for anything else."""
    found = _SHAPE.match(str(text))
    if not found or found[2] not in _UNITS:
        raise ValueError(f"{text!r} is not a quantity")
    return float(found[1]) * _UNITS[found[2]]


def requests(spec: Object) -> dict[str, float]:
    """What a pod asks of a node: the sum of its containers, or the largest init container where that is more."""
    total: dict[str, float] = {}
    for container in rows(spec, "containers"):
        for name, value in _asked(container).items():
            total[name] = total.get(name, 0.0) + value
    for container in rows(spec, "initContainers"):
        for name, value in _asked(container).items():
            total[name] = max(total.get(name, 0.0), value)
    return total


def _asked(container: Object) -> dict[str, float]:
    resources = child(container, "resources")
    asked = texts(resources, "limits") | texts(resources, "requests")
    return {name: quantity(value) for name, value in asked.items()}
