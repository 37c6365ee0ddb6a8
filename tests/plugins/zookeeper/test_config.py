"""What may stand in `[[zookeeper]]`, and what is found on the platform."""

from __future__ import annotations

import pytest

from console.errors import ConfigError
from plugins.zookeeper.config import configure, discover


def test_an_ensemble_as_zookeepers_own_tools_write_it() -> None:
    settings = configure({"instances": [{"servers": "a:2182, b, [::1]:2183"}]})
    assert settings.instances[0].servers == (("a", 2182), ("b", 2181), ("::1", 2183))
    assert [str(one.id) for one in discover(settings)] == ["zookeeper:a:2182"]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"name": "x"}, "`servers` is wanted"),
        ({"servers": ["a:0"]}, "'a:0' is not host:port"),
        ({"servers": 2181}, "key `servers`: a list of texts is wanted"),
        ({"servers": ["a", "b"], "admin": ["a:8080"]}, "`admin` has 1 addresses for 2 servers"),
        ({"servers": ["a"], "certificate_file": "x"}, "belong together"),
        ({"servers": ["a"], "timeout": 100}, "`timeout` must be a number of seconds"),
        ({"servers": ["a"], "password": "x"}, "`password` is not known"),
        ({"servers": ["a"], "name": 7}, "key `name`: a text is wanted"),
        ({"servers": ["a"], "verify": "no"}, "key `verify`: true or false is wanted"),
    ],
)
def test_a_wrong_table_is_named(table: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        configure({"instances": [table]})


def test_names_are_used_once_and_other_keys_are_refused() -> None:
    with pytest.raises(ConfigError, match="there twice"):
        configure({"instances": [{"name": "a", "servers": ["x"]}, {"name": "a", "servers": ["y"]}]})
    with pytest.raises(ConfigError, match="`servers` is not known"):
        configure({"servers": ["x"]})


def test_tls_has_the_words_that_all_systems_share() -> None:
    table = {"servers": ["a"], "ca_file": "/ca.pem", "server_name": "zk.example", "verify": False}
    [instance] = discover(configure({"instances": [table]}))
    assert (instance.settings.tls.ca_file, instance.settings.tls.server_name) == ("/ca.pem", "zk.example")
    assert [mark.text for mark in instance.marks] == ["INSECURE TLS"]
