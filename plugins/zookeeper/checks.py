"""What is wrong with an ensemble: pure functions of rows. Sources of the thresholds: docs/systems/zookeeper.md."""

from __future__ import annotations

from collections.abc import Iterable

from console.model import Finding, Ref, Severity
from console.plugin import Facts, Rule
from plugins.zookeeper.model.rows import MEMBERS, RINGS, Member, Ring
from plugins.zookeeper.model.words import Said

_WAITING, _CROWDED, _SLOW, _FULL = 10, 100, 100.0, 0.8
_ZNODES, _DATA, _WATCHES = 1_000_000, 1 << 30, 1_000_000


def leader(facts: Facts, row: Ring, _now: float) -> Iterable[Finding]:
    """None or several leaders, and a quorum that is lost or has nothing to spare."""
    ref = Ref("zookeeper ensemble", row.name)
    said = (row.sentence,)
    if len(row.leaders) > 1:
        title = f"{row.name} has {len(row.leaders)} leaders: {', '.join(row.leaders)}"
        yield Finding("zookeeper.Z1", Severity.CRITICAL, ref, title, said, "ask again; if it stays: two ensembles run")
    elif row.lost:
        yield Finding(
            "zookeeper.Z2",
            Severity.CRITICAL,
            ref,
            f"{row.name} has no quorum: nothing that needs it can change anything",
            said,
            "bring members back; delete nothing",
        )
    elif not row.leaders:
        unknown = [one for one in facts.rows(MEMBERS).values() if one.said is None]
        severity = Severity.WARNING if len(unknown) == len(facts.rows(MEMBERS)) else Severity.HIGH
        yield Finding(
            "zookeeper.Z1", severity, ref, f"no leader of {row.name} is seen", said, "see why members are unknown"
        )
    elif row.voters > 1 and row.spare is not None and row.spare < 1:
        advice = "bring the others back before anybody goes"
        yield Finding("zookeeper.Z3", Severity.HIGH, ref, f"{row.name} has no voter to spare", said, advice)


def member(_facts: Facts, row: Member, _now: float) -> Iterable[Finding]:
    """A member that does not serve, cannot be read, or is left in an old epoch."""
    ref = Ref("zookeeper", row.name, row.seat.pod.namespace if row.seat.pod else "")
    if row.said is None:
        title = f"{row.name} cannot be asked"
        yield Finding("zookeeper.Z4", Severity.WARNING, ref, title, (row.problem,), node=row.seat.node)
    elif not row.serving:
        advice = "look at its log; `imok` says nothing of a quorum"
        title = f"{row.name} is not in the quorum"
        yield Finding("zookeeper.Z5", Severity.HIGH, ref, title, (), advice, node=row.seat.node)
    elif row.old_epoch:
        title = f"{row.name} is left in an old epoch"
        yield Finding("zookeeper.Z5", Severity.HIGH, ref, title, (), "look at its log", node=row.seat.node)
    else:
        yield from _load(row, row.said, ref)


def _load(row: Member, said: Said, ref: Ref) -> Iterable[Finding]:
    waiting = said.outstanding or 0
    if waiting > _WAITING:
        severity = Severity.HIGH if waiting > _CROWDED else Severity.WARNING
        title = f"{waiting} requests wait in {row.name}"
        yield Finding("zookeeper.Z6", severity, ref, title, (), "look at its disk and its load", node=row.seat.node)
    told = (
        ("answers slowly", said.latency is not None and said.latency > _SLOW, f"{said.latency} ms on average"),
        ("holds many znodes", (said.znodes or 0) > _ZNODES, f"{said.znodes} znodes"),
        ("holds much data: who joins may not be in time", (said.data or 0) > _DATA, f"{said.data} bytes"),
        ("holds many watches", (said.watches or 0) > _WATCHES, f"{said.watches} watches"),
        (
            "has hardly a file left",
            bool(said.files and said.most_files and said.files > _FULL * said.most_files),
            f"{said.files} of {said.most_files} files",
        ),
    )
    for what, wrong, evidence in told:
        if wrong:
            yield Finding("zookeeper.Z7", Severity.WARNING, ref, f"{row.name} {what}", (evidence,), node=row.seat.node)


RULES = (
    Rule("zookeeper.Z1", Severity.CRITICAL, RINGS, leader),
    Rule("zookeeper.Z4", Severity.HIGH, MEMBERS, member),
)
