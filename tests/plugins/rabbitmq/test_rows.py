"""Rows of connections, channels, policies and users; routing by key; what a policy would match."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from plugins.rabbitmq.model import governing, links, routing
from plugins.rabbitmq.model.queues import QueueRow

SAMPLES = Path(__file__).parent / "samples"


def paged(name: str) -> bytes:
    return b'{"items":' + (SAMPLES / name).read_bytes() + b"}"


def test_connections_of_a_real_server() -> None:
    row = links.connection(links.CONNECTIONS.decode(paged("connections.json")).items[0])
    assert (row.user, row.vhost, row.member, row.state) == ("orders", "shop", "rabbit-0@localhost", "running")
    assert (row.given, row.client, row.channels) == ("shop-worker-25672", "Pika Python Client Library 1.4.4", 1)
    assert row.since == pytest.approx(1795245789.144)
    assert "%3E" in row.at


def test_channels_of_a_real_server() -> None:
    row = links.channel(links.CHANNELS.decode(paged("channels.json")).items[0])
    assert (row.consumers, row.prefetch, row.unacked, row.delivered) == (1, 5, 5, 0.0)
    assert row.connection == "127.0.0.1:45000 -> 127.0.0.1:25672"


def test_a_connection_that_is_just_opened_has_nearly_nothing() -> None:
    row = links.connection(links.CONNECTIONS.decode(b'{"items":[{"name":"x","client_properties":[]}]}').items[0])
    assert (row.user, row.state, row.channels, row.peer) == ("", "", None, "")


def test_policies_of_a_real_server() -> None:
    found = [governing.policy(wire) for wire in governing.POLICIES.decode((SAMPLES / "policies.json").read_bytes())]
    ttl = next(one for one in found if one.name == "ttl")
    assert (ttl.vhost, ttl.pattern, ttl.priority, ttl.applies_to) == ("shop", r"^ttl\.", 1, "queues")
    assert dict(ttl.definition)["message-ttl"] == "3600000"
    assert msgspec.json.decode(ttl.text)["max-length"] == 10000


def test_users_of_a_real_server() -> None:
    users = governing.USERS.decode((SAMPLES / "users.json").read_bytes())
    permissions = governing.PERMISSIONS.decode((SAMPLES / "permissions.json").read_bytes())
    found = {one.name: one for one in governing.users(users, permissions)}
    assert found["admin"].tags == ("administrator",)
    assert found["admin"].permissions[0] == ("/", ".*", ".*", ".*")
    assert found["orders"].tags == ()


def test_tags_are_a_text_before_3_9() -> None:
    rows = governing.users(governing.USERS.decode(b'[{"name":"m","tags":"management,policymaker"}]'), ())
    assert rows[0].tags == ("management", "policymaker")


@pytest.mark.parametrize(
    ("pattern", "key", "goes"),
    [
        ("order.new.#", "order.new", True),
        ("order.new.#", "order.new.eu.de", True),
        ("order.*", "order.new.eu", False),
        ("*.new", "order.new", True),
        ("#", "", True),
        ("#.eu", "eu", True),
        ("#.eu.#", "a.b.eu.c", True),
        ("a.#.b", "a.b", True),
        ("a.#.b", "a.c.d", False),
        ("", "", True),
        ("", "a", False),
        ("*", "", False),
    ],
)
def test_topics(pattern: str, key: str, goes: bool) -> None:  # noqa: FBT001
    assert routing.topic_matches(pattern, key) is goes


def test_kinds_of_exchanges_choose_differently() -> None:
    bound = [
        routing.BindingRow(at=key, vhost="/", source="e", destination=key, to="queue", key=key)
        for key in ("a", "b", "#")
    ]
    assert [one.key for one in routing.destinations("direct", bound, "a") or ()] == ["a"]
    assert [one.key for one in routing.destinations("topic", bound, "a") or ()] == ["a", "#"]
    assert routing.destinations("fanout", bound, "x") == bound
    assert routing.destinations("headers", bound, "a") is None
    assert routing.destinations("x-consistent-hash", bound, "a") is None


def test_what_a_policy_would_match() -> None:
    queues = [
        QueueRow(at=name, vhost="/", name=name, kind=kind)
        for name, kind in (("orders", "quorum"), ("my.orders", "classic"), ("mails", "classic"))
    ]
    assert [one.name for one in governing.matching("orders", "queues", queues)] == ["orders", "my.orders"]
    assert [one.name for one in governing.matching("^orders", "all", queues)] == ["orders"]
    assert [one.name for one in governing.matching("", "classic_queues", queues)] == ["my.orders", "mails"]
    assert governing.matching("", "exchanges", queues) == []
    with pytest.raises(ValueError, match="no regular expression"):
        governing.matching("(", "queues", queues)


def test_addresses_of_links_hold_no_password() -> None:
    wire = governing.SHOVELS.decode(b'[{"name":"s","vhost":"/","src_uri":"amqp://u:secret@h/v","state":"running"}]')[0]
    row = governing.shovel(wire)
    assert "secret" not in row.source
    assert row.source.startswith("amqp://u:***@h")
