"""What functions workers in simulated brokers answer: assignments, numbers of their own instances, lists, states."""

from __future__ import annotations

import json
from typing import Any

from plugins.pulsar.simulator.serving import Reply, Request
from plugins.pulsar.simulator.world import Function, World

_NOT_ENABLED = "Pulsar Function Worker is not enabled, probably functionsWorkerEnabled is set to false"
_STARTS = "Function worker service is not done initializing. Please try again in a little while."
_AT = 1_795_287_230_241
_NAMES = {
    "function": ("numReceived", "numSuccessfullyProcessed", "numUserExceptions", "latestUserExceptions"),
    "source": ("numReceivedFromSource", "numWritten", "numSourceExceptions", "latestSourceExceptions"),
    "sink": ("numReadFromPulsar", "numWrittenToSink", "numSinkExceptions", "latestSinkExceptions"),
}


def answer(world: World, asked: Request, rest: tuple[str, ...]) -> Reply:
    """`/admin/v2/worker`, `/admin/v2/worker-stats`, and `/admin/v3/functions|sources|sinks`."""
    if world.functions is None or (world.workers and asked.member not in world.workers):
        return _said({"reason": _NOT_ENABLED}, 409)
    if world.workers_start:
        return _said({"reason": _STARTS}, 503)
    family = asked.parts[2]
    if rest == ("assignments",):
        return _said(_assigned(world, world.functions))
    if family == "worker-stats":
        own = {name: one for name, one in world.functions.items() if one.worker == asked.member}
        return _said([{"name": f"{name}:0", "metrics": _metrics(one)} for name, one in own.items() if one.running])
    kind, space = family.removesuffix("s"), "/".join(rest[:2])
    if len(rest) == 2:  # noqa: PLR2004 - tenant and namespace
        start = f"{space}/"
        of_kind = [name for name, one in world.functions.items() if one.kind == kind and name.startswith(start)]
        return _said([name.removeprefix(start) for name in of_kind])
    found = world.functions.get(f"{space}/{rest[2]}")
    if found is None or found.kind != kind:
        return _said({"reason": f"{kind.capitalize()} {rest[2]} doesn't exist"}, 404)
    if found.worker not in {"", asked.member}:  # the worker that runs the only instance says it itself
        return Reply(307, headers={"Location": f"http://{world.addresses[found.worker]}{asked.target}"})
    return _said(_status(world, found))


def _assigned(world: World, functions: dict[str, Function]) -> dict[str, list[str]]:
    told: dict[str, list[str]] = {}
    for name, one in functions.items():
        if one.worker:
            told.setdefault(_worker(world, one.worker), []).append(f"{name}:0")
    return told


def _worker(world: World, broker: str) -> str:
    host, _, port = world.addresses[broker].rpartition(":")
    return f"c-{world.cluster}-fw-{host}-{port}"


def _metrics(one: Function) -> dict[str, Any]:
    numbers = {
        "receivedTotal": one.received,
        "processedSuccessfullyTotal": one.received - len(one.raised),
        "systemExceptionsTotal": 0,
        "userExceptionsTotal": len(one.raised),
        "avgProcessLatency": 0.42,
    }
    return {**numbers, "1min": numbers, "lastInvocation": _AT, "userMetrics": {}}


def _status(world: World, one: Function) -> dict[str, Any]:
    if not one.worker:
        waits = {"running": False, "error": f"{one.kind.capitalize()} has not been scheduled", "numRestarts": 0}
        return {"numInstances": 1, "numRunning": 0, "instances": [{"instanceId": 0, "status": waits}]}
    received, processed, count, latest = _NAMES[one.kind]
    status = {
        "running": one.running,
        "error": one.error,
        "numRestarts": one.restarts,
        received: one.received,
        processed: one.received - len(one.raised),
        count: len(one.raised),
        latest: [{"exceptionString": text, "timestampMs": _AT} for text in one.raised],
        "numSystemExceptions": 0,
        "latestSystemExceptions": [],
        "workerId": _worker(world, one.worker),
    }
    told = {"averageLatency": 0.42, "lastInvocationTime": _AT} if one.kind == "function" else {"lastReceivedTime": _AT}
    return {
        "numInstances": 1,
        "numRunning": int(one.running),
        "instances": [{"instanceId": 0, "status": {**status, **told}}],
    }


def _said(value: object, status: int = 200) -> Reply:
    return Reply(status, json.dumps(value).encode())
