"""What all pods of one template have in common: containers, requests, and where they may stand. Shared between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from plugins.kubernetes.model.placing import (
    Affinity,
    Apart,
    Spread,
    SpreadWire,
    Term,
    Toleration,
    apart,
    beside,
    node_terms,
    spreads,
)
from plugins.kubernetes.model.podwire import COUNTED, Amounts, ContainerSpec, PodSpec, limits_of, ports_of
from plugins.kubernetes.model.quantity import Quantity, amount, millis
from plugins.kubernetes.model.wire import NOTHING, Pairs, Row, pairs, word

_LIMIT = 4096
_known: dict[tuple[Any, ...], PodShape] = {}
_firsts: dict[bytes, tuple[tuple[Any, ...], str, PodShape]] = {}
"""The first pod that was met of each owner: what its shape depends on, and the shape."""
_parts = attrgetter(
    "containers",
    "init_containers",
    "tolerations",
    "node_selector",
    "affinity",
    "topology_spread_constraints",
    "resources",
    "overhead",
    "termination_grace_period_seconds",
    "priority",
    "host_network",
)


class ContainerShape(Row, frozen=True, gc=False):
    """A container of the template; `sidecar`: an init container that keeps running."""

    name: str
    image: str
    ports: tuple[int, ...] = ()
    init: bool = False
    sidecar: bool = False


class PodShape(Row, frozen=True, gc=False):
    """CPU in thousandths of a core, memory in bytes: requests as the scheduler counts them, limits as a sum.

    `host_ports` as `TCP/80`; `extended`: requests beside CPU and memory by the API's names (`nvidia.com/gpu`).
    """

    containers: tuple[ContainerShape, ...]
    cpu: int
    memory: int
    cpu_limit: int
    memory_limit: int
    tolerations: tuple[Toleration, ...]
    node_selector: Pairs
    node_terms: tuple[Term, ...] | None
    apart: tuple[Apart, ...]
    beside: tuple[Apart, ...]
    spread: tuple[Spread, ...]
    host_ports: tuple[str, ...]
    extended: tuple[tuple[str, int], ...]
    grace: int
    host_network: bool
    priority: int
    qos: str
    sidecars: tuple[str, ...]
    total: int
    init_count: int


def pod_shape(spec: PodSpec, qos: str, owner: bytes = b"") -> PodShape:
    """The shape of a pod; equal specs give the same object.

    `owner`: its owners as they came. Its pods are nearly always of one template, and comparing with its first one is
    done in C, in a third of the time that finding the template takes. Called for every pod: kept quick.
    """
    first = _firsts.get(owner)
    if first is None:
        shape = _found(spec, qos)
        if owner:
            if len(_firsts) >= _LIMIT:
                _firsts.clear()
            _firsts[owner] = (_parts(_kept(spec)), qos, shape)
        return shape
    return first[2] if first[0] == _parts(spec) and first[1] == qos else _found(spec, qos)


def _kept(spec: PodSpec) -> PodSpec:
    """The same, without holding on to the page that it was decoded from."""

    def kept(containers: tuple[ContainerSpec, ...] | None) -> tuple[ContainerSpec, ...] | None:
        return containers and tuple(
            [replace(one, resources=one.resources.copy(), ports=one.ports.copy()) for one in containers]
        )

    return replace(
        spec,
        containers=kept(spec.containers),
        init_containers=kept(spec.init_containers),
        tolerations=spec.tolerations.copy(),
        affinity=spec.affinity.copy(),
        topology_spread_constraints=spec.topology_spread_constraints.copy(),
    )


def _found(spec: PodSpec, qos: str) -> PodShape:
    affinity = b"" if spec.affinity is NOTHING else bytes(spec.affinity)
    spread = spec.topology_spread_constraints
    spreading = b"" if spread is NOTHING else bytes(spread)
    selector = tuple(spec.node_selector.items()) if spec.node_selector else ()
    key = (
        _template(spec.containers),
        _template(spec.init_containers),
        bytes(spec.tolerations),
        selector,
        affinity,
        spreading,
        spec.resources,
        spec.overhead,
        spec.termination_grace_period_seconds,
        spec.priority,
        spec.host_network,
        qos,
    )
    found = _known.get(key)
    if found is None:
        if len(_known) >= _LIMIT:
            _known.clear()
        found = _known[key] = _shaped(spec, qos, _affinity(affinity), _spread(spreading))
    return found


def _template(containers: tuple[ContainerSpec, ...] | None) -> tuple[Any, ...] | None:
    """Containers by what is compared of them: what is not decoded yet by its bytes."""
    if containers is None:
        return None
    return tuple(
        [
            (c.name, c.image, bytes(c.ports), c.restart_policy, c.resources is not NOTHING and bytes(c.resources))
            for c in containers
        ]
    )


@lru_cache(maxsize=1024)
def _affinity(raw: bytes) -> Affinity | None:
    return msgspec.json.decode(raw, type=Affinity | None) if raw else None


@lru_cache(maxsize=1024)
def _spread(raw: bytes) -> tuple[Spread, ...]:
    return spreads(msgspec.json.decode(raw, type=tuple[SpreadWire, ...] | None)) if raw else ()


@lru_cache(maxsize=1024)
def _tolerations(raw: bytes) -> tuple[Toleration, ...]:
    sent = msgspec.json.decode(raw, type=tuple[Toleration, ...] | None) if raw else None
    return tuple(Toleration(word(t.key), word(t.operator), word(t.value), word(t.effect)) for t in sent or ())


def _shaped(spec: PodSpec, qos: str, affinity: Affinity | None, spread: tuple[Spread, ...]) -> PodShape:
    main, init = spec.containers or (), spec.init_containers or ()
    limits = [limits_of(one) for one in main]
    asked = _Asked(
        tuple((one.restart_policy == "Always", limits_of(one).wanted) for one in init),
        tuple(one.wanted for one in limits),
    )
    sidecars = tuple(word(one.name) for one in init if one.restart_policy == "Always")
    containers = tuple([_container(one, init=True) for one in init] + [_container(one) for one in main])
    grace = spec.termination_grace_period_seconds
    return PodShape(
        containers=containers,
        cpu=_whole(spec, "cpu", asked.effective("cpu", millis)),
        memory=_whole(spec, "memory", asked.effective("memory")),
        cpu_limit=sum(millis((one.limits or {}).get("cpu")) for one in limits),
        memory_limit=sum(amount((one.limits or {}).get("memory")) for one in limits),
        tolerations=_tolerations(bytes(spec.tolerations)),
        node_selector=pairs(spec.node_selector),
        node_terms=node_terms(affinity),
        apart=apart(affinity),
        beside=beside(affinity),
        spread=spread,
        host_ports=_host_ports(main),
        extended=asked.extended(),
        grace=30 if grace is None else grace,
        host_network=bool(spec.host_network),
        priority=spec.priority or 0,
        qos=word(qos),
        sidecars=sidecars,
        total=len(main) + len(sidecars),
        init_count=len(init),
    )


def _container(spec: ContainerSpec, *, init: bool = False) -> ContainerShape:
    ports = tuple(port.container_port for port in ports_of(spec) if port.protocol == "TCP")
    return ContainerShape(word(spec.name), word(spec.image), ports, init, init and spec.restart_policy == "Always")


def _host_ports(containers: Iterable[ContainerSpec]) -> tuple[str, ...]:
    """Ports of the node that it takes; which address it takes them on is not looked at."""
    held = (f"{word(port.protocol)}/{port.host_port}" for one in containers for port in ports_of(one) if port.host_port)
    return tuple(sorted(set(held)))


class _Asked(NamedTuple):
    """Requests of all containers of a pod; `init` beside whether it keeps running."""

    init: tuple[tuple[bool, Mapping[str, Quantity]], ...]
    main: tuple[Mapping[str, Quantity], ...]

    def effective(self, name: str, count: Callable[[Quantity | None], int] = amount) -> int:
        """The scheduler's sum: the larger of all that run together, and an init container beside earlier sidecars."""
        beside, peak = 0, 0
        for stays, request in self.init:
            value = count(request.get(name))
            peak = max(peak, beside + value)
            beside += value if stays else 0
        return max(peak, beside + sum(count(request.get(name)) for request in self.main))

    def extended(self) -> tuple[tuple[str, int], ...]:
        """The same of everything beside CPU and memory that is asked for at all."""
        names = {name for request in (*self.main, *(request for _, request in self.init)) for name in request}
        found = ((word(name), self.effective(name)) for name in sorted(names - COUNTED))
        return tuple((name, value) for name, value in found if value)


def _whole(spec: PodSpec, what: str, containers: int) -> int:
    """What the pod as a whole asks for, where it says so, else its containers; and its overhead."""
    stated = _of(spec.resources.requests if spec.resources else None, what)
    return (containers if stated is None else stated) + (_of(spec.overhead, what) or 0)


def _of(amounts: Amounts | None, what: str) -> int | None:
    """CPU or memory of a pod as a whole; None where it is not stated."""
    stated = getattr(amounts, what, None)
    return None if stated is None else (millis if what == "cpu" else amount)(stated)
