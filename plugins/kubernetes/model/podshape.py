"""What all pods of one template have in common: containers, requests, and where they may stand. Shared between them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import msgspec

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
from plugins.kubernetes.model.podwire import NOTHING, Amounts, ContainerSpec, PodSpec, extended
from plugins.kubernetes.model.quantity import amount, millis
from plugins.kubernetes.model.wire import Pairs, Row, pairs, word

_LIMIT = 4096
_known: dict[tuple[Any, ...], PodShape] = {}


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


def pod_shape(spec: PodSpec, qos: str) -> PodShape:
    """The shape of a pod; equal specs give the same object."""
    affinity = b"" if spec.affinity is NOTHING else bytes(spec.affinity)
    spread = spec.topology_spread_constraints
    spreading = b"" if spread is NOTHING else bytes(spread)
    selector = tuple(spec.node_selector.items()) if spec.node_selector else ()
    key = (
        spec.containers,
        spec.init_containers,
        spec.tolerations,
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


@lru_cache(maxsize=1024)
def _affinity(raw: bytes) -> Affinity | None:
    return msgspec.json.decode(raw, type=Affinity | None) if raw else None


@lru_cache(maxsize=1024)
def _spread(raw: bytes) -> tuple[Spread, ...]:
    return spreads(msgspec.json.decode(raw, type=tuple[SpreadWire, ...] | None)) if raw else ()


def _shaped(spec: PodSpec, qos: str, affinity: Affinity | None, spread: tuple[Spread, ...]) -> PodShape:
    main, init = spec.containers or (), spec.init_containers or ()
    sidecars = tuple(word(one.name) for one in init if one.restart_policy == "Always")
    containers = tuple([_container(one, init=True) for one in init] + [_container(one) for one in main])
    grace = spec.termination_grace_period_seconds
    return PodShape(
        containers=containers,
        cpu=_effective(spec, "cpu"),
        memory=_effective(spec, "memory"),
        cpu_limit=sum(_of(one.resources.limits, "cpu") for one in main if one.resources),
        memory_limit=sum(_of(one.resources.limits, "memory") for one in main if one.resources),
        tolerations=tuple(
            Toleration(word(t.key), word(t.operator), word(t.value), word(t.effect)) for t in spec.tolerations or ()
        ),
        node_selector=pairs(spec.node_selector),
        node_terms=node_terms(affinity),
        apart=apart(affinity),
        beside=beside(affinity),
        spread=spread,
        host_ports=_host_ports(main),
        extended=_extended((*init, *main)),
        grace=30 if grace is None else grace,
        host_network=bool(spec.host_network),
        priority=spec.priority or 0,
        qos=word(qos),
        sidecars=sidecars,
        total=len(main) + len(sidecars),
        init_count=len(init),
    )


def _container(spec: ContainerSpec, *, init: bool = False) -> ContainerShape:
    ports = tuple(port.container_port for port in spec.ports or () if port.protocol == "TCP")
    return ContainerShape(word(spec.name), word(spec.image), ports, init, init and spec.restart_policy == "Always")


def _host_ports(containers: Iterable[ContainerSpec]) -> tuple[str, ...]:
    """Ports of the node that it takes; which address it takes them on is not looked at."""
    held = (
        f"{word(port.protocol)}/{port.host_port}" for one in containers for port in one.ports or () if port.host_port
    )
    return tuple(sorted(set(held)))


def _extended(containers: Iterable[ContainerSpec]) -> tuple[tuple[str, int], ...]:
    """What the containers ask for beside CPU and memory; limits count where nothing is requested, as the API has it."""
    found: dict[str, int] = {}
    for one in containers:
        if one.resources is not None:
            asked = dict(extended(one.resources.limits)) | dict(extended(one.resources.requests))
            for name, value in asked.items():
                found[name] = found.get(name, 0) + value
    return tuple(sorted((name, value) for name, value in found.items() if value))


def _of(amounts: Amounts | None, what: str) -> int:
    if amounts is None:
        return 0
    return millis(amounts.cpu) if what == "cpu" else amount(amounts.memory)


def _requested(containers: Iterable[ContainerSpec], what: str) -> list[int]:
    return [_of(one.resources.requests, what) if one.resources else 0 for one in containers]


def _effective(spec: PodSpec, what: str) -> int:
    """The scheduler's sum: the larger of all that run together, and of any init container beside earlier sidecars."""
    stated = spec.resources.requests if spec.resources else None
    if stated is not None and getattr(stated, what) is not None:
        return _of(stated, what) + _of(spec.overhead, what)
    beside, peak = 0, 0
    for container, request in zip(
        spec.init_containers or (), _requested(spec.init_containers or (), what), strict=True
    ):
        if container.restart_policy == "Always":
            beside += request
            peak = max(peak, beside)
        else:
            peak = max(peak, beside + request)
    return max(peak, beside + sum(_requested(spec.containers or (), what))) + _of(spec.overhead, what)
