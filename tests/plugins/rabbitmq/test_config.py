"""Settings: each mistake is named with its key."""

from __future__ import annotations

from typing import Any

import pytest

from console.errors import ConfigError
from plugins.rabbitmq.config import configure, discover

URL = "http://h:15672"


def test_named_instances() -> None:
    settings = configure({"instances": [{"name": "shop", "url": [URL, "https://h2:15671"]}, {"name": "ns/found"}]})
    assert [str(one.id) for one in discover(settings)] == ["rabbitmq:shop"]
    assert settings.instances[0].url == (URL, "https://h2:15671")
    assert configure({}).instances == ()


def test_a_password_in_the_file_is_refused_and_not_shown() -> None:
    with pytest.raises(ConfigError, match="`password` would be a secret in this file") as caught:
        configure({"instances": [{"name": "x", "url": URL, "username": "u", "password": "hidden"}]})
    assert "hidden" not in str(caught.value)


def test_certificates_that_are_not_verified_stand_beside_the_name() -> None:
    [one] = discover(configure({"instances": [{"name": "x", "url": URL, "verify": False}]}))
    assert [mark.text for mark in one.marks] == ["INSECURE TLS"]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"url": URL}, "key `name` is missing"),
        ({"name": "x", "urls": URL}, "key `urls` is not known"),
        ({"name": "x", "url": "h:15672"}, "is no address"),
        ({"name": "x", "url": "http://u:p@h"}, "holds no password"),
        ({"name": "x", "url": 7}, "a list of texts is wanted"),
        ({"name": "x", "verify": "no"}, "true or false is wanted"),
        ({"name": "x", "username": 7}, "a text is wanted"),
        ({"name": "x", "certificate_file": "c"}, "belong together"),
    ],
)
def test_mistakes(entry: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        configure({"instances": [entry]})
    assert f"[[rabbitmq]] {entry.get('name', 1)}" in str(caught.value)


def test_one_name_twice() -> None:
    with pytest.raises(ConfigError, match="name `x` is there twice"):
        configure({"instances": [{"name": "x"}, {"name": "x"}]})


def test_other_tables() -> None:
    with pytest.raises(ConfigError, match="key `colour` is not known"):
        configure({"colour": "red"})
