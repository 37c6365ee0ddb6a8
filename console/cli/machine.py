"""What `pilothouse doctor` finds on this host: settings, libraries, terminal, and whether a run survives a logout.

Reads files and the environment, which are arguments where tests need others. Changes nothing and asks no server.
"""

from __future__ import annotations

import getpass
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path

from console import paths
from console.config import load
from console.errors import ConfigError
from console.plugin import Check, Found, Need

LIBRARIES = ("textual", "httpx", "httpcore", "msgspec", "websockets", "kubernetes", "PyYAML")
_LOGIND = ("usr/lib/systemd/logind.conf", "etc/systemd/logind.conf")
_DROPINS = ("usr/lib/systemd/logind.conf.d", "run/systemd/logind.conf.d", "etc/systemd/logind.conf.d")
_YES = {"yes", "true", "on", "1"}
_SMALLEST = (80, 24)


def configuration(file: Path) -> Check:
    """The console's own configuration file."""
    if not file.exists():
        return Check("configuration", Found.OK, f"no {file}: all defaults")
    try:
        load(file)
    except ConfigError as error:
        return Check("configuration", Found.MISSING, str(error), "mend the file, or move it away")
    return Check("configuration", Found.OK, str(file))


def state() -> Check:
    """Where log, local record and journal mirrors go."""
    try:
        folder = paths.state_dir()
    except OSError as error:
        return Check("state", Found.MISSING, f"no folder for log and records: {error}", "set XDG_STATE_HOME")
    if not os.access(folder, os.W_OK):
        return Check("state", Found.MISSING, f"{folder} cannot be written", "set XDG_STATE_HOME", Need.TO_CHANGE)
    if folder.stat().st_mode & 0o077:
        return Check("state", Found.MISSING, f"others can read {folder}", f"chmod 700 {folder}", Need.OPTIONAL)
    return Check("state", Found.OK, str(folder))


def libraries() -> Check:
    """The libraries that the program stands on, with their versions."""
    found: list[str] = []
    absent: list[str] = []
    for name in LIBRARIES:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            absent.append(name)
    if absent:
        return Check("libraries", Found.MISSING, f"{', '.join(absent)} not installed", "install the program again")
    return Check("libraries", Found.OK, ", ".join(found))


def terminal(environ: Mapping[str, str], *, is_one: bool, size: tuple[int, int] | None = None) -> Check:
    """What the screen can do here. `size`: columns and lines, asked of the terminal where not given."""
    if not is_one:
        return Check("terminal", Found.UNKNOWN, "this is none; headless commands need none", need=Need.OPTIONAL)
    kind = environ.get("TERM", "")
    if kind in {"", "dumb"}:
        return Check("terminal", Found.MISSING, f"TERM is {kind or 'not set'}", "export TERM=xterm-256color")
    columns, lines = size or tuple(shutil.get_terminal_size())
    words = [kind, f"{columns}x{lines}", _colours(environ, kind), _letters(environ)]
    if environ.get("TMUX") or kind.startswith(("tmux", "screen")):
        words.append("copying needs `set -g set-clipboard on` in tmux")
    text = ", ".join(words)
    if columns < _SMALLEST[0] or lines < _SMALLEST[1]:
        return Check("terminal", Found.MISSING, text, "make it 80x24 or larger", Need.OPTIONAL)
    return Check("terminal", Found.OK, text)


def _colours(environ: Mapping[str, str], kind: str) -> str:
    if environ.get("NO_COLOR"):
        return "no colours (NO_COLOR)"
    if environ.get("COLORTERM") in {"truecolor", "24bit"}:
        return "all colours"
    return "256 colours" if "256" in kind else "16 colours: --theme ansi looks best"


def _letters(environ: Mapping[str, str]) -> str:
    locale = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    return "UTF-8" if re.search(r"utf-?8", locale, re.IGNORECASE) else "ASCII signs: LANG is not UTF-8"


def logout(root: Path = Path("/"), *, user: str = "", cgroup: str | None = None) -> Check:
    """Whether a runner survives the logout of its person: systemd-logind may end all processes of a session.

    Source: logind.conf(5), KillUserProcesses, KillOnlyUsers and KillExcludeUsers (root where nobody says otherwise).
    """
    topic, need = "logout", Need.TO_CHANGE
    if not (root / "run/systemd/system").exists():
        return Check(topic, Found.OK, "no systemd-logind here: nothing ends a run at logout", need=need)
    user = user or getpass.getuser()
    own = _read(root / "proc/self/cgroup") if cgroup is None else cgroup
    if not re.search(r"/session-[^/]+\.scope", own):
        return Check(topic, Found.OK, "this is no login session: nothing ends a run at logout", need=need)
    settings = dict(_settings(root))
    kills = settings.get("KillUserProcesses", "")
    if not kills:
        advice = "busctl get-property org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager"
        text = "no file of logind says KillUserProcesses, so it is what systemd was built with"
        return Check(topic, Found.UNKNOWN, text, f"{advice} KillUserProcesses", need)
    if kills.lower() not in _YES or not _is_meant(user, settings):
        return Check(topic, Found.OK, f"runs of {user} survive (KillUserProcesses={kills})", need=need)
    advice = f"loginctl enable-linger {user}, and start it by: systemd-run --user --scope pilothouse"
    return Check(topic, Found.MISSING, f"a logout ends the runs of {user} (KillUserProcesses={kills})", advice, need)


def _is_meant(user: str, settings: Mapping[str, str]) -> bool:
    only = settings.get("KillOnlyUsers", "").split()
    return user not in settings.get("KillExcludeUsers", "root").split() and (not only or user in only)


def _settings(root: Path) -> Iterator[tuple[str, str]]:
    """Key and value; later ones win. What stands in a comment of the main file is what systemd was built with."""
    files: Sequence[Path] = [root / name for name in _LOGIND]
    for file in files:
        yield from re.findall(r"^#(KillUserProcesses)=(\w+)\s*$", _read(file), re.MULTILINE)
    dropins = sorted((one for folder in _DROPINS for one in (root / folder).glob("*.conf")), key=lambda one: one.name)
    for file in [*files, *dropins]:
        yield from re.findall(r"^(Kill\w+)[ \t]*=[ \t]*(.*?)\s*$", _read(file), re.MULTILINE)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def examine(config: Path) -> list[Check]:
    """All lines about this host."""
    python = Check("python", Found.OK, f"{sys.version.split()[0]} at {sys.executable}")
    both = sys.stdin.isatty() and sys.stdout.isatty()
    return [python, libraries(), configuration(config), state(), terminal(os.environ, is_one=both), logout()]
