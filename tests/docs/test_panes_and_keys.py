"""The page of panes and keys names every pane with its columns, and every key with its command."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from console import own
from console.plugin import Pane
from plugins.kubernetes.panes import PANES as KUBERNETES
from screens.keymap import DEFAULTS, label, normal

PAGE = (Path(__file__).parents[2] / "docs/panes-and-keys.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ")]
PANES = (*KUBERNETES, *own.PANES)


@pytest.mark.parametrize("pane", PANES, ids=lambda pane: pane.name)
def test_a_pane_is_named_with_all_its_columns_and_with_names_that_open_it(pane: Pane[Any]) -> None:
    row = next((row for row in ROWS if row.startswith(f"| `{pane.name}` |")), "")
    assert row, f"{pane.name} has no row"
    cells = row.strip("| ").split(" | ")
    told = {word for part in re.findall(r"`([^`]+)`", cells[-1]) for word in (part, *part.split(", "))}
    common = {"NAME", "NAMESPACE"}
    assert [column.title for column in pane.columns if column.title not in told | common] == []
    assert set(re.findall(r"`([^`]+)`", row.split("|")[2])) <= set(pane.aliases)


@pytest.mark.parametrize("command", DEFAULTS)
def test_a_default_key_stands_with_its_command(command: str) -> None:
    row = next((row for row in ROWS if row.endswith(f"| `{command}` |")), "")
    assert row, f"{command} has no row"
    written = label(normal(DEFAULTS[command])).replace("|", "\\|")
    assert row.startswith(f"| `{written}` |"), row


@pytest.mark.parametrize("pane", KUBERNETES, ids=lambda pane: pane.name)
def test_a_key_of_an_action_stands_with_the_action(pane: Pane[Any]) -> None:
    for action in pane.actions:
        if action.key:
            row = next((row for row in ROWS if f"`{action.id}`" in row.split("|")[-2]), "")
            assert f"`{label(normal(action.key))}`" in row.split("|")[1], f"{pane.name}: {action.id}"
