"""Renews the pinned versions: `uv run python -m tests.pin` resolves anew and writes them into pyproject.toml.

Owns the two lists of `[tool.uv]`: what runs and tests, and what builds the wheel. It refuses to choose: what may be
used at all stands in `dependencies` and `dependency-groups`; each of those has its line in docs/dependencies.md.
A constraint names a version and no address, so every package index gives the same program.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
import tomllib
from pathlib import Path
from typing import Any

PYPROJECT = Path(__file__).parent.parent / "pyproject.toml"
BUILD_HOOKS = ["editables"]  # what hatchling asks for only when it builds an editable wheel


def resolved(requirements: list[str], python: str) -> list[str]:
    """The pins of these requirements and of all that they need, on every platform from this Python version on.

    Resolved in an empty folder, so that the pins of today do not hold the resolver back.
    """
    with tempfile.TemporaryDirectory() as empty:
        command = [
            "uv",
            "pip",
            "compile",
            "--universal",
            "--python-version",
            python,
            "--no-header",
            "--no-annotate",
            "-",
        ]
        found = subprocess.run(
            command, cwd=empty, input="\n".join(requirements), capture_output=True, text=True, check=False
        )
    if found.returncode:
        raise SystemExit(f"pin: {found.stderr.strip()}")
    return [line for line in found.stdout.splitlines() if "==" in line]


def with_list(text: str, name: str, pins: list[str]) -> str:
    """The text of pyproject.toml with one list of `[tool.uv]` replaced, one pin a line."""
    body = "".join(f'    "{pin}",\n' for pin in pins)
    replaced, count = re.subn(rf"(?ms)^{name} = \[.*?\]\n", lambda _: f"{name} = [\n{body}]\n", text)
    if count != 1:
        raise SystemExit(f"pin: pyproject.toml has {count} lists named {name}, expected one")
    return replaced


def pinned(text: str) -> str:
    """The text of pyproject.toml with both lists resolved anew."""
    project: dict[str, Any] = tomllib.loads(text)
    python = project["project"]["requires-python"].removeprefix(">=")
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    for extra in project["project"].get("optional-dependencies", {}).values():
        wanted += extra
    text = with_list(text, "constraint-dependencies", resolved(wanted, python))
    built = [*project["build-system"]["requires"], *BUILD_HOOKS]
    return with_list(text, "build-constraint-dependencies", resolved(built, python))


def main() -> None:
    """Rewrite pyproject.toml and say what changed."""
    before = PYPROJECT.read_text()
    after = pinned(before)
    PYPROJECT.write_text(after)
    old, new = set(before.splitlines()), set(after.splitlines())
    for line in sorted(old ^ new, key=lambda line: (line.strip(), line in new)):
        if "==" in line:
            print("+" if line in new else "-", line.strip().strip('",'))


if __name__ == "__main__":
    main()
