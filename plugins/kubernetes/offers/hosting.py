"""The cluster as the other systems see it (console.plugin.Platform): sets, their pods, secrets, exec, connections.

Sets are StatefulSets and StrimziPodSets, and Deployments, whose pods have no stable names. Foreign text that becomes
a name here is cleaned; values of secrets and output of commands stay as they are.
"""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec
from msgspec import Struct

from console.errors import Forbidden, NotFound, Unreachable
from console.model import NodeName, Ref
from console.plugin import Container, Ran, Resource, Server, ServerSet, Stream
from console.text import clean
from plugins.kubernetes.client import channels
from plugins.kubernetes.client.api import Api
from plugins.kubernetes.client.listing import Selection
from plugins.kubernetes.model.selectors import LabelSelector
from plugins.kubernetes.model.wire import Meta, OwnerReference, Wire

T = TypeVar("T", bound=Struct)


class _Noted(Meta, frozen=True, gc=False):
    annotations: dict[str, str] | None = None


class _Port(Wire, frozen=True, gc=False):
    container_port: int = 0


class _Variable(Wire, frozen=True, gc=False):
    name: str = ""
    value: str | None = None


class _Container(Wire, frozen=True, gc=False):
    name: str = ""
    image: str = ""
    ports: tuple[_Port, ...] | None = None
    env: tuple[_Variable, ...] | None = None


class _PodSpec(Wire, frozen=True, gc=False):
    containers: tuple[_Container, ...] = ()
    node_name: str = ""
    hostname: str = ""
    subdomain: str = ""


class _Condition(Wire, frozen=True, gc=False):
    type: str = ""
    status: str = ""


class _PodStatus(Wire, frozen=True, gc=False):
    pod_ip: str = msgspec.field(name="podIP", default="")
    phase: str = ""
    start_time: datetime.datetime | None = None
    conditions: tuple[_Condition, ...] | None = None


class _Pod(Wire, frozen=True, gc=False):
    metadata: _Noted = _Noted()
    spec: _PodSpec = _PodSpec()
    status: _PodStatus = _PodStatus()


class _SetSpec(Wire, frozen=True, gc=False):
    replicas: int | None = None
    selector: LabelSelector | None = None
    service_name: str = ""
    template: _Pod | None = None
    pods: tuple[_Pod, ...] | None = None


class _Set(Wire, frozen=True, gc=False):
    metadata: _Noted
    spec: _SetSpec = _SetSpec()


class _Secret(Struct, frozen=True):
    data: dict[str, bytes] | None = None


class _ConfigMap(Struct, frozen=True):
    data: dict[str, str] | None = None


_KINDS = (
    ("StatefulSet", "apps", "v1", "statefulsets"),
    ("StrimziPodSet", "core.strimzi.io", "v1beta2", "strimzipodsets"),
    ("Deployment", "apps", "v1", "deployments"),
)


class Hosting:
    """See the module. Who asks for the sets while another does gets that answer: all systems look at once."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._asking = asyncio.Lock()
        self._answers = 0
        self._last: Sequence[ServerSet] = ()

    async def sets(self) -> Sequence[ServerSet]:
        """Every set that may be seen. Raises Forbidden where StatefulSets may be listed nowhere."""
        before = self._answers
        async with self._asking:
            if self._answers == before:
                found = await asyncio.gather(*(self._sets(*kind) for kind in _KINDS))
                self._last = [one for some in found for one in some]
                self._answers += 1
            return self._last

    async def _sets(self, kind: str, group: str, version: str, plural: str) -> list[ServerSet]:
        try:
            listed = await self._listed(group, version, plural, _Set)
        except NotFound:  # the kind is not installed
            return []
        except Forbidden:
            if kind == "StatefulSet":
                raise
            return []
        return [_server_set(kind, one) for one in listed]

    async def _listed(self, group: str, version: str, plural: str, form: type[T]) -> list[T]:
        """Everywhere, else in the namespaces where it is allowed."""
        everywhere = f"/apis/{group}/{version}/{plural}"
        spaces: Sequence[str] = self._api.only_namespaces
        if not spaces:
            try:
                return await self._api.list(everywhere, form)
            except Forbidden:
                spaces = await self._api.readable_namespaces(Selection(everywhere))
                if not spaces:
                    raise
        within = f"/apis/{group}/{version}/namespaces"
        parts = await asyncio.gather(*(self._api.list(f"{within}/{quote(one)}/{plural}", form) for one in spaces))
        return [one for part in parts for one in part]

    async def servers(self, of: ServerSet) -> Sequence[Server]:
        """The pods that the set owns (or its ReplicaSets, for a Deployment), by name."""
        pods = await self._api.list(f"/api/v1/namespaces/{quote(of.namespace)}/pods", _Pod, labels=of.selector)
        owned = [pod for pod in pods if any(_owns(of, owner) for owner in pod.metadata.owner_references or ())]
        return sorted((_server(of, pod) for pod in owned), key=lambda server: server.pod.name)

    async def secret(self, namespace: str, name: str) -> Mapping[str, bytes]:
        """The values of a Secret, decoded. Raises NotFound, Forbidden."""
        path = f"/api/v1/namespaces/{quote(namespace)}/secrets/{quote(name)}"
        return (await self._api.read(path, _Secret)).data or {}

    async def settings(self, namespace: str, name: str) -> Mapping[str, str]:
        """The texts of a ConfigMap. Raises NotFound, Forbidden."""
        path = f"/api/v1/namespaces/{quote(namespace)}/configmaps/{quote(name)}"
        return (await self._api.read(path, _ConfigMap)).data or {}

    async def resources(self, kind: Resource, namespace: str = "") -> Sequence[Mapping[str, Any]]:
        """Custom resources as they are. Raises NotFound where the kind is not installed."""
        space = f"/namespaces/{quote(namespace)}" if namespace else ""
        return (await self._api.get(f"{_group(kind)}{space}/{kind.plural}")).get("items") or []

    async def amend(self, kind: Resource, namespace: str, name: str, change: Mapping[str, Any]) -> None:
        """A merge patch. Raises NotFound, Forbidden, Rejected."""
        await self._api.patch(f"{_group(kind)}/namespaces/{quote(namespace)}/{kind.plural}/{quote(name)}", change)

    async def run(
        self, pod: Ref, command: Sequence[str], *, container: str = "", stdin: bytes = b"", within: float = 30.0
    ) -> Ran:
        """Exec, to its end. Raises Unreachable when that takes longer than `within` seconds or nobody tells its end."""
        inside = container or await self._first_container(pod)
        running = await self._api.exec(pod.namespace, pod.name, command, container=inside, stdin=bool(stdin))
        if stdin:
            await running.write(stdin)
            await running.end_input()
        out, error, end = await channels.output_of(running, deadline=within)
        if end.code is None:
            raise Unreachable(
                f"how `{command[0]}` ended is not known: {end.message or 'the connection broke'}",
                where=f"exec in {pod.namespace}/{pod.name}",
                next_step="look whether it was done before you try again",
            )
        return Ran(end.code, out, error)

    async def _first_container(self, pod: Ref) -> str:
        """The API asks which one is meant wherever there are several; people mean the first, as kubectl does."""
        found = await self._api.read(f"/api/v1/namespaces/{quote(pod.namespace)}/pods/{quote(pod.name)}", _Pod)
        return found.spec.containers[0].name if found.spec.containers else ""

    async def dial(self, host: str, port: int) -> Stream:
        """A connection, by the way that is right from here (client.dialer)."""
        return await self._api.dial(host, port)


def _group(kind: Resource) -> str:
    return f"/apis/{kind.group}/{kind.version}" if kind.group else f"/api/{kind.version}"


def _owns(of: ServerSet, owner: OwnerReference) -> bool:
    if of.kind == "Deployment":
        return owner.kind == "ReplicaSet" and owner.name.rpartition("-")[0] == of.name
    return owner.kind == of.kind and owner.name == of.name


def _server_set(kind: str, found: _Set) -> ServerSet:
    meta, spec = found.metadata, found.spec
    template = spec.template or next(iter(spec.pods or ()), _Pod())
    replicas = len(spec.pods) if spec.pods is not None else 1 if spec.replicas is None else spec.replicas
    return ServerSet(
        namespace=clean(meta.namespace, 253),
        name=clean(meta.name, 253),
        kind=kind,
        labels=(template.metadata.labels or {}) | (meta.labels or {}),
        annotations=meta.annotations or {},
        selector=_query(spec.selector),
        service=spec.service_name or template.spec.subdomain,
        replicas=replicas,
        containers=_containers(template),
    )


def _query(wanted: LabelSelector | None) -> str:
    """MatchLabels as the API takes them; expressions are left out, since `servers` looks at the owner anyway."""
    labels = (wanted.match_labels or {}) if wanted is not None else {}
    return ",".join(f"{name}={value}" for name, value in sorted(labels.items()))


def _containers(pod: _Pod) -> tuple[Container, ...]:
    return tuple(
        Container(
            name=one.name,
            image=clean(one.image, 500),
            ports=tuple(port.container_port for port in one.ports or ()),
            env={variable.name: variable.value for variable in one.env or () if variable.value is not None},
        )
        for one in pod.spec.containers
    )


def _server(of: ServerSet, pod: _Pod) -> Server:
    meta, status = pod.metadata, pod.status
    name, space = clean(meta.name, 253), clean(meta.namespace, 253)
    return Server(
        pod=Ref("pod", name, space, meta.uid),
        node=NodeName(pod.spec.node_name),
        host=f"{name}.{of.service or 'pod'}.{space}.svc",
        address=status.pod_ip,
        ready=any(one.type == "Ready" and one.status == "True" for one in status.conditions or ()),
        labels=meta.labels or {},
        containers=_containers(pod),
        started_at=status.start_time.timestamp() if status.start_time else 0.0,
    )
