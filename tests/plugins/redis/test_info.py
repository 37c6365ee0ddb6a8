"""`INFO` of real servers, and of what is no server."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from plugins.redis.model.info import info

SAMPLES = Path(__file__).parent / "samples"
FIVE = "role:slave\r\nredis_version:5.0.3\r\nmaster_host:10.0.0.75\r\nmaster_port:6379\r\nmaster_link_status:down\r\n"


def test_a_master_of_version_7() -> None:
    found = info((SAMPLES / "info-7.0.15-master.txt").read_text())
    assert (found.role, found.version, found.offset) == ("master", "7.0.15", 30234)
    assert [(one.address, one.state, one.offset) for one in found.fed] == [
        ("127.0.0.1:16380", "online", 30234),
        ("127.0.0.1:16381", "online", 30234),
    ]
    assert (found.memory, found.max_memory, found.max_clients) == (1457240, 67108864, 10000)
    assert found.keyspace == (("db0", 501, 0),)
    assert found.good_replicas is None  # min-replicas-to-write is 0, so the server does not count them


def test_a_replica_of_version_7() -> None:
    found = info((SAMPLES / "info-7.0.15-replica.txt").read_text())
    assert (found.role, found.link, found.master, found.priority) == ("replica", "up", "127.0.0.1:16379", 100)
    assert found.aof is True


def test_what_an_old_server_does_not_tell_is_unknown_and_not_zero() -> None:
    found = info(FIVE)
    assert (found.role, found.link, found.master) == ("replica", "down", "10.0.0.75:6379")
    assert (found.max_clients, found.memory, found.aof, found.clients) == (None, None, None, None)


def test_foreign_text_is_made_harmless() -> None:
    assert info("role:master\r\nmaxmemory_policy:\x1b]52;c;eA==\x07no\r\n").policy == "\ufffd]52;c;eA==\ufffdno"


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    assert isinstance(info(text).role, str)
