"""What `doctor` says of this host, and when its exit code is 1; setup prints and applies nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from console.cli import machine, run
from console.cli.doctor import fails
from console.plugin import Check, Found, Need

SESSION = "0::/user.slice/user-1000.slice/session-3.scope\n"


def logind(root: Path, main: str = "", dropin: str = "") -> Path:
    (root / "run/systemd/system").mkdir(parents=True)
    (root / "etc/systemd/logind.conf.d").mkdir(parents=True)
    (root / "etc/systemd/logind.conf").write_text(f"[Login]\n{main}\n")
    if dropin:
        (root / "etc/systemd/logind.conf.d/50-ours.conf").write_text(f"[Login]\n{dropin}\n")
    return root


@pytest.mark.parametrize(
    ("main", "dropin", "user", "found"),
    [
        ("#KillUserProcesses=no", "", "ann", Found.OK),
        ("#KillUserProcesses=yes", "", "ann", Found.MISSING),
        ("#KillUserProcesses=yes", "", "root", Found.OK),
        ("KillUserProcesses=no", "KillUserProcesses = yes", "ann", Found.MISSING),
        ("KillUserProcesses=no", "KillUserProcesses=yes", "ann", Found.MISSING),
        ("KillUserProcesses=yes", "KillExcludeUsers=ann bob", "ann", Found.OK),
        ("KillUserProcesses=yes", "KillExcludeUsers=", "root", Found.MISSING),
        ("KillUserProcesses=yes", "KillOnlyUsers=bob", "ann", Found.OK),
        ("#NAutoVTs=6", "", "ann", Found.UNKNOWN),
    ],
)
def test_whether_a_run_survives_a_logout(tmp_path: Path, main: str, dropin: str, user: str, found: Found) -> None:
    check = machine.logout(logind(tmp_path, main, dropin), user=user, cgroup=SESSION)
    assert (check.found, check.need) == (found, Need.TO_CHANGE)
    assert bool(check.advice) == (found is not Found.OK)


def test_nothing_ends_a_run_where_there_is_no_login_session(tmp_path: Path) -> None:
    assert machine.logout(tmp_path, user="ann", cgroup=SESSION).found is Found.OK
    root = logind(tmp_path, "KillUserProcesses=yes")
    scope = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/run-u5.scope\n"
    assert machine.logout(root, user="ann", cgroup=scope).found is Found.OK


@pytest.mark.parametrize(
    ("environ", "size", "found", "words"),
    [
        ({"TERM": "xterm-256color", "LANG": "C.UTF-8"}, (80, 24), Found.OK, "256 colours, UTF-8"),
        ({"TERM": "linux", "LANG": "C"}, (80, 25), Found.OK, "16 colours: --theme ansi looks best, ASCII signs"),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, (79, 24), Found.MISSING, "all colours"),
        ({"TERM": "tmux-256color", "NO_COLOR": "1"}, (200, 60), Found.OK, "set-clipboard"),
        ({"TERM": "dumb"}, (80, 24), Found.MISSING, "TERM is dumb"),
    ],
)
def test_what_the_terminal_can(environ: dict[str, str], size: tuple[int, int], found: Found, words: str) -> None:
    check = machine.terminal(environ, is_one=True, size=size)
    assert check.found is found
    assert words in check.text


def test_a_folder_that_others_can_read_is_told(home: Path) -> None:
    assert machine.state().found is Found.OK
    (home / "state" / "pilothouse").chmod(0o755)
    assert machine.state().advice.startswith("chmod 700 ")


def test_a_library_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine.libraries().found is Found.OK
    monkeypatch.setattr(machine, "LIBRARIES", ("msgspec", "no-such-library"))
    assert machine.libraries().text == "no-such-library not installed"


@pytest.mark.parametrize(
    ("need", "changing", "looking"),
    [(Need.ALWAYS, "fails", "fails"), (Need.TO_CHANGE, "fails", "passes"), (Need.OPTIONAL, "passes", "passes")],
)
def test_what_is_missing_fails_only_whom_it_concerns(need: Need, changing: str, looking: str) -> None:
    missing, unknown = (Check("x", found, "", need=need) for found in (Found.MISSING, Found.UNKNOWN))
    assert fails(missing, read_only=False) == (changing == "fails")
    assert fails(missing, read_only=True) == (looking == "fails")
    assert not fails(unknown, read_only=False)


def test_without_a_kubeconfig_it_says_what_to_do_next(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "-o", "json"]) == 1
    told = json.loads(capsys.readouterr().out)
    line = next(line for line in told["checks"] if line["topic"] == "kubeconfig")
    assert (line["found"], told["exit"]) == ("missing", 1)
    assert "pilothouse demo" in line["next"]


def test_a_wrong_configuration_is_a_line_and_the_cluster_is_not_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "config.toml"
    file.write_text("thme = 'dark'\n")
    assert run(["doctor", "--config", str(file)]) == 1
    out = capsys.readouterr().out
    assert "key `thme` is not known" in out
    assert "unknown  cluster" in out


def test_setup_prints_and_never_applies(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["setup"]) == 2
    assert "setup only prints" in capsys.readouterr().err
