"""Services and the endpoints behind them, as rows."""

from __future__ import annotations

import msgspec

from plugins.kubernetes.model.selectors import Selector
from plugins.kubernetes.model.wire import Meta, ObjectReference, Pairs, Row, Wire, epoch, key_of, line, pairs, word

_SERVICE_LABEL = "kubernetes.io/service-name"


class ServicePort(Wire, frozen=True, gc=False):
    """ServicePort of the API, the fields that are read."""

    name: str = ""
    port: int = 0
    node_port: int | None = None
    protocol: str = "TCP"


class ServiceSpec(Wire, frozen=True, gc=False):
    """ServiceSpec of the API, the fields that are read."""

    type: str = "ClusterIP"
    cluster_ip: str = msgspec.field(name="clusterIP", default="")
    external_ips: tuple[str, ...] | None = msgspec.field(name="externalIPs", default=None)
    external_name: str = ""
    ports: tuple[ServicePort, ...] | None = None
    selector: dict[str, str] | None = None


class Ingress(Wire, frozen=True, gc=False):
    """Ingress of the API, the fields that are read."""

    ip: str = ""
    hostname: str = ""


class Balancer(Wire, frozen=True, gc=False):
    """Balancer of the API, the fields that are read."""

    ingress: tuple[Ingress, ...] | None = None


class ServiceStatus(Wire, frozen=True, gc=False):
    """ServiceStatus of the API, the fields that are read."""

    load_balancer: Balancer | None = None


class ServiceWire(Wire, frozen=True, gc=False):
    """ServiceWire of the API, the fields that are read."""

    metadata: Meta
    spec: ServiceSpec = ServiceSpec()
    status: ServiceStatus = ServiceStatus()


class EndpointConditions(Wire, frozen=True, gc=False):
    """EndpointConditions of the API, the fields that are read."""

    ready: bool | None = None


class EndpointWire(Wire, frozen=True, gc=False):
    """EndpointWire of the API, the fields that are read."""

    addresses: tuple[str, ...] | None = None
    conditions: EndpointConditions | None = None
    node_name: str | None = None
    target_ref: ObjectReference | None = None


class EndpointSliceWire(Wire, frozen=True, gc=False):
    """EndpointSliceWire of the API, the fields that are read."""

    metadata: Meta
    endpoints: tuple[EndpointWire, ...] | None = None


class Service(Row, frozen=True, gc=False):
    """One Service; `ports` as `80:31970/TCP`, `numbers` the bare TCP ports."""

    namespace: str
    name: str
    uid: str
    created: float
    type: str
    cluster_ip: str
    external: tuple[str, ...]
    ports: tuple[str, ...]
    numbers: tuple[int, ...]
    selector: Selector | None
    labels: Pairs

    @property
    def key(self) -> str:
        return f"{self.namespace}/{self.name}"

    @property
    def pending(self) -> bool:
        """A load balancer that has no address yet."""
        return self.type == "LoadBalancer" and not self.external


class Endpoint(Row, frozen=True, gc=False):
    """One address behind a service, and the pod that it is (its key, or empty)."""

    address: str
    ready: bool
    node: str
    pod: str


class EndpointSlice(Row, frozen=True, gc=False):
    """Some of the endpoints of a service (`service`: its key)."""

    namespace: str
    name: str
    service: str
    endpoints: tuple[Endpoint, ...]

    @property
    def key(self) -> str:
        return f"{self.namespace}/{self.name}"


def service_row(wire: ServiceWire) -> Service:
    """A Service."""
    meta, spec = wire.metadata, wire.spec
    balancer = wire.status.load_balancer
    given = [one.ip or one.hostname for one in (balancer.ingress if balancer else None) or ()]
    outside = [*given, *(spec.external_ips or ()), *([spec.external_name] if spec.external_name else [])]
    ports = spec.ports or ()
    return Service(
        namespace=word(meta.namespace),
        name=line(meta.name),
        uid=line(meta.uid, 64),
        created=epoch(meta.creation_timestamp) or 0.0,
        type=word(spec.type),
        cluster_ip=line(spec.cluster_ip, 64),
        external=tuple(line(one, 253) for one in outside),
        ports=tuple(f"{p.port}{f':{p.node_port}' if p.node_port else ''}/{word(p.protocol)}" for p in ports),
        numbers=tuple(p.port for p in ports if p.protocol == "TCP"),
        selector=Selector(pairs(spec.selector)) if spec.selector else None,
        labels=pairs(meta.labels),
    )


def endpoint_slice_row(wire: EndpointSliceWire) -> EndpointSlice:
    """An EndpointSlice; an endpoint without a `ready` condition counts as ready, as the API says."""
    meta = wire.metadata
    namespace = word(meta.namespace)
    return EndpointSlice(
        namespace=namespace,
        name=line(meta.name),
        service=key_of(namespace, line((meta.labels or {}).get(_SERVICE_LABEL))),
        endpoints=tuple(_endpoint(one, namespace) for one in wire.endpoints or ()),
    )


def _endpoint(wire: EndpointWire, namespace: str) -> Endpoint:
    target = wire.target_ref
    return Endpoint(
        address=line(wire.addresses[0], 253) if wire.addresses else "",
        ready=wire.conditions is None or wire.conditions.ready is not False,
        node=word(wire.node_name),
        pod=key_of(namespace, line(target.name)) if target is not None and target.kind == "Pod" else "",
    )
