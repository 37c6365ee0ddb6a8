"""The API server gone for a minute under a console that shows thousands of pods. The last file of the lab: it is long.

2,000 pods fit into the time of the suite; LAB_PODS=10000 takes as many as the largest clusters have.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from tests.lab.lab import Lab
from tests.terminal import PILOTHOUSE, Terminal

pytestmark = pytest.mark.lab
PODS = int(os.environ.get("LAB_PODS", "2000"))
A_NODE = 100  # pods of one node: what it can take twice over
OUTAGE = 60.0
AT_ONCE = 1.0
"""Seconds from a key to its paint that a person takes for an answer at once, on a machine that is busy."""


@pytest.fixture(params=[PODS], ids="{}-pods".format)
def crowded(lab: Lab) -> Iterator[Lab]:
    """The lab with so many ready pods more; all of them are gone afterwards."""
    lab.scale(-(-PODS // A_NODE), PODS)
    yield lab
    lab.api_start()
    lab.reset()


def answers(terminal: Terminal, key: str, shown: str) -> float:
    """Seconds from a key to what it shows."""
    pressed = terminal.press(key)
    return terminal.until(shown) - pressed


def test_rows_stay_and_keys_answer_while_the_api_server_is_gone_for_a_minute(crowded: Lab, unjudged: Lab) -> None:
    with Terminal([PILOTHOUSE, "--start", "pods"], env=crowded.env, columns=140, lines=40) as terminal:
        terminal.until(lambda text: "live" in text and number_of_pods(text) >= PODS, 90)
        before = number_of_pods(terminal.text)
        unjudged.api_stop()
        stopped = time.monotonic()
        try:
            terminal.until(lambda text: "lost" in text and "refused" in text and "since" in text, 30)
            took: list[float] = []
            while time.monotonic() < stopped + OUTAGE:
                took += [answers(terminal, "end", "load-9"), answers(terminal, "home", "calico")]
                time.sleep(2)
            assert number_of_pods(terminal.text) == before
            assert "lost" in terminal.text
            assert sorted(took)[len(took) // 2] < AT_ONCE / 2, took
            assert max(took) < 2 * AT_ONCE, took
        finally:
            unjudged.api_start()
        terminal.until(lambda text: "lost" not in text and "stale" not in text and "live" in text, 90)
        assert number_of_pods(terminal.text) >= PODS
        assert terminal.alive


def number_of_pods(text: str) -> int:
    """What the title of the pane says; 0 before it says anything."""
    after = text.partition("pods (")[2]
    number = after.partition(")")[0].split(" ")[0].replace(",", "").replace("\u202f", "")
    return int(number) if number.isdigit() else 0
