"""An interactive shell from the real screen to a real process behind a pod of the real API server."""

from __future__ import annotations

import pytest

from tests.lab.inhabited import inhabited
from tests.lab.lab import Lab
from tests.terminal import PILOTHOUSE, Terminal

pytestmark = pytest.mark.lab


def test_a_shell_takes_the_terminal_and_gives_it_back(lab: Lab) -> None:
    with inhabited(lab) as pod, Terminal([PILOTHOUSE, "--start", f"pods /{pod}"], env=lab.env) as terminal:
        terminal.until(lambda text: pod in text and "live" in text and "pods (1 of" in text, 30)
        terminal.press("s")
        terminal.until(lambda text: f"shell in pod pulsar/{pod}" in text and "it ends with exit" in text, 30)
        assert "NAMESPACE" not in terminal.text, "the table is not painted over the shell"
        terminal.type("stty size; echo one$((1 + 1))three\r")
        terminal.until(lambda text: "one2three" in text and "40 120" in text)
        assert "echo one$((1 + 1))three" in terminal.text, "what is typed is seen"
        terminal.type("exit 7\r")
        terminal.until(lambda text: pod in text and "live" in text and "pods (1 of" in text)
        terminal.until("shell ended with 7")
        terminal.press(":")
        terminal.until("audit  budgets")
        terminal.press("esc")
        assert terminal.alive


def test_a_shell_where_no_process_stands_says_why_and_the_table_is_back(lab: Lab) -> None:
    with Terminal([PILOTHOUSE, "--start", "pods /pulsar-zookeeper-1"], env=lab.env) as terminal:
        terminal.until(lambda text: "pods (1 of" in text and "live" in text, 30)
        terminal.press("s")
        terminal.until(lambda text: "pods (1 of" in text and "shell" in text, 30)
        assert terminal.alive
