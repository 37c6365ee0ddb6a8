"""Tables of the systems: keys into settings, and errors that name the key and what is wanted."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from console.errors import ConfigError
from console.secrets import Secret
from console.tables import Password, address, listed, settled


class Named(Password, frozen=True, kw_only=True):
    name: str
    url: tuple[str, ...] = ()
    timeout: float = 3.0


def told(named: Named, where: str) -> Named:
    return named if named.name else replace(named, name=where)


def all_of(instances: list[dict[str, Any]]) -> tuple[Named, ...]:
    return listed({"instances": instances}, Named, told, system="x")


def test_keys_become_settings() -> None:
    made = settled(
        {"name": "shop", "url": "http://a", "timeout": 5, "ca-file": "ca.pem", "password_env": "P"}, Named, "[[x]] 1"
    )
    assert (made.name, made.url, made.timeout, made.ca_file, made.verify) == (
        "shop",
        ("http://a",),
        5.0,
        "ca.pem",
        True,
    )
    assert made.password == Secret(env="P")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({}, "key `name` is missing"),
        ({"name": 1}, "key `name`: a text is wanted"),
        ({"name": "a", "verify": "yes"}, "key `verify`: true or false is wanted"),
        ({"name": "a", "url": ["a", 1]}, r"key `url\[1\]`: a text is wanted"),
        ({"name": "a", "url": 5}, "key `url`: a list of texts is wanted"),
        ({"name": "a", "timeout": True}, "key `timeout`: a number is wanted"),
        ({"name": "a", "hue": 1}, "key `hue` is not known.*known keys: ca_file"),
        ({"name": "a", "password": "x"}, "`password` would be a secret in this file.*use password_file"),
        ({"name": "a", "password_env": "x", "password_file": "y"}, "`password_file` and `password_env` exclude"),
        ({"name": "a", "certificate_file": "x"}, "`certificate_file` and `key_file` belong together"),
    ],
)
def test_what_is_wrong_is_named_with_its_table(table: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=rf"(?s)\[\[x\]\] 1.*{said}|{said}") as caught:
        settled(table, Named, "[[x]] 1")
    assert "[[x]] 1" in str(caught.value)


def test_all_instances_have_names_of_their_own() -> None:
    assert [one.name for one in all_of([{"name": "a"}, {"name": "b"}])] == ["a", "b"]
    assert listed({}, Named, told, system="x") == ()
    with pytest.raises(ConfigError, match="name `a` is there twice"):
        all_of([{"name": "a"}, {"name": "a"}])
    with pytest.raises(ConfigError, match=r"\[plugins.x\]: key `colour` is not known; write \[\[x\]\]"):
        listed({"colour": 1}, Named, told, system="x")
    assert listed({"colour": 1}, Named, told, system="x", known=("colour",)) == ()


def test_a_table_without_a_name_is_called_by_its_number_until_it_has_one() -> None:
    assert [one.name for one in all_of([{"name": ""}, {"name": "b"}])] == ["[[x]] 1", "b"]
    with pytest.raises(ConfigError, match="is there twice"):
        all_of([{"name": ""}, {"name": "[[x]] 1"}])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.b:1", ("a.b", 1)),
        ("a", ("a", 9)),
        ("[::1]:2", ("::1", 2)),
        ("[::1]", ("::1", 9)),
        ("::1", ("::1", 9)),
    ],
)
def test_addresses(text: str, expected: tuple[str, int]) -> None:
    assert address(text, 9, "[[x]]") == expected


@pytest.mark.parametrize("text", ["", ":1", "a:b", "a:0", "a:70000"])
def test_addresses_that_are_none(text: str) -> None:
    with pytest.raises(ConfigError, match="is not host:port"):
        address(text, 9, "[[x]]")
