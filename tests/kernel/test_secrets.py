"""Secrets by reference: what is read, and that errors name the reference and never the secret."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from console import secrets
from console.errors import Unauthorized
from console.secrets import Secret, read

WHERE = "[[kafka]] billing"


def command(script: str) -> Secret:
    return Secret(command=(sys.executable, "-c", script))


async def test_from_a_file_a_variable_and_a_command(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("of the file\n", encoding="utf-8")
    assert await read(Secret(file=str(tmp_path / "secret")), WHERE) == "of the file"
    assert await read(Secret(env="SECRET"), WHERE, {"SECRET": "of the variable"}) == "of the variable"
    assert await read(command("print('of the command')"), WHERE) == "of the command"


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        (Secret(file="/nowhere/at/all"), "file /nowhere/at/all cannot be read: No such file"),
        (Secret(env="NOT_SET"), "environment NOT_SET is empty"),
        (Secret(command=("/nowhere/at/all",)), "command /nowhere/at/all cannot be started"),
        (command("import sys; print('hidden', file=sys.stderr); print('hidden'); sys.exit(3)"), "ended with code 3"),
        (command(""), "is empty"),
    ],
)
async def test_what_cannot_be_read_is_named(secret: Secret, said: str) -> None:
    with pytest.raises(Unauthorized, match=said) as caught:
        await read(secret, WHERE, {})
    assert WHERE in str(caught.value)
    assert "hidden" not in str(caught.value)


async def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Unauthorized, match="it is not text"):
        await read(Secret(file=str(tmp_path / "binary")), WHERE)


async def test_a_command_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "COMMAND_WITHIN", 0.2)
    with pytest.raises(Unauthorized, match="printed nothing within"):
        await read(command("import time; time.sleep(60)"), WHERE)


def test_a_reference_is_false_where_there_is_none() -> None:
    assert not Secret()
    assert str(Secret()) == "none"
    assert Secret(env="X")
