"""Members that speak TLS where none is expected and the other way round, old versions, halves, and such that hang."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest

from console.errors import BadAnswer
from plugins.zookeeper.client import Client
from plugins.zookeeper.doctor import examine
from plugins.zookeeper.model import words
from plugins.zookeeper.model.rows import Member, Ring
from tests.plugins.kubernetes.client.certificates import AUTHORITY, SERVER, SERVER_KEY
from tests.plugins.zookeeper.parts import client_of, running

SAMPLES = Path(__file__).parent / "samples"
OLD = frozenset({"srvr", "conf", "ruok", "stat"})


@pytest.fixture
def context(tmp_path: Path) -> ssl.SSLContext:
    """The servers' side; beside it the files that settings name."""
    (tmp_path / "server.pem").write_bytes(SERVER + SERVER_KEY)
    (tmp_path / "ca.pem").write_bytes(AUTHORITY)
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(tmp_path / "server.pem")
    return made


async def looked(client: Client) -> tuple[list[Member], Ring]:
    members = list(await client.members())
    [found] = await client.rings()
    return members, found


@pytest.mark.parametrize(
    ("authority", "keys", "problem"),
    [
        ("ca.pem", {"server_name": "inside.test"}, ""),
        ("ca.pem", {}, "certificate"),
        ("server.pem", {"server_name": "inside.test"}, "certificate"),
        ("", {"server_name": "inside.test"}, "certificate"),
        ("", {}, "TLS"),
    ],
    ids=["fits", "another name", "another authority", "no authority", "without TLS"],
)
async def test_members_that_want_tls(
    authority: str, keys: dict[str, Any], problem: str, context: ssl.SSLContext, tmp_path: Path
) -> None:
    files = {"ca_file": str(tmp_path / authority)} if authority else {}
    keys = {"timeout": 20.0 if files or keys else 6.0, **files, **keys}
    async with running(admin=False, context=context) as simulator, client_of(simulator, **keys) as client:
        members, found = await looked(client)
        lines = await examine(client)
    said = [one.problem for one in members]
    assert len(said) == 3
    assert all(problem in text if problem else not text for text in said), said
    assert found.sentence.endswith("none may go" if problem else "one may go")
    assert any(problem in line.text for line in lines)


async def test_members_that_do_not_speak_tls(context: ssl.SSLContext, tmp_path: Path) -> None:
    assert context.verify_mode is ssl.CERT_NONE
    async with (
        running(admin=False) as simulator,
        client_of(simulator, ca_file=str(tmp_path / "ca.pem"), server_name="inside.test") as client,
    ):
        members, found = await looked(client)
    assert all("TLS" in one.problem for one in members), [one.problem for one in members]
    assert [one.said for one in members] == [None] * 3
    assert found.sentence == "3 voters, quorum 2, 0 serving, 3 unknown: no leader is seen, so none may go"


async def test_an_old_version_that_knows_no_mntr_is_read_by_srvr() -> None:
    async with running(admin=False, version="3.3.6") as simulator, client_of(simulator) as client:
        for one in simulator.world.peers.values():
            one.knows = OLD
        members, found = await looked(client)
    assert [one.state for one in members] == ["follower", "follower", "leader"]
    assert {one.problem for one in members} == {"it hangs up at mntr: a version before 3.4"}
    assert members[0].said is not None
    assert members[0].said.watches is None, "not known, not zero"
    assert found.sentence == "3 voters, quorum 2, 3 serving: one may go"


async def test_an_answer_that_ends_within_a_number_is_none() -> None:
    async with running(admin=False) as simulator, client_of(simulator) as client:
        simulator.faults["zk-1"] = "inside"
        members, found = await looked(client)
    assert "half an answer: it ends within a line" in members[1].problem
    assert (members[1].said, members[1].serving) == (None, None)
    assert all(members[n].said is not None for n in (0, 2))
    assert found.sentence == "3 voters, quorum 2, 2 serving, 1 unknown: none may go"


@pytest.mark.parametrize("name", ["mntr-3.9.4-leader", "srvr-3.9.4-leader"])
def test_no_beginning_of_a_real_answer_is_taken_for_a_whole_number(name: str) -> None:
    """Wherever it breaks within a line. At the end of one what is left out is unknown, or the mode is missing."""
    text = (SAMPLES / f"{name}.txt").read_text()
    read = words.mntr if name.startswith("mntr") else words.srvr
    for end in range(1, len(text)):
        if text[end - 1] != "\n":
            with pytest.raises(BadAnswer):
                read(text[:end])


async def test_a_member_that_hangs_holds_up_nobody_else() -> None:
    async with running(admin=False) as simulator, client_of(simulator, timeout=3.0) as client:
        simulator.faults["zk-2"] = "hang"
        async with asyncio.timeout(60):
            members, found = await looked(client)
            again = list(await client.members())
    assert members[2].problem == "no answer within 3 s"
    assert [one.said is not None for one in members] == [True, True, False]
    assert [one.said is not None for one in again] == [True, True, False]
    assert found.sentence.endswith("2 serving, 1 unknown: no leader is seen, so none may go")
