"""What `pilothouse doctor` asks of a cluster: reach, version, clock, our namespace and leases, rights, metrics.

Changes nothing: what is written is written as a dry run. Every question stands alone; one that fails is a line.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from email.utils import parsedate_to_datetime

from console.errors import Forbidden, NotFound, SourceError
from console.format import duration
from console.plugin import Check, Found, Need, Right
from plugins.kubernetes.client import writing
from plugins.kubernetes.client.api import Api
from plugins.kubernetes.model import needs
from plugins.kubernetes.model.nodes import NodeWire
from plugins.kubernetes.model.wire import NamedWire, word

_OLDEST, _NEWEST = (1, 22), (1, 35)
_SKEW = 30.0
"""Seconds by which clocks may differ before what they say misleads people."""
_SHOWN = 4
_MOST_SKEW = 3
_MINOR = re.compile(r"v\d+\.(\d+)")
_SUMMARY_TIME = 5.0
_ROLES = (
    ("viewer", "look", Need.ALWAYS),
    ("operator", "drain and rejoin", Need.TO_CHANGE),
    ("editor", "edit and delete", Need.OPTIONAL),
    ("shell", "shell and port-forward", Need.OPTIONAL),
    ("joiner", "join a replaced node", Need.OPTIONAL),
)


async def examine(api: Api) -> Sequence[Check]:
    """All lines about the cluster, in the order in which a person reads them."""
    server = await _asked("API server", Need.ALWAYS, lambda: _server(api))
    if server.found is not Found.OK:
        return (server, Check("cluster", Found.UNKNOWN, "nothing else was asked", "mend the line above first"))
    questions = [
        _asked("clock", Need.OPTIONAL, lambda: _clock(api)),
        _asked("kubelets", Need.OPTIONAL, lambda: _kubelets(api)),
        _asked("identity", Need.ALWAYS, lambda: _identity(api)),
        _asked("namespace", Need.TO_CHANGE, lambda: _namespace(api)),
        _asked("leases", Need.TO_CHANGE, lambda: _leases(api)),
        *(_asked(f"rights: {what}", need, _of_role(api, role, what, need)) for role, what, need in _ROLES),
        _asked("metrics API", Need.OPTIONAL, lambda: _metrics(api)),
        _asked("kubelet summary", Need.OPTIONAL, lambda: _summary(api)),
    ]
    return (server, *await asyncio.gather(*questions))


async def _asked(topic: str, need: Need, ask: Callable[[], Awaitable[Check]]) -> Check:
    """The answer; what the server or the network says instead is said of the topic."""
    try:
        return await ask()
    except SourceError as error:
        found = Found.MISSING if topic == "API server" or isinstance(error, Forbidden) else Found.UNKNOWN
        return Check(topic, found, f"{error.where}: {error.what}" if error.where else error.what, error.next_step, need)


async def _server(api: Api) -> Check:
    version, url = await api.version(), api.connection.server
    own = (version.major, version.minor)
    said = f"{url} answers, Kubernetes {version.major}.{version.minor}"
    if own < _OLDEST:
        wanted = f"{_OLDEST[0]}.{_OLDEST[1]}"
        return Check("API server", Found.MISSING, f"{said}: older than {wanted}", "some panes will not work")
    if own > _NEWEST:
        advice = "look for a newer console before you drain with this one"
        return Check("API server", Found.UNKNOWN, f"{said}: newer than what this console was tried with", advice)
    return Check("API server", Found.OK, said)


async def _clock(api: Api) -> Check:
    answer = await api.connection.request("GET", "/version")
    stamp = next((value for name, value in answer.headers.items() if name.lower() == "date"), "")
    try:
        apart = api.manner.clock.now() - parsedate_to_datetime(stamp).timestamp()
    except (ValueError, TypeError):
        return Check("clock", Found.UNKNOWN, "the server does not say what time it is", need=Need.OPTIONAL)
    if abs(apart) > _SKEW:
        text = f"this host is {duration(abs(apart))} {'ahead of' if apart > 0 else 'behind'} the API server"
        return Check("clock", Found.MISSING, text, "mend time synchronisation (chronyc tracking)", Need.OPTIONAL)
    return Check("clock", Found.OK, "this host and the API server agree", need=Need.OPTIONAL)


async def _kubelets(api: Api) -> Check:
    """How far the kubelets are from the API server: at most three minor versions older (version skew policy)."""
    server, far = await api.version(), list[str]()
    nodes = await api.list("/api/v1/nodes", NodeWire)
    infos = ((node.metadata.name, node.status.node_info) for node in nodes)
    versions = {word(name): word(info.kubelet_version) if info else "" for name, info in infos}
    for name, text in versions.items():
        found = _MINOR.match(text)
        if found is None or not 0 <= server.minor - int(found[1]) <= _MOST_SKEW:
            far.append(f"{name} {text or '?'}")
    if far:
        more = f" and {len(far) - _SHOWN} more" if len(far) > _SHOWN else ""
        text = f"too far from the API server's {server.major}.{server.minor}: {', '.join(far[:_SHOWN])}{more}"
        return Check("kubelets", Found.MISSING, text, "upgrade them, the oldest first", Need.OPTIONAL)
    words = ", ".join(sorted(set(versions.values()))) or "no node"
    return Check("kubelets", Found.OK, words, need=Need.OPTIONAL)


async def _identity(api: Api) -> Check:
    who = await api.whoami()
    groups = f", groups {', '.join(who.groups)}" if who.groups else ""
    certain = "" if who.certain else " (the server does not say; from our own credentials)"
    return Check("identity", Found.OK, f"{who.user}{groups}{certain}")


async def _namespace(api: Api) -> Check:
    name = api.settings.shared_namespace
    try:
        await api.get(f"/api/v1/namespaces/{name}")
    except NotFound:
        pass
    else:
        return Check("namespace", Found.OK, f"{name} is there", need=Need.TO_CHANGE)
    if not await api.can(Right("create", "namespaces")):
        text = f"{name} is not there, and you may not make it"
        return Check("namespace", Found.MISSING, text, _apply("operator"), Need.TO_CHANGE)
    await api.create("/api/v1/namespaces", await asyncio.to_thread(writing.namespace, name), dry_run=True)
    return Check("namespace", Found.OK, f"{name} is not there yet; the first run makes it", need=Need.TO_CHANGE)


async def _leases(api: Api) -> Check:
    """A Lease of ours as a dry run: rights, admission and quota in one question."""
    space, now = api.settings.shared_namespace, api.manner.clock.now()
    body = await asyncio.to_thread(
        writing.lease, space, "doctor", holder="doctor", duration=1, transitions=0, renewed=now
    )
    try:
        await api.create(f"/apis/coordination.k8s.io/v1/namespaces/{space}/leases", body, dry_run=True)
    except NotFound:
        advice = "ask again once it is there"
        return Check("leases", Found.UNKNOWN, f"namespace {space} is not there", advice, Need.TO_CHANGE)
    except Forbidden as error:
        return Check("leases", Found.MISSING, error.what, _apply("operator"), Need.TO_CHANGE)
    return Check("leases", Found.OK, f"a lease in {space} would be written (dry run)", need=Need.TO_CHANGE)


def _of_role(api: Api, role: str, what: str, need: Need) -> Callable[[], Awaitable[Check]]:
    async def ask() -> Check:
        missing = await api.rights.missing(needs.of_role(role, api.settings.shared_namespace))
        if not missing:
            return Check(f"rights: {what}", Found.OK, "all", need=need)
        words = ", ".join(str(right) for right in missing[:_SHOWN])
        more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
        return Check(f"rights: {what}", Found.MISSING, f"you may not {words}{more}", _apply(role), need)

    return ask


async def _metrics(api: Api) -> Check:
    if await api.find("nodes.metrics.k8s.io") is None:
        advice = "install metrics-server to see CPU and memory in use"
        return Check("metrics API", Found.MISSING, "the server has none", advice, Need.OPTIONAL)
    nodes = len(await api.list("/apis/metrics.k8s.io/v1beta1/nodes", NamedWire))
    return Check("metrics API", Found.OK, f"it knows {nodes} node{'' if nodes == 1 else 's'}", need=Need.OPTIONAL)


async def _summary(api: Api) -> Check:
    if not await api.can(needs.SUMMARY):
        advice = "without it the fill of disks is not shown; the right opens a lot more, so no role here has it"
        return Check("kubelet summary", Found.MISSING, f"you may not {needs.SUMMARY}", advice, Need.OPTIONAL)
    first = await api.get("/api/v1/nodes", params={"limit": "1"})
    names = [word(item["metadata"]["name"]) for item in first.get("items") or ()]
    if not names:
        return Check("kubelet summary", Found.UNKNOWN, "there is no node", need=Need.OPTIONAL)
    await api.raw("GET", f"/api/v1/nodes/{names[0]}/proxy/stats/summary", deadline=_SUMMARY_TIME)
    return Check("kubelet summary", Found.OK, f"{names[0]} answers", need=Need.OPTIONAL)


def _apply(role: str) -> str:
    return f"an administrator can: pilothouse setup --print --{role} --user YOU | kubectl apply -f -"
