"""Decoding and storing pods, beside msgspec alone on the same bytes: no network, no screen, one thread."""

from __future__ import annotations

import gc
import http.client
import ssl
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import msgspec

from console.model import InstanceId
from console.rows import Rows
from console.store import Store
from plugins.kubernetes.client.projection import Projection
from plugins.kubernetes.model import tables
from plugins.kubernetes.model.placing import Affinity, SpreadWire, Toleration
from plugins.kubernetes.model.pods import pod_row
from plugins.kubernetes.model.podwire import (
    ContainerPort,
    ContainerSpec,
    Limits,
    PodAnnotations,
    PodSpec,
    PodStatus,
    PodWire,
)
from plugins.kubernetes.model.wire import Meta, Wire
from tests.benchmarks.figure import Figure, median
from tests.benchmarks.stage import Stage

_PAGE = 250
_COLLECTION = (50_000, 20, 50)
"""How rarely the program lets the garbage collector look (console/__main__.py)."""


# What msgspec has to do where nothing is left for later: the fields that rows are made of, each in its own type. The
# program leaves what pods of one template share as it came, reads it once, and is measured with all that it does.


class _Container(ContainerSpec, frozen=True, gc=False):
    resources: Limits | None = None  # pyright: ignore[reportIncompatibleVariableOverride]
    ports: tuple[ContainerPort, ...] | None = None  # pyright: ignore[reportIncompatibleVariableOverride]


class _Spec(PodSpec, frozen=True, gc=False):
    containers: tuple[_Container, ...] | None = None
    init_containers: tuple[_Container, ...] | None = None
    tolerations: tuple[Toleration, ...] | None = None  # pyright: ignore[reportIncompatibleVariableOverride]
    affinity: Affinity | None = None  # pyright: ignore[reportIncompatibleVariableOverride]
    topology_spread_constraints: tuple[SpreadWire, ...] | None = None  # pyright: ignore[reportIncompatibleVariableOverride]


class _Meta(Meta, frozen=True, gc=False):
    annotations: PodAnnotations | None = None


class _Pod(Wire, frozen=True, gc=False):
    metadata: _Meta
    spec: _Spec
    status: PodStatus = PodStatus()


class _Pods(msgspec.Struct):
    items: list[_Pod]


class _Slim(msgspec.Struct):
    items: list[PodWire]


def decode(stage: Stage) -> Iterator[Figure]:
    """Turns of msgspec and us over all pages of all pods."""
    stage.load(stage.pods)
    gc.set_threshold(*_COLLECTION)
    bodies = _pages(stage)
    reader, slim = msgspec.json.Decoder(_Pods), msgspec.json.Decoder(_Slim)
    count = sum(len(reader.decode(body).items) for body in bodies)
    alone: list[float] = []
    ours: list[float] = []
    untyped = _took(lambda: [msgspec.json.decode(body) for body in bodies])
    left = median([_took(lambda: [slim.decode(body) for body in bodies]) for _ in range(3)])
    for _ in range(3 if stage.short else 7):
        alone.append(_took(lambda: [reader.decode(body) for body in bodies]))
        ours.append(_took(lambda: _stored(bodies)))
    ratio = median([mine / theirs for mine, theirs in zip(ours, alone, strict=True)])
    size = sum(len(body) for body in bodies)
    note = (
        f"{median(ours) / count * 1e6:.1f} us a pod; msgspec into types of the same fields"
        f" {median(alone) / count * 1e6:.1f} us, into ours, which leave some as they came, {left / count * 1e6:.1f} us,"
        f" into plain dictionaries {untyped / count * 1e6:.1f} us; {count:,} pods, {size / 1e6:.0f} MB"
    )
    yield Figure("decode and store, of msgspec's own time", ratio, 1.5, "x", note)


def _took(work: Callable[[], object]) -> float:
    gc.collect()
    before = time.perf_counter()
    kept = work()
    took = time.perf_counter() - before
    del kept
    return took


def _stored(bodies: list[bytes]) -> Rows[Any]:
    """What a follow does with the pages of a list, up to the published snapshot."""
    store = Store()
    rows: Rows[Any] = store.rows(InstanceId("kubernetes", "benchmark"), tables.PODS)
    projection = Projection(PodWire, pod_row, tables.PODS.key, rows)
    projection.begin()
    for body in bodies:
        projection.page(projection.decoder.page(body))
    projection.end()
    rows.publish()
    return rows


def _pages(stage: Stage) -> list[bytes]:
    """The raw pages, compact as the console gets them."""
    pki, place = stage.lab.place.pki, stage.lab.place
    context = ssl.create_default_context(cafile=str(pki / "ca.crt"))
    context.load_cert_chain(pki / "admin.crt", pki / "admin.key")
    connection = http.client.HTTPSConnection("127.0.0.1", place.port, context=context, timeout=60)
    bodies: list[bytes] = []
    token = ""
    while token or not bodies:
        connection.request("GET", f"/api/v1/pods?limit={_PAGE}&continue={quote(token)}")
        bodies.append(connection.getresponse().read())
        token = msgspec.json.decode(bodies[-1])["metadata"].get("continue", "")
    connection.close()
    return bodies
