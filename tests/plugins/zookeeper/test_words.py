"""What real servers of 3.9.4 said, and what is half of it or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.errors import BadAnswer
from plugins.zookeeper.model import words

SAMPLES = Path(__file__).parent / "samples"


def text(name: str) -> str:
    return (SAMPLES / name).read_text()


def body(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def test_srvr_and_mntr_of_a_leader() -> None:
    found = words.together(words.mntr(text("mntr-3.9.4-leader.txt")), words.srvr(text("srvr-3.9.4-leader.txt")))
    assert (found.mode, found.zab, found.version) == ("leader", "leading - broadcast", "3.9.4")
    assert (found.epoch, found.counter) == (1, 0x200)
    assert (found.voters, found.synced, found.synced_without_vote, found.pending) == (3, 2, 0, 0)
    assert (found.outstanding, found.znodes, found.watches, found.connections) == (0, 202, 10, 5)


def test_a_follower_does_not_count_who_is_synced() -> None:
    found = words.mntr(text("mntr-3.9.4-follower.txt"))
    assert (found.mode, found.synced, found.voters) == ("follower", None, 3)


@pytest.mark.parametrize("mode", ["leader", "follower"])
def test_the_admin_server_says_the_same(mode: str) -> None:
    by_admin = words.together(
        words.monitor(body(f"monitor-3.9.4-{mode}.json")), words.stats(body(f"srvr-3.9.4-{mode}.json"))
    )
    by_words = words.mntr(text(f"mntr-3.9.4-{mode}.txt"))
    assert (by_admin.mode, by_admin.version, by_admin.voters) == (by_words.mode, by_words.version, by_words.voters)
    assert by_admin.synced == by_words.synced
    assert by_admin.epoch == 1


def test_who_belongs_to_it_by_conf_and_by_the_admin_server() -> None:
    by_words = words.conf(text("conf-3.9.4.txt"))
    by_admin = words.voting(body("voting_view-3.9.4.json"), body("configuration-3.9.4.json"))
    assert by_words.own == by_admin.own == 1
    assert [(one.id, one.votes) for one in by_words.members] == [(1, True), (2, True), (3, True)]
    assert [(one.id, one.votes) for one in by_admin.members] == [(1, True), (2, True), (3, True)]
    assert not by_words.weighted


def test_an_observer_in_conf_has_no_vote() -> None:
    found = words.conf("serverId=4\nserver.1=a:2888:3888:participant;0.0.0.0:2181\nserver.4=d:2888:3888:observer\n")
    assert [(one.id, one.address, one.votes) for one in found.members] == [(1, "a", True), (4, "d", False)]
    assert words.conf("server.1=a:1:2:participant\ngroup.1=1:2\n").weighted


def test_a_server_without_a_quorum_says_so_in_every_way() -> None:
    said = "This ZooKeeper instance is not currently serving requests\n"
    assert not words.srvr(said).serving
    assert not words.mntr(said).serving
    assert not words.monitor(b'{"command":"monitor","error":"' + said.strip().encode() + b'"}').serving
    assert not words.together(words.srvr(text("srvr-3.9.4-leader.txt")), words.mntr(said)).serving


def test_a_closed_word_is_told_from_a_bad_answer() -> None:
    with pytest.raises(words.Closed):
        words.opened("mntr is not executed because it is not in the whitelist.\n")
    with pytest.raises(BadAnswer, match="TLS"):
        words.opened("")


@pytest.mark.parametrize("part", ["Zookeeper version: 3.9", "zk_version\t3.9.4\nzk_avg_lat"])
def test_half_an_answer_is_no_answer(part: str) -> None:
    with pytest.raises(BadAnswer, match="half an answer"):
        words.srvr(part) if part.startswith("Z") else words.mntr(part)


def test_what_is_not_the_admin_server_is_a_bad_answer() -> None:
    with pytest.raises(BadAnswer, match="not JSON"):
        words.monitor(b"<html>")
    with pytest.raises(BadAnswer, match="Unknown command"):
        words.monitor(b'{"error":"Unknown command: monitor"}')


def test_foreign_text_is_made_harmless() -> None:
    assert words.mntr("zk_server_state\tlea\x1b[31mder\n").mode == "lea\ufffd[31mder"


@given(st.text())
def test_no_text_raises_anything_else(said: str) -> None:
    for read in (words.srvr, words.mntr, words.opened):
        try:
            read(said)
        except (BadAnswer, words.Closed):
            continue
    assert words.conf(said).own is None or isinstance(words.conf(said).own, int)
