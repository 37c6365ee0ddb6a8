"""Which pod and port an in-cluster name means: `pod.service.namespace.svc...`, `service.namespace`, a pod's address.

Looked up in the API (pods, services, endpoint slices), kept for some seconds. Opens no connection to a pod.
"""

from __future__ import annotations

import ipaddress

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from console.errors import NotFound, SourceError
from console.text import clean
from plugins.kubernetes.client.api import Api

_KEPT = 10.0


class Place(Struct, frozen=True):
    """Where a connection really ends: a port of a pod; `address` is the pod's, where it was asked for."""

    namespace: str
    pod: str
    port: int
    address: str = ""


class Name(Struct, frozen=True):
    """An in-cluster host name in its parts; `pod` is empty for a service's own name."""

    namespace: str
    service: str
    pod: str = ""


def parse_host(host: str, default_namespace: str) -> Name:
    """The parts of an in-cluster name. Raises NotFound for a name that cannot be one."""
    labels = [label for label in host.lower().rstrip(".").split(".") if label]
    if "svc" in labels[1:]:
        labels = labels[: len(labels) - 1 - labels[::-1].index("svc")]
    match labels:
        case [service]:
            return Name(default_namespace, service)
        case [service, namespace]:
            return Name(namespace, service)
        case [pod, service, namespace]:
            return Name(namespace, service, pod)
        case _:
            raise NotFound(
                f"{clean(host, 253)!r} is no name inside the cluster", next_step="expected service.namespace.svc"
            )


class _Meta(msgspec.Struct):
    name: str
    namespace: str = ""


class _Conditions(msgspec.Struct):
    ready: bool | None = None


class _Reference(msgspec.Struct):
    kind: str = ""
    name: str = ""


class _Endpoint(msgspec.Struct, rename="camel"):
    addresses: list[str] | None = None
    hostname: str | None = None
    conditions: _Conditions | None = None
    target_ref: _Reference | None = None

    @property
    def ready(self) -> bool:
        return self.conditions is None or self.conditions.ready is not False


class _Port(msgspec.Struct):
    name: str | None = None
    port: int | None = None


class _Slice(msgspec.Struct):
    endpoints: list[_Endpoint] | None = None
    ports: list[_Port] | None = None


class _ServicePort(msgspec.Struct):
    name: str | None = None
    port: int = 0


class _ServiceSpec(msgspec.Struct):
    ports: list[_ServicePort] | None = None


class _Service(msgspec.Struct):
    metadata: _Meta
    spec: _ServiceSpec


class _PodStatus(msgspec.Struct):
    address: str = msgspec.field(name="podIP", default="")
    phase: str = ""


class _Pod(msgspec.Struct):
    metadata: _Meta
    status: _PodStatus


class Places:
    """Names of one cluster."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._known: dict[tuple[str, int], tuple[float, Place]] = {}

    def forget(self, host: str, port: int) -> None:
        """What was known of this name led nowhere."""
        self._known.pop((host, port), None)

    async def find(self, host: str, port: int) -> Place:
        """The place that `host:port` means now. Raises NotFound, or why the API could not be asked."""
        now = self._api.manner.clock.monotonic()
        known = self._known.get((host, port))
        if known is not None and now - known[0] < _KEPT:
            return known[1]
        place = await self._look_up(host, port)
        self._known[host, port] = (now, place)
        return place

    async def located(self, place: Place) -> Place:
        """The same with the pod's address."""
        if place.address:
            return place
        path = f"/api/v1/namespaces/{place.namespace}/pods/{place.pod}"
        pod = await self._api.read(path, _Pod)
        if not pod.status.address:
            raise NotFound("the pod has no address yet", where=f"pod {place.namespace}/{place.pod}")
        return replace(place, address=pod.status.address)

    async def _look_up(self, host: str, port: int) -> Place:
        try:
            address = ipaddress.ip_address(host.strip("[]"))
        except ValueError:
            pass
        else:
            return await self._by_address(str(address), port)
        name = parse_host(host, self._api.settings.dial_namespace)
        if name.pod and await self._is_there(name):
            return Place(name.namespace, name.pod, port)  # a pod of a set is named as its host is
        return await self._by_endpoints(name, port)

    async def _is_there(self, name: Name) -> bool:
        try:
            await self._api.get(f"/api/v1/namespaces/{name.namespace}/pods/{name.pod}")
        except NotFound:
            return False
        return True

    async def _by_address(self, address: str, port: int) -> Place:
        pods = await self._api.list("/api/v1/pods", _Pod, fields=f"status.podIP={address}")
        for pod in sorted(pods, key=lambda pod: pod.status.phase != "Running"):
            return Place(pod.metadata.namespace, pod.metadata.name, port, address)
        services = await self._services(address)
        if not services:
            raise NotFound(f"no pod and no service has the address {address}")
        found = services[0].metadata
        return await self._by_endpoints(Name(found.namespace, found.name), port)

    async def _services(self, address: str) -> list[_Service]:
        try:
            return await self._api.list("/api/v1/services", _Service, fields=f"spec.clusterIP={address}")
        except SourceError:  # the selector is not known to old servers
            return []

    async def _by_endpoints(self, name: Name, port: int) -> Place:
        where = f"service {name.namespace}/{name.service}"
        path = f"/apis/discovery.k8s.io/v1/namespaces/{name.namespace}/endpointslices"
        slices = await self._api.list(path, _Slice, labels=f"kubernetes.io/service-name={name.service}")
        candidates = [
            (one.ready, endpoint_slice, one)
            for endpoint_slice in slices
            for one in endpoint_slice.endpoints or []
            if one.target_ref is not None and one.target_ref.kind == "Pod" and name.pod in {"", one.hostname}
        ]
        if not candidates:
            raise NotFound("it has no pods behind it" if slices else "there is no such service", where=where)
        ready, behind, endpoint = max(candidates, key=lambda candidate: candidate[0])
        if not ready and not name.pod:
            raise NotFound("none of its pods is ready", where=where)
        target = endpoint.target_ref.name if endpoint.target_ref else ""
        inside = port if name.pod else await self._target_port(name, port, behind)
        return Place(name.namespace, target, inside, (endpoint.addresses or [""])[0])

    async def _target_port(self, name: Name, port: int, behind: _Slice) -> int:
        """The container's port behind a service's; slices name it as the service does."""
        path = f"/api/v1/namespaces/{name.namespace}/services/{name.service}"
        service = await self._api.read(path, _Service)
        for offered in service.spec.ports or []:
            if offered.port == port:
                for inside in behind.ports or []:
                    if (inside.name or "") == (offered.name or "") and inside.port:
                        return inside.port
        return port  # not announced: a headless service passes on whatever is asked for
