"""The shape of the project, as far as import contracts (pyproject.toml) cannot see it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("console", "screens", "plugins", "themes")
WALL = 400  # lines: where a file is looked at for the room that is missing
HEAVY = {"textual", "rich", "httpx", "httpcore", "kubernetes", "kafka", "pulsar", "redis", "websockets", "yaml"}
TEXT = {".py", ".toml", ".md", ".yaml", ".yml", ".json", ".go", ".mod", ".tcss", ".txt", ".cfg", ""}
# Addresses of one machine, or of the place that packages come from: written so that this file does not match.
FOREIGN = re.compile(r"(?<![\w.~-])/(?:work|root)/|pypi\.or[g]|pythonhosted\.or[g]|/(?:usr/)?home/user/")


def python_files(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def project_files() -> list[Path]:
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if tracked.returncode == 0:
        return [ROOT / name for name in tracked.stdout.decode().split("\0") if name and (ROOT / name).is_file()]
    folders = (*PACKAGES, "tests", "docs", ".ci")
    inside = [path for folder in folders for path in (ROOT / folder).rglob("*") if "__pycache__" not in path.parts]
    return [path for path in [*ROOT.iterdir(), *inside] if path.is_file()]


def test_no_file_is_past_the_wall() -> None:
    lines = {str(path.relative_to(ROOT)): path.read_text().count("\n") for path in python_files(*PACKAGES, "tests")}
    assert lines
    assert {name: count for name, count in lines.items() if count > WALL} == {}


def test_every_module_of_the_kernel_stands_in_a_layer() -> None:
    contracts: list[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
    layered = [contract for contract in contracts if contract.get("exhaustive")]
    assert [container for contract in layered for container in contract["containers"]] == [
        "console",
        "console.workflow",
    ]
    for contract in layered:
        folder = ROOT / contract["containers"][0].replace(".", "/")
        listed = {name for layer in contract["layers"] for name in re.findall(r"\w+", layer)}
        modules = {path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
        assert modules - listed - {"__init__"} == set(), f"decide in pyproject.toml where it stands in {folder.name}"


@pytest.mark.parametrize("module", ["console.__main__", "console.cli"])
def test_the_command_line_starts_without_heavy_libraries(module: str) -> None:
    program = f"import {module}, json, sys; print(json.dumps(sorted(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(json.loads(found.stdout)) & HEAVY == set()


def test_the_project_names_no_machine_and_no_index() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in project_files()
        if path.suffix in TEXT and path.name not in {"uv.lock", "go.sum"}
        for match in FOREIGN.finditer(path.read_text(errors="replace"))
    }
    assert found == set()


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    names = {re.split(r"[^\w-]", requirement, maxsplit=1)[0] for requirement in wanted}
    reasons = set(re.findall(r"^\| `([\w-]+)` \|", (ROOT / "docs/dependencies.md").read_text(), re.MULTILINE))
    assert names == reasons


def test_every_version_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    names = {re.split(r"[^\w-]", requirement, maxsplit=1)[0] for requirement in wanted}
    pins: list[str] = project["tool"]["uv"]["constraint-dependencies"]
    assert names - {pin.partition("==")[0] for pin in pins} == set()
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+(?: ; .+)?", pin) for pin in pins)
