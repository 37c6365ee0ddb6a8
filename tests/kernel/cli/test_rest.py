"""Configuration errors, the bug report's redaction, completion, version."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from console import paths
from console.cli import run
from console.cli.arguments import parser
from console.cli.bugreport import redact
from console.cli.session import settings_of
from console.config import Settings, load
from console.errors import ConfigError


def configured(home: Path, text: str) -> Path:
    path = home / "config/pilothouse/config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("them = 'dark'", "key `them` is not known; known keys: columns, favourites"),
        ("theme = 'pink'", "key `theme`: one of dark, light, high-contrast, ansi is wanted, not 'pink'"),
        ("max_out = 0", "key `max_out`: a whole number from 1 is wanted, not 0"),
        ("max_out = true", "key `max_out`: a whole number from 1 is wanted, not True"),
        ("read_only = 'yes'", "key `read_only`: true or false is wanted, not 'yes'"),
        ("production = 'p'", "key `production`: a list of texts is wanted, not 'p'"),
        ("[keys]\ncordon = 3", "key `keys`: `cordon`: a text is wanted, not 3"),
        ("[columns]\npods = ['NAME', 3]", "key `columns`: `pods`: a text is wanted, not 3"),
        ("[notify]\ncommand = 'say'", "key `notify`: `command`: a list of texts is wanted, not 'say'"),
        ("[notify]\nstalls_after = -1", "key `notify`: `stalls_after`: a number of seconds is wanted"),
        ("[notify]\nafter = 1", "key `notify`: `after` is not known; known keys: command, stalls_after"),
        ("theme = ", "is not TOML"),
    ],
)
def test_a_wrong_configuration_is_named_with_its_file(
    home: Path, capsys: pytest.CaptureFixture[str], text: str, message: str
) -> None:
    path = configured(home, text)
    assert run(["get", "nodes"]) == 2
    captured = capsys.readouterr()
    assert str(path) in captured.err
    assert message in captured.err


def test_a_whole_configuration(home: Path) -> None:
    settings = load(
        configured(
            home,
            'theme = "light"\nproduction = ["prod-*"]\n[columns]\npods = ["NAME"]\n'
            "[plugins.kubernetes]\npage_size = 100\n",
        )
    )
    assert settings == Settings(
        theme="light",
        production=("prod-*",),
        columns={"pods": ("NAME",)},
        plugins={"kubernetes": {"page_size": 100}},
    )
    assert settings.is_production("prod-east")
    assert not settings.is_production("lab")


def test_a_runner_inherits_the_configuration_that_was_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PILOTHOUSE_CONFIG", "")
    monkeypatch.chdir(home)
    (home / "mine.toml").write_text("max_out = 3\n", encoding="utf-8")
    assert settings_of(parser().parse_args(["get", "nodes", "--config", "mine.toml"])).max_out == 3
    assert load(paths.config_file()).max_out == 3


def test_no_file_is_all_defaults_and_a_folder_is_an_error(home: Path) -> None:
    assert load(home / "nothing.toml") == Settings()
    with pytest.raises(ConfigError, match="cannot be read"):
        load(home)


@pytest.mark.parametrize(
    "secret",
    [
        "Authorization: Bearer abc.def.ghi",
        "token=s3cr3t",
        "https://user:hunter2@proxy:3128/",
        "eyJhbGciOi.eyJzdWIi.c2ln",
        "join --token abcdef.0123456789abcdef",
        'password: "hunter2"',
    ],
)
def test_what_looks_like_a_credential_is_hidden(secret: str) -> None:
    hidden = redact(f"before {secret} after")
    assert "(hidden)" in hidden
    for word in ("abc.def.ghi", "s3cr3t", "hunter2", "eyJ", "0123456789abcdef"):
        assert word not in hidden
    assert hidden.startswith("before ")
    assert hidden.endswith(" after")


def test_bugreport_has_versions_and_no_secret(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configured(home, 'theme = "light"\n[plugins.kubernetes]\nclient_secret = "hunter2"\n')
    log = home / "state/pilothouse/pilothouse.log"
    log.parent.mkdir(parents=True)
    log.write_text("2026 WARNING token=hunter2 refused\n", encoding="utf-8")
    assert run(["bugreport"]) == 0
    out = capsys.readouterr().out
    for line in ("pilothouse 0.1.0", "textual ", "plugin kubernetes: API 1", "theme = 'light'", "(hidden) refused"):
        assert line in out
    assert "hunter2" not in out


def test_completion_knows_commands_options_and_panes(capsys: pytest.CaptureFixture[str]) -> None:
    for shell, words in (("bash", ("drain", "nodes", "--filter")), ("zsh", ("compinit",)), ("fish", ("bugreport",))):
        assert run(["completion", shell]) == 0
        out = capsys.readouterr().out
        for word in words:
            assert word in out


def test_bash_accepts_the_completion(capsys: pytest.CaptureFixture[str]) -> None:
    run(["completion", "bash"])
    script = capsys.readouterr().out
    script += "\nCOMP_WORDS=(pilothouse get no) COMP_CWORD=2; _pilothouse; echo ${COMPREPLY[@]}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert "nodes" in done.stdout.split()


def test_version_as_a_user_asks_for_it() -> None:
    done = subprocess.run([sys.executable, "-m", "console", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == "pilothouse 0.1.0\n"


def test_without_a_terminal_the_screen_says_what_to_do_instead() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "console"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "the screen needs a terminal; for scripts there is `pilothouse get PANE -o json`" in done.stderr
