"""What may stand in `[[redis]]`, and what the error says."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.errors import ConfigError, Unauthorized
from plugins.redis.config import Named, configure, discover
from plugins.redis.credentials import Login, named


def test_an_instance_by_its_sentinels() -> None:
    settings = configure({"instances": [{"name": "lab", "sentinels": ["a:1", "b", "[::1]:3"], "tls": True}]})
    assert settings.instances[0].sentinels == (("a", 1), ("b", 26379), ("::1", 3))
    assert [str(one.id) for one in discover(settings)] == ["redis:lab"]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"name": "x"}, "`sentinels` or `servers` is wanted"),
        ({"sentinels": ["a:b"]}, "'a:b' is not host:port"),
        ({"sentinels": [7]}, "a text is wanted"),
        ({"sentinels": 7}, "a list of texts is wanted"),
        ({"servers": ["a"], "password": "geheim"}, "`password` would be a secret in this file"),
        ({"servers": ["a"], "colour": "red"}, "`colour` is not known"),
        ({"servers": ["a"], "tls": "yes"}, "key `tls`: true or false is wanted"),
        ({"servers": ["a"], "timeout": 0}, "`timeout` must be a number of seconds"),
        ({"servers": ["a"], "password_env": "A", "password_file": "b"}, "exclude each other"),
        ({"servers": ["a"], "sentinel_password_env": "A", "sentinel_password_file": "b"}, "exclude each other"),
        ({"servers": ["a"], "certificate_file": "c"}, "belong together"),
        ({"servers": ["a"], "timeout": 61}, "up to 60"),
    ],
)
def test_a_wrong_table_is_named(table: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        configure({"instances": [table]})
    assert "geheim" not in str(caught.value)


def test_names_are_used_once() -> None:
    with pytest.raises(ConfigError, match="is there twice"):
        configure({"instances": [{"name": "a", "servers": ["x"]}, {"name": "a", "servers": ["y"]}]})


def table(**keys: object) -> Named:
    return configure({"instances": [{"name": "x", "servers": ["a"], **keys}]}).instances[0]


async def test_passwords_come_from_where_the_settings_point(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from file\n")
    one = table(
        username="console", password_file=str(tmp_path / "secret"),
        sentinel_password_command=["printf", "%s\\n", "from command"],
    )  # fmt: skip
    logins = await named(one, {})
    assert logins.server == (Login("console", "from file"),)
    assert logins.sentinel == (Login(password="from command"),)
    assert logins.origin == f"file {tmp_path / 'secret'}"
    assert (await named(table(password_env="PW"), {"PW": "from env"})).server == (Login(password="from env"),)


async def test_what_a_failing_command_said_is_not_repeated() -> None:
    with pytest.raises(Unauthorized) as caught:
        await named(table(password_command=["sh", "-c", "echo geheim; exit 3"]), {})
    assert "code 3" in str(caught.value)
    assert "geheim" not in str(caught.value)


async def test_a_missing_variable_or_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unauthorized, match="environment PW is empty"):
        await named(table(password_env="PW"), {})
    with pytest.raises(Unauthorized, match="cannot be read"):
        await named(table(password_file=str(tmp_path / "nothing")), {})


def test_tls_is_spoken_where_a_file_of_it_is_named_too() -> None:
    assert table(ca_file="ca.pem").access.secured
    assert table(tls=True, server_name="inside").access.server_name == "inside"
    assert not table().access.secured
    assert [
        mark.text for mark in discover(configure({"instances": [{"servers": ["a"], "verify": False}]}))[0].marks
    ] == ["INSECURE TLS"]


async def test_without_settings_redis_clis_own_variable_is_used() -> None:
    one = configure({"instances": [{"servers": ["a"]}]}).instances[0]
    logins = await named(one, {"REDISCLI_AUTH": "usual"})
    assert logins.server == (Login(password="usual"),)
    assert logins.sentinel == (Login(), Login(password="usual"))
    assert "usual" not in repr(logins)
