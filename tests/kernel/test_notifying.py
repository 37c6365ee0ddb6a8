"""The person's command runs once a host, learns everything from its environment, and can do no harm."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from console.notifying import environment, notify, terminal_bytes
from console.workflow.notices import Notice

NOTICE = Notice("asks", "d-1", "drain node1", "asks", "asks: what\x1b]52;c;eA==\x07 now; $(reboot)?", "d-1 asks 1")
WRITE = "import os, sys; open(sys.argv[1], 'a').write(os.environ['PILOTHOUSE_EVENT'] + os.environ['PILOTHOUSE_TEXT'])"


def command(path: Path) -> list[str]:
    return [sys.executable, "-c", WRITE, str(path)]


async def test_the_command_learns_what_happened_from_its_environment_and_no_shell_reads_it(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert await notify(command(out), NOTICE, told=tmp_path / "told", environ=os.environ)
    text = out.read_text()
    assert text.startswith("asksrun d-1 (drain node1) asks: what")
    assert "$(reboot)" in text
    assert "\x1b" not in text


async def test_a_thing_is_told_once_on_a_host(tmp_path: Path) -> None:
    out, told = tmp_path / "out", tmp_path / "told"
    assert await notify(command(out), NOTICE, told=told, environ=os.environ)
    assert not await notify(command(out), NOTICE, told=told, environ=os.environ)
    assert out.read_text().count("asksrun") == 1
    assert [stat.S_IMODE(path.stat().st_mode) for path in told.iterdir()] == [0o600]


@pytest.mark.parametrize("words", [["/nothing/of/this/name"], [sys.executable, "-c", "raise SystemExit(3)"], []])
async def test_a_command_that_fails_is_nobodys_harm(words: list[str], tmp_path: Path) -> None:
    assert not await notify(words, NOTICE, told=tmp_path / "told", environ=os.environ)


async def test_a_command_that_does_not_end_is_ended(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    text = f"echo $$ > {pid}; exec sleep 60"
    assert not await notify(["sh", "-c", text], NOTICE, told=tmp_path / "told", environ=os.environ, within=1.0)
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


async def test_a_folder_that_cannot_be_written_tells_rather_twice_than_never(tmp_path: Path) -> None:
    out, told = tmp_path / "out", tmp_path / "file"
    told.write_text("")
    for _ in range(2):
        assert await notify(command(out), NOTICE, told=told / "below", environ=os.environ)
    assert out.read_text().count("asksrun") == 2


def test_what_reaches_the_terminal_is_clean() -> None:
    text = terminal_bytes(NOTICE)
    assert text.startswith("\x07\x1b]9;run d-1")
    assert text.count("\x1b") == 1
    assert text.count("\x07") == 2
    assert set(environment(NOTICE)) == {f"PILOTHOUSE_{name}" for name in ("EVENT", "RUN", "TITLE", "STATUS", "TEXT")}
