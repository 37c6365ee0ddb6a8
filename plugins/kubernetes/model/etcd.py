"""Members of etcd as etcdctl tells them, and the arithmetic of their quorum. Pure.

The forms are those of etcdctl 3.5 and 3.6 with `-w json`: what is nothing is left out (the leader, the name of a member
that never began, `isLearner`), an alarm makes every member unhealthy in `endpoint health`, a learner refuses to say.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from console.errors import BadAnswer
from plugins.kubernetes.model.wire import Row, line

NAMESPACE, COMPONENT, CONTAINER = "kube-system", "etcd", "etcd"
_PKI = "/etc/kubernetes/pki/etcd"
_TO = (
    "etcdctl",
    "--endpoints=https://127.0.0.1:2379",
    f"--cacert={_PKI}/ca.crt",
    f"--cert={_PKI}/healthcheck-client.crt",
    f"--key={_PKI}/healthcheck-client.key",
    "-w=json",
)
"""kubeadm's places inside of the static pod; read with the certificate that its own probe uses."""
LIST = (*_TO, "member", "list")
HEALTH, STATUS = (*_TO, "endpoint", "health", "--cluster"), (*_TO, "endpoint", "status", "--cluster")
_ALARMED = "Active Alarm(s)"
_ALARM = re.compile(r"memberID:(\d+) alarm:(\w+)")
_UNBEGUN = "it never began"


class EtcdMember(Row, frozen=True, gc=False):
    """One member; kubeadm names it as its node. A learner has no vote. `alarm`: what it raised (`NOSPACE`)."""

    name: str
    healthy: bool
    learner: bool
    why: str = ""
    id: int = 0
    alarm: str = ""
    leads: bool = False

    @property
    def called(self) -> str:
        """Its name for people, and as etcdctl wants it."""
        return self.name or f"member {self.id:x}"


class _Member(msgspec.Struct, frozen=True, gc=False, rename={"id": "ID", "urls": "clientURLs", "learner": "isLearner"}):
    id: int = 0
    name: str = ""
    urls: tuple[str, ...] = ()
    learner: bool = False


class _Members(msgspec.Struct, frozen=True, gc=False):
    members: tuple[_Member, ...]


class _Health(msgspec.Struct, frozen=True, gc=False):
    endpoint: str
    health: bool
    error: str = ""


class _Header(msgspec.Struct, frozen=True, gc=False):
    member_id: int = 0


class _Inside(msgspec.Struct, frozen=True, gc=False):
    header: _Header = _Header()
    leader: int = 0
    errors: tuple[str, ...] = ()


class _Status(msgspec.Struct, frozen=True, gc=False, rename={"inside": "Status"}):
    inside: _Inside = _Inside()


def members(listed: bytes, health: bytes, status: bytes = b"") -> tuple[EtcdMember, ...]:
    """The answers as one. A member whose health is not told, that has no name yet or no leader, is not healthy.

    `status` may be empty, and lacks members that did not answer. Raises BadAnswer.
    """
    try:
        found = msgspec.json.decode(listed, type=_Members).members
        told = {one.endpoint: one for one in msgspec.json.decode(health, type=tuple[_Health, ...])}
        inside = [one.inside for one in msgspec.json.decode(status or b"[]", type=tuple[_Status, ...])]
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadAnswer(f"etcdctl did not say what was expected: {error}") from error
    if not found:
        raise BadAnswer("etcdctl names no member")
    said = " ".join(text for one in inside for text in one.errors)
    raised = {int(number): line(name, 32) for number, name in _ALARM.findall(said)}
    leaders = {one.header.member_id: one.leader for one in inside}
    made: list[EtcdMember] = []
    for one in found:
        why = _sick(one, [told[url] for url in one.urls if url in told])
        if not why and leaders.get(one.id) == 0:
            why = "it sees no leader"
        leads = one.id != 0 and leaders.get(one.id) == one.id
        made.append(EtcdMember(line(one.name, 253), not why, one.learner, why, one.id, raised.get(one.id, ""), leads))
    return tuple(made)


def _sick(one: _Member, said: Sequence[_Health]) -> str:
    """Why it is not healthy; empty where it is. An alarm is not its health, and a learner answers no such question."""
    if not one.name:
        return _UNBEGUN
    bad = next((each.error or "no reason given" for each in said if not each.health), "")
    if one.learner or bad.startswith(_ALARMED):
        return ""
    return line(bad) if said else "its health is not told"


def alarms(found: Sequence[EtcdMember]) -> str:
    """What keeps etcd from taking writes, in words; empty where nothing does."""
    raised = [f"{one.alarm} at {one.called}" for one in found if one.alarm]
    return f"etcd raised {', '.join(raised)}: it takes no writes, so nothing can be evicted or made" if raised else ""


def without(found: Sequence[EtcdMember], nodes: Sequence[str]) -> tuple[bool, str]:
    """Whether a majority of the voters is healthy when the members of `nodes` are away, and the arithmetic in words."""
    voters = [one for one in found if not one.learner]
    quorum = len(voters) // 2 + 1
    left = [one.name for one in voters if one.healthy and one.name not in nodes]
    sick = [f"{one.called} ({one.why})" for one in voters if not one.healthy]
    parts = [f"{len(left)} of {len(voters)} voters would be healthy, quorum {quorum}"]
    parts += [f"not healthy: {', '.join(sick)}"] if sick else []
    return len(left) >= quorum, f"etcd: {'; '.join(parts)}"
