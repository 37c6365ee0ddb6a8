"""Where the lab cannot run it says so at once, all of it, in words."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.lab.world import binaries
from tests.lab.world.place import LabError, Place


def test_all_that_is_missing_is_named_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def nothing(_: str) -> None:
        return None

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(shutil, "which", nothing)
    monkeypatch.setattr(binaries, "PLANE", tmp_path / "labplane")
    with pytest.raises(LabError) as refused:
        binaries.require()
    message = str(refused.value)
    assert all(word in message for word in ("cannot run here", "root", "iproute2", "openssl", "kubectl", "Go 1.25"))


def test_another_system_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert binaries.missing() == ["Linux: the lab uses network namespaces"]


def test_labs_of_two_folders_have_two_namespaces(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    places: list[Place] = []
    for name in ("one", "two"):
        monkeypatch.setenv("LAB_DIR", str(tmp_path / name))
        places.append(Place.from_environment())
    assert places[0].name != places[1].name
    monkeypatch.setenv("LAB_NAME", "mine")
    monkeypatch.setenv("LAB_KUBE_PORT", "18443")
    assert (Place.from_environment().name, Place.from_environment().server) == ("mine", "https://127.0.0.1:18443")
