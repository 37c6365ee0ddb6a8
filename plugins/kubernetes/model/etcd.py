"""Members of etcd as etcdctl tells them, and the arithmetic of their quorum. Pure."""

from __future__ import annotations

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
LIST, HEALTH = (*_TO, "member", "list"), (*_TO, "endpoint", "health", "--cluster")


class EtcdMember(Row, frozen=True, gc=False):
    """One member; kubeadm names it as its node. A learner has no vote."""

    name: str
    healthy: bool
    learner: bool
    why: str = ""


class _Member(msgspec.Struct, frozen=True, gc=False, rename={"urls": "clientURLs", "learner": "isLearner"}):
    name: str = ""
    urls: tuple[str, ...] = ()
    learner: bool = False


class _Members(msgspec.Struct, frozen=True, gc=False):
    members: tuple[_Member, ...]


class _Health(msgspec.Struct, frozen=True, gc=False):
    endpoint: str
    health: bool
    error: str = ""


def members(listed: bytes, health: bytes) -> tuple[EtcdMember, ...]:
    """Both answers as one. A member whose health is not told, or that has no name yet, is not healthy."""
    try:
        found = msgspec.json.decode(listed, type=_Members).members
        told = {one.endpoint: one for one in msgspec.json.decode(health, type=tuple[_Health, ...])}
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadAnswer(f"etcdctl did not say what was expected: {error}") from error
    if not found:
        raise BadAnswer("etcdctl names no member")
    made: list[EtcdMember] = []
    for one in found:
        said = [told[url] for url in one.urls if url in told]
        why = next((line(each.error) for each in said if not each.health), "" if said else "its health is not told")
        healthy = bool(said) and all(each.health for each in said)
        made.append(EtcdMember(line(one.name, 253), healthy, one.learner, why))
    return tuple(made)


def without(found: Sequence[EtcdMember], nodes: Sequence[str]) -> tuple[bool, str]:
    """Whether a majority of the voters is healthy when the members of `nodes` are away, and the arithmetic in words."""
    voters = [one for one in found if not one.learner]
    quorum = len(voters) // 2 + 1
    left = [one.name for one in voters if one.healthy and one.name not in nodes]
    sick = [f"{one.name or 'a member without a name'} ({one.why})" for one in voters if not one.healthy]
    text = f"etcd: {len(left)} of {len(voters)} voters would be healthy, quorum {quorum}"
    return len(left) >= quorum, f"{text}; not healthy: {', '.join(sick)}" if sick else text
