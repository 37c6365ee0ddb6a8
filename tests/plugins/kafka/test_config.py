"""Settings, `client.properties`, and what a login is made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from console.errors import ConfigError, Unauthorized
from plugins.kafka import credentials, properties
from plugins.kafka.config import Access, Cluster, configure, discover


def one(**keys: Any) -> Cluster:
    return configure({"instances": [{"bootstrap": "b:9092", **keys}]}).clusters[0]


def test_a_cluster_is_named_and_has_addresses() -> None:
    settings = configure({"instances": [{"name": "a", "bootstrap": "x, y:9093"}, {"bootstrap": ["[::1]:9094"]}]})
    assert [cluster.bootstrap for cluster in settings.clusters] == [(("x", 9092), ("y", 9093)), (("::1", 9094),)]
    assert [str(instance.id) for instance in discover(settings)] == ["kafka:a", "kafka:::1"]
    assert discover(configure({})) == []
    unnamed = configure({"instances": [{"bootstrap": "x"}, {"bootstrap": "y"}]})
    assert [cluster.name for cluster in unnamed.clusters] == ["x", "y"], "each is called by its first broker"
    with pytest.raises(ConfigError, match="name `x` is there twice"):
        configure({"instances": [{"bootstrap": "x"}, {"bootstrap": "x:9093"}]})


@pytest.mark.parametrize(
    ("table", "word"),
    [
        ({"name": "a"}, "bootstrap"),
        ({"bootstrap": ""}, "bootstrap"),
        ({"bootstrap": "x:99999"}, "host:port"),
        ({"bootstrap": "x", "protocol": "TLS"}, "protocol"),
        ({"bootstrap": "x", "mechanism": "GSSAPI"}, "mechanism"),
        ({"bootstrap": "x", "password": "hunter2"}, "password"),
        ({"bootstrap": "x", "colour": "red"}, "colour"),
        ({"bootstrap": "x", "groups_a_cycle": 0}, "groups_a_cycle"),
        ({"bootstrap": "x", "server_name": "y"}, "server_name"),
    ],
)
def test_a_wrong_key_is_named(table: dict[str, Any], word: str) -> None:
    with pytest.raises(ConfigError, match=word) as caught:
        configure({"instances": [table]})
    assert "hunter2" not in str(caught.value)


def test_properties_are_java_properties() -> None:
    text = "# c\n! c\na=1\n b : two words \nc\\=d=e\\\n   f\ng\ttabbed\nunicode=\\u0041\\tx\nempty=\n"
    assert dict(properties.parse(text)) == {
        "a": "1",
        "b": "two words ",
        "c=d": "ef",
        "g": "tabbed",
        "unicode": "A\tx",
        "empty": "",
    }


def test_jaas_names_the_user() -> None:
    line = 'org.apache.kafka.common.security.scram.ScramLoginModule required username="u\\"x" password=\'p w\';'
    assert dict(properties.jaas(line)) == {"username": 'u"x', "password": "p w"}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("security.protocol=SASL_SSL\nsasl.mechanism=GSSAPI", "GSSAPI"),
        ("security.protocol=SASL_SSL", "GSSAPI"),
        ("security.protocol=TLS", "TLS"),
        ("security.protocol=SSL\nssl.truststore.location=/x.jks", "openssl"),
    ],
)
def test_what_we_cannot_speak_is_refused(text: str, word: str) -> None:
    with pytest.raises(ConfigError, match=word):
        properties.checked(properties.parse(text), "client.properties")


async def test_a_login_from_properties(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_text("PEM OF THE CA")
    file = tmp_path / "client.properties"
    file.write_text(
        "security.protocol=SASL_SSL\nsasl.mechanism=SCRAM-SHA-512\n"
        f"ssl.truststore.type=PEM\nssl.truststore.location={ca}\n"
        'sasl.jaas.config=x.ScramLoginModule required username="oncall" password="geheim";\n'
    )
    made = await credentials.login(one(properties=str(file)), None)
    assert (made.protocol, made.mechanism, made.username) == ("SASL_SSL", "SCRAM-SHA-512", "oncall")
    assert (made.password, made.ca) == ("geheim", "PEM OF THE CA")
    assert "geheim" not in repr(made)
    assert made.who == "oncall (SCRAM-SHA-512, SASL_SSL)"


async def test_the_settings_win_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "client.properties"
    file.write_text('security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\nsasl.jaas.config=x required username="a";')
    secret = tmp_path / "password"
    secret.write_text("p1\n")
    made = await credentials.login(one(properties=str(file), username="b", password_file=str(secret)), None)
    assert (made.username, made.password, made.mechanism) == ("b", "p1", "PLAIN")


async def test_a_login_without_a_password_says_what_to_give() -> None:
    with pytest.raises(Unauthorized, match="username"):
        await credentials.login(one(protocol="SASL_SSL"), None)


async def test_files_that_are_not_there_are_named(tmp_path: Path) -> None:
    missing = tmp_path / "nothing.pem"
    with pytest.raises(ConfigError, match=r"nothing\.pem"):
        await credentials.login(one(protocol="SSL", ca_file=str(missing)), None)


def test_options_carry_no_tls_where_there_is_none() -> None:
    assert credentials.options(credentials.Login(), "x") == {"security_protocol": "PLAINTEXT"}
    with pytest.raises(ConfigError):
        credentials.options(credentials.Login(protocol="SSL", ca="no pem"), "x")
    assert Access().verify
