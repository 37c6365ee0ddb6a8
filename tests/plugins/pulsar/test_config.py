from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from console.clock import SYSTEM_CLOCK
from console.errors import ConfigError, Forbidden, NotFound, Unauthorized
from console.plugin import ServerSet
from plugins.pulsar.config import Place, Settings, configure, discover, of_found
from plugins.pulsar.credentials import TokenSource, claims_of, read


def jwt(**claims: object) -> str:
    middle = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJSUzI1NiJ9.{middle}.c2lnbmF0dXJl"


def settings_of(**table: Any) -> Settings:
    return configure({"instances": [{"admin": "http://a:8080", **table}]}).named[0]


def test_a_table_names_an_instance_and_takes_what_all_share() -> None:
    found = configure({"ca_file": "/ca.pem", "instances": [{"name": "east", "admin": "https://a:8443"}]})
    assert [one.id.name for one in discover(found)] == ["east"]
    assert found.named[0].access.ca_file == "/ca.pem"
    assert found.named[0].admin == ("https://a:8443",)


def test_without_a_name_it_is_called_by_its_address() -> None:
    assert settings_of().name == "a:8080"


def test_a_table_without_an_address_is_for_the_instance_that_is_found() -> None:
    found = configure({"instances": [{"name": "pulsar", "token_env": "T"}]})
    place = Place("pulsar", "pulsar", ServerSet("pulsar", "pulsar-broker", "StatefulSet"))
    assert discover(found) == []
    assert of_found(found, "pulsar/pulsar", place).access.token_env == "T"
    assert of_found(found, "other/one", place).access.token_env == ""


@pytest.mark.parametrize(
    ("table", "word"),
    [
        ({"admin": "ftp://a"}, "admin"),
        ({"admin": "http://user:secret@a:1"}, "admin"),
        ({"admin": "http://a:1", "service": "http://a"}, "service"),
        ({"admin": "http://a:1", "token": "x"}, "token_file"),
        ({"bookies": ["http://a:1"]}, "name"),
        ({"admin": "http://a:1", "token_file": "x", "token_env": "y"}, "exclude"),
    ],
)
def test_a_wrong_key_is_named(table: dict[str, Any], word: str) -> None:
    with pytest.raises(ConfigError, match=word):
        configure({"instances": [table]})


def test_a_name_is_there_once() -> None:
    with pytest.raises(ConfigError, match="twice"):
        configure({"instances": [{"admin": "http://a:1"}, {"admin": "http://a:1"}]})


def test_a_token_says_who_it_is_and_when_it_ends() -> None:
    assert claims_of(jwt(sub="admin", exp=1000)) == claims_of(jwt(sub="admin", exp=1000.0))
    assert claims_of(jwt(sub="ad\x1bmin")).role == "ad�min"
    assert claims_of(jwt(sub="admin", exp=1000)).expires == 1000
    assert claims_of("no token at all").role == ""


@pytest.mark.parametrize(
    ("params", "wanted"),
    [("token:abc.d.e", "abc.d.e"), ('{"token": "xyz"}', "xyz"), ("file://FILE", "from a file")],
)
async def test_client_conf_gives_its_token(tmp_path: Path, params: str, wanted: str) -> None:
    (tmp_path / "token").write_text("from-a-file" if "FILE" in params else "", encoding="utf-8")
    conf = tmp_path / "client.conf"
    conf.write_text(
        "# a comment\nwebServiceUrl=http://x\n"
        "authPlugin=org.apache.pulsar.client.impl.auth.AuthenticationToken\n"
        f"authParams={params.replace('FILE', str(tmp_path / 'token'))}\n",
        encoding="utf-8",
    )
    token = await read(settings_of(client_conf=str(conf)), None)
    assert token.value == wanted.replace(" ", "-")
    assert token.source == f"file {conf}"


async def test_a_token_is_in_no_representation(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(jwt(sub="admin"), encoding="utf-8")
    token = await read(settings_of(token_file=str(file)), None)
    assert token.value not in repr(token)
    assert token.claims.role == "admin"


async def test_what_is_no_token_is_not_sent(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("two lines\nof text", encoding="utf-8")
    with pytest.raises(Unauthorized, match="no token"):
        await read(settings_of(token_file=str(file)), None)


async def test_a_new_token_is_taken_after_a_refusal(tmp_path: Path) -> None:
    class Slow:
        at = 0.0

        def now(self) -> float:
            return self.at

        def monotonic(self) -> float:
            return self.at

        async def sleep(self, seconds: float) -> None:
            self.at += seconds

    file, clock = tmp_path / "token", Slow()
    file.write_text("old", encoding="utf-8")
    source = TokenSource(settings_of(token_file=str(file)), None, clock)
    sent = await source.headers()
    file.write_text("new", encoding="utf-8")
    assert not await source.renew(sent), "it was read a moment ago"
    clock.at = 60.0
    assert await source.renew(sent)
    assert await source.headers() == {"Authorization": "Bearer new"}
    clock.at = 120.0
    assert not await source.renew(await source.headers()), "the same token would be refused again"


class Secrets:
    """A platform that has one Secret, none, or no right to read it."""

    def __init__(self, content: dict[str, bytes] | Exception) -> None:
        self.content = content
        self.asked: list[str] = []

    async def secret(self, namespace: str, name: str) -> dict[str, bytes]:
        self.asked.append(f"{namespace}/{name}")
        if isinstance(self.content, Exception):
            raise self.content
        return self.content


def found() -> Settings:
    place = Place("pulsar", "mine", ServerSet("pulsar", "mine-broker", "StatefulSet"))
    return of_found(configure({}), "pulsar/mine", place)


async def test_the_chart_s_secret_is_read_where_nothing_else_is_named() -> None:
    platform: Any = Secrets({"TOKEN": b"abc", "TYPE": b"asymmetric"})
    token = await read(found(), platform)
    assert (token.value, token.source) == ("abc", "Secret pulsar/mine-token-admin")
    assert platform.asked == ["pulsar/mine-token-admin"]


async def test_no_secret_means_no_authentication_and_no_right_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULSAR_CLIENT_CONF", raising=False)
    none: Any = Secrets(NotFound("no such secret"))
    assert (await read(found(), none)).value == ""
    assert await TokenSource(found(), none, SYSTEM_CLOCK).headers() == {}
    hidden: Any = Secrets(Forbidden("may not get secrets"))
    with pytest.raises(Forbidden, match="may not get secrets"):
        await read(found(), hidden)
