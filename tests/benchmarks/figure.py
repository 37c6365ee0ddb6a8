"""A measured number beside what was asked of it, and the machine it was measured on."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

GROSS = 3.0
"""How many times the asked number is a gross regression: machines that run tests for many are noisy."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number: lower is better, `asked` is the most it may be, in the same unit. `note` says what it is made of."""

    name: str
    measured: float
    asked: float
    unit: str
    note: str = ""
    grossly: float = GROSS
    """How many times the asked number is gross: more for tails of milliseconds, which a neighbour's load makes."""

    @property
    def passed(self) -> bool:
        return self.measured <= self.asked

    @property
    def gross(self) -> bool:
        """So far off that no noise explains it. Where nothing at all is allowed, the unit's least step is."""
        return self.measured > max(self.asked * self.grossly, 1e-9)

    def record(self) -> dict[str, object]:
        """For JSON."""
        return {
            "name": self.name,
            "measured": round(self.measured, 4),
            "asked": round(self.asked, 4),
            "unit": self.unit,
            "passed": self.passed,
            "note": self.note,
        }


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of all values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1))]


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def machine() -> dict[str, object]:
    """What the numbers were measured on."""
    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.machine(),
    )
    memory = next(int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal"))
    return {
        "cores": len(os.sched_getaffinity(0)),
        "cpu": model,
        "memory_gb": round(memory / 2**20, 1),
        "python": platform.python_version(),
        "textual": importlib.metadata.version("textual"),
        "load_before": round(os.getloadavg()[0], 2),
    }


def table(figures: Sequence[Figure]) -> str:
    """The figures as aligned lines."""
    rows = [("what", "measured", "asked", "", "made of")]
    for one in figures:
        verdict = "PASS" if one.passed else "FAIL"
        rows.append((one.name, f"{one.measured:.4g} {one.unit}", f"<= {one.asked:.4g} {one.unit}", verdict, one.note))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        "  ".join([*(row[column].ljust(widths[column]) for column in range(4)), row[4]]).rstrip() for row in rows
    )


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()
