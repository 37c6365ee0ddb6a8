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


def test_a_password_is_not_shown() -> None:
    settings = configure({"instances": [{"name": "x", "url": URL, "username": "u", "password": "hidden"}]})
    assert "hidden" not in repr(settings)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"url": URL}, "needs a name"),
        ({"name": "x", "urls": URL}, "no setting 'urls'"),
        ({"name": "x", "url": "h:15672"}, "is no address"),
        ({"name": "x", "url": "http://u:p@h"}, "holds no password"),
        ({"name": "x", "url": []}, "a text or a list of texts"),
        ({"name": "x", "verify": "no"}, "true or false"),
        ({"name": "x", "username": 7}, "must be text"),
        ({"name": "x", "certificate_file": "c"}, "belong together"),
    ],
)
def test_mistakes(entry: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        configure({"instances": [entry]})
    assert "[[rabbitmq]] 1" in str(caught.value)


def test_one_name_twice() -> None:
    with pytest.raises(ConfigError, match="two instances are called 'x'"):
        configure({"instances": [{"name": "x"}, {"name": "x"}]})


def test_other_tables() -> None:
    with pytest.raises(ConfigError, match="no setting 'colour'"):
        configure({"colour": "red"})
