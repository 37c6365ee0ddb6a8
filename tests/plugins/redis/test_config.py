"""What may stand in `[[redis]]`, and what the error says."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.errors import ConfigError, Unauthorized
from plugins.redis.config import Secret, configure, discover
from plugins.redis.credentials import Login, named, read


def test_an_instance_by_its_sentinels() -> None:
    settings = configure({"instances": [{"name": "lab", "sentinels": ["a:1", "b", "[::1]:3"], "tls": True}]})
    assert settings.instances[0].sentinels == (("a", 1), ("b", 26379), ("::1", 3))
    assert [str(one.id) for one in discover(settings)] == ["redis:lab"]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"name": "x"}, "`sentinels` or `servers` is wanted"),
        ({"sentinels": ["a:b"]}, "'a:b' is not host:port"),
        ({"sentinels": [7]}, "7 is not host:port"),
        ({"sentinels": 7}, "must be a list"),
        ({"servers": ["a"], "password": "geheim"}, "`password` would be a secret in this file"),
        ({"servers": ["a"], "colour": "red"}, "`colour` is not known"),
        ({"servers": ["a"], "tls": "yes"}, "`tls` must be true or false"),
        ({"servers": ["a"], "timeout": 0}, "`timeout` must be a number of seconds"),
        ({"servers": ["a"], "password_env": "A", "password_file": "b"}, "exclude each other"),
        ({"servers": ["a"], "password_command": "pass redis"}, "must be a list of words"),
    ],
)
def test_a_wrong_table_is_named(table: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        configure({"instances": [table]})
    assert "geheim" not in str(caught.value)


def test_names_are_used_once() -> None:
    with pytest.raises(ConfigError, match="used twice"):
        configure({"instances": [{"name": "a", "servers": ["x"]}, {"name": "a", "servers": ["y"]}]})


async def test_passwords_come_from_where_the_settings_point(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from file\n")
    assert await read(Secret(file=str(tmp_path / "secret")), {}) == "from file"
    assert await read(Secret(env="PW"), {"PW": "from env"}) == "from env"
    assert await read(Secret(command=("printf", "%s\\n", "from command")), {}) == "from command"


async def test_what_a_failing_command_said_is_not_repeated() -> None:
    with pytest.raises(Unauthorized) as caught:
        await read(Secret(command=("sh", "-c", "echo geheim; exit 3")), {})
    assert "code 3" in str(caught.value)
    assert "geheim" not in str(caught.value)


async def test_a_missing_variable_or_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="PW is not set"):
        await read(Secret(env="PW"), {})
    with pytest.raises(ConfigError, match="cannot be read"):
        await read(Secret(file=str(tmp_path / "nothing")), {})


async def test_without_settings_redis_clis_own_variable_is_used() -> None:
    one = configure({"instances": [{"servers": ["a"]}]}).instances[0]
    logins = await named(one, {"REDISCLI_AUTH": "usual"})
    assert logins.server == (Login(password="usual"),)
    assert logins.sentinel == (Login(), Login(password="usual"))
    assert "usual" not in repr(logins)
