"""The gate: what is refused and why, how much consent is wanted, and that everything is written down, also failures."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from console.audit import AuditLog, Person, person
from console.errors import Refused, Unreachable
from console.gate import PLANNED, YES, Consent, Deed, Gate, Rules
from console.model import Ref
from console.offers import AuditEntry
from console.plugin import Effect, Right
from tests.kernel.workflow.memory import AuditList, Granted, LoopClock

NODE = Ref("node", "node1")
EVICT = Right("create", "pods/eviction", namespace="pulsar")


async def whoami() -> str:
    return "kubernetes-admin"


def gate(
    folder: Path, *, rules: Rules | None = None, denied: set[str] | None = None, sink: AuditList | None = None
) -> Gate:
    return Gate(
        rules=rules or Rules(),
        log=AuditLog(folder / "state" / "audit.jsonl"),
        clock=LoopClock(),
        who=Person("anna", "k8s-master1 (ssh from 10.0.0.9)"),
        identity=whoami,
        rights=Granted(denied or set()),
        sink=sink,
    )


def deed(effect: Effect = Effect.CHANGE, *, run: str = "") -> Deed:
    return Deed("cordon", NODE, effect, (EVICT,), "disk", run)


async def act() -> str:
    return "was: schedulable"


async def test_a_change_is_done_and_recorded_in_both_places(tmp_path: Path) -> None:
    sink = AuditList()
    tested = gate(tmp_path, sink=sink)
    assert await tested.perform(deed(), act, given=YES) == "was: schedulable"
    await tested.aclose()
    local = AuditLog(tmp_path / "state" / "audit.jsonl").read()
    assert [entry.outcome for entry in local] == ["done: was: schedulable", "begun"]
    assert sink.entries == [local[0]]
    assert (local[0].identity, local[0].person, local[0].origin) == (
        "kubernetes-admin",
        "anna",
        "k8s-master1 (ssh from 10.0.0.9)",
    )
    assert (tmp_path / "state" / "audit.jsonl").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("rules", "effect", "given", "words"),
    [
        (Rules(read_only=True), Effect.CHANGE, "node1", "read-only"),
        (Rules(), Effect.CHANGE, "", "needs a yes"),
        (Rules(), Effect.DESTROY, YES, "needs its name typed: it destroys"),
        (Rules(), Effect.DESTROY, "node2", "needs its name typed"),
        (Rules(production=True), Effect.CHANGE, YES, "this is production"),
        (Rules(), Effect.CHANGE, PLANNED, "needs a yes"),
    ],
)
async def test_what_may_not_be_done_is_refused_and_nothing_happens(
    tmp_path: Path, rules: Rules, effect: Effect, given: str, words: str
) -> None:
    done: list[int] = []

    async def never() -> None:
        done.append(1)

    with pytest.raises(Refused, match=words):
        await gate(tmp_path, rules=rules).perform(deed(effect), never, given=given)
    assert not done


@pytest.mark.parametrize(
    ("rules", "effect", "consent"),
    [
        (Rules(), Effect.READ, Consent.NONE),
        (Rules(), Effect.CHANGE, Consent.YES),
        (Rules(), Effect.DESTROY, Consent.NAME),
        (Rules(production=True), Effect.CHANGE, Consent.NAME),
        (Rules(production=True), Effect.READ, Consent.NONE),
    ],
)
def test_consent_grows_with_the_effect(tmp_path: Path, rules: Rules, effect: Effect, consent: Consent) -> None:
    assert gate(tmp_path, rules=rules).consent(deed(effect)) is consent


async def test_a_missing_right_is_refused_with_a_ready_role(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        await gate(tmp_path, denied={str(EVICT)}).perform(deed(), act, given=YES)
    assert "create pods/eviction in namespace pulsar" in str(caught.value)
    assert "kind: ClusterRole" in str(caught.value)


async def test_the_typed_name_is_enough_everywhere(tmp_path: Path) -> None:
    tested = gate(tmp_path, rules=Rules(production=True))
    assert await tested.perform(deed(Effect.DESTROY), act, given="node1")


async def test_a_step_of_a_run_needs_no_second_consent(tmp_path: Path) -> None:
    tested = gate(tmp_path, rules=Rules(production=True), denied={str(EVICT)})
    assert await tested.perform(deed(run="d-1"), act, given=PLANNED)


async def test_a_step_of_a_run_is_refused_where_all_is_read_only(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="read-only"):
        await gate(tmp_path, rules=Rules(read_only=True)).perform(deed(run="d-1"), act, given=PLANNED)


async def test_a_failure_is_recorded_and_goes_on_up(tmp_path: Path) -> None:
    async def fails() -> None:
        raise Unreachable("no answer")

    with pytest.raises(Unreachable):
        await gate(tmp_path).perform(deed(), fails, given=YES)
    assert AuditLog(tmp_path / "state" / "audit.jsonl").read()[0].outcome == "failed: no answer"


async def test_an_act_that_was_cut_off_is_recorded_as_unknown(tmp_path: Path) -> None:
    async def hangs() -> None:
        await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await gate(tmp_path).perform(deed(), hangs, given=YES)
    assert "may have been done" in AuditLog(tmp_path / "state" / "audit.jsonl").read()[0].outcome


async def test_what_cannot_be_recorded_is_not_done(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    with pytest.raises(OSError, match="state"):
        await gate(tmp_path).perform(deed(), act, given=YES)


async def test_a_shared_record_that_fails_is_told_and_the_change_stands(tmp_path: Path) -> None:
    class Broken(AuditList):
        async def record(self, entry: AuditEntry) -> None:
            raise Unreachable("no answer")

    tested = gate(tmp_path, sink=Broken())
    assert await tested.perform(deed(), act, given=YES)
    await tested.aclose()
    assert "shared record was not written" in tested.trouble


async def test_hostile_reasons_are_cleaned(tmp_path: Path) -> None:
    evil = Deed("cordon", NODE, Effect.CHANGE, (), "\x1b]52;c;AAAA\x07 and \u202e more")
    await gate(tmp_path).perform(evil, act, given=YES)
    assert "\x1b" not in AuditLog(tmp_path / "state" / "audit.jsonl").read()[0].reason


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"SUDO_USER": "anna", "LOGNAME": "root"}, Person("anna", "host1")),
        ({"LOGNAME": "bob", "SSH_CONNECTION": "10.0.0.9 5000 10.0.0.1 22"}, Person("bob", "host1 (ssh from 10.0.0.9)")),
        ({"USER": "eve", "SSH_CLIENT": "10.0.0.8 5000 22"}, Person("eve", "host1 (ssh from 10.0.0.8)")),
    ],
)
def test_the_person_behind_a_shared_login(environ: dict[str, str], expected: Person) -> None:
    assert person(environ, host="host1") == expected


def test_a_torn_line_of_the_audit_file_is_left_out(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    log.append(AuditEntry(1.0, "id", "anna", "here", "cordon", NODE, "done"))
    with log.path.open("a") as file:
        file.write('{"at": 2.0, "iden')
    assert [entry.action for entry in log.read()] == ["cordon"]
