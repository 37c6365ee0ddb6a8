"""What the scripting page shows of JSON and exit codes is what the program prints."""

from __future__ import annotations

import json
import re
from pathlib import Path

from console.cli.exits import ExitCode
from console.cli.following import as_json
from console.model import NodeName
from console.offers import Stored
from console.plugin import Target
from console.workflow.codec import Entry
from console.workflow.events import Planned, Waiting
from console.workflow.journal import Page
from console.workflow.steps import Phase, Step

PAGE = Path(__file__).parents[2] / "docs" / "scripting.md"


def test_the_example_has_the_keys_that_are_printed_and_no_others() -> None:
    example = json.loads(re.findall(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[0])
    step = Step("move", "move web-1", "toy", "one", "evict", Phase.EVICT, params={"pod": "web-1"})
    plan = Planned(1.0, Target("drain", (NodeName("node1"),)), (step,))
    entries = (Entry(1, 0, plan), Entry(2, 1, Waiting(2.0, "move", "a budget")))
    printed = as_json(Page("d-1", entries, Stored("d-1", "", "1")))
    assert example.keys() == printed.keys()
    assert example["progress"].keys() == printed["progress"].keys()
    for part in ("waiting", "pods"):
        assert example[part][0].keys() == printed[part][0].keys()
    assert example["steps"][0].keys() <= printed["steps"][0].keys()


def test_every_exit_code_has_its_line() -> None:
    codes = re.findall(r"^\| (\d) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert [int(code) for code in codes] == [int(code) for code in ExitCode]
