"""Plugins are found where installers say they are, and one that cannot be loaded takes nothing else down."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points
from pathlib import Path

from console.discovery import GROUP, Broken, Point, discover, installed
from console.plugin import Plugin


def _install(folder: Path, name: str, text: str) -> None:
    where = folder / f"{name}.dist-info"
    where.mkdir(parents=True)
    (where / "entry_points.txt").write_text(text)


def test_the_same_is_found_as_by_the_standard_library() -> None:
    expected = {(point.name, point.value) for point in entry_points(group=GROUP)}
    assert {(point.name, point.value) for point in installed(sys.path)} == expected
    assert ("kubernetes", "plugins.kubernetes:PLUGIN") in expected


def test_only_our_group_is_read(tmp_path: Path) -> None:
    _install(
        tmp_path,
        "one-1.0",
        f"[console_scripts]\nx = a:b\n\n[{GROUP}]\n# said\nnats = plugins.nats : PLUGIN [extra]\n[z]\ny = c:d\n",
    )
    assert installed([str(tmp_path), str(tmp_path / "missing")]) == [Point("nats", "plugins.nats : PLUGIN")]


def test_a_package_counts_where_it_is_first(tmp_path: Path) -> None:
    _install(tmp_path / "new", "One-2.0", f"[{GROUP}]\nnew = a:P\n")
    _install(tmp_path / "old", "one-1.0", f"[{GROUP}]\nold = a:P\n")
    assert [point.name for point in installed([str(tmp_path / "new"), str(tmp_path / "old")])] == ["new"]


def test_the_platform_is_first_and_what_is_broken_is_named() -> None:
    found = discover(
        [
            Point("absent", "plugins.no_such_system:PLUGIN"),
            Point("kubernetes", "plugins.kubernetes : PLUGIN"),
            Point("wrong", "console.version:VERSION"),
        ]
    )
    assert [one.system for one in found if isinstance(one, Plugin)] == ["kubernetes"]
    assert isinstance(found[0], Plugin)
    broken = {one.name: one.reason for one in found if isinstance(one, Broken)}
    assert "no_such_system" in broken["absent"]
    assert broken["wrong"] == "console.version:VERSION is no Plugin but str"
