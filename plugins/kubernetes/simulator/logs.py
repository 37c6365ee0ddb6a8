"""Logs of pods: invented lines that are the same whenever asked, four a minute.

With follow, previous, tail and since.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from plugins.kubernetes.simulator.answers import Answer, Reply, Stream
from plugins.kubernetes.simulator.calls import Call, Request
from plugins.kubernetes.simulator.clock import seconds_of, stamp
from plugins.kubernetes.simulator.fields import child, rows
from plugins.kubernetes.simulator.kinds import PODS, Kind
from plugins.kubernetes.simulator.status import ApiError, bad_request, invalid, not_found
from plugins.kubernetes.simulator.store import Entry
from plugins.kubernetes.simulator.world import World

Object = dict[str, Any]
NOTHING: Object = {}
EVERY = 15.0
MOST = 50_000
_TEXTS = (
    "request served in {n} ms",
    "checkpoint {n} written",
    "connection from 10.244.21.{n} accepted",
    "WARN slow answer from peer: {n} ms",
    "compacted segment {n}",
    "heartbeat sent, {n} members known",
)
TEXT = "text/plain"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines of which container."""

    container: str
    stamps: bool
    tail: int | None
    since: float
    limit: int | None


def line(pod: Entry, container: str, index: int, at: float) -> str:
    """The line number `index` of a container."""
    digest = hashlib.sha256(f"{pod.uid}{container}{index}".encode()).digest()
    text = _TEXTS[digest[0] % len(_TEXTS)].format(n=digest[1] + 1)
    return f"{stamp(at)} {pod.name} {text}"


def container_of(pod: Entry, asked: str) -> str:
    """The container that is meant; 400 where that is not clear."""
    names = [item["name"] for item in pod.spec["containers"]]
    inits = [item["name"] for item in rows(pod.spec, "initContainers")]
    if not asked:
        if len(names) == 1 or "kubectl.kubernetes.io/default-container" in pod.annotations:
            return pod.annotations.get("kubectl.kubernetes.io/default-container") or str(names[0])
        choice = f"choose one of: [{' '.join(names)}]"
        more = f" or one of the init containers: [{' '.join(inits)}]" if inits else ""
        raise bad_request(f"a container name must be specified for pod {pod.name}, {choice}{more}")
    if asked not in (*names, *inits):
        raise bad_request(f"container {asked} is not valid for pod {pod.name}")
    return asked


def _started(world: World, pod: Entry, container: str, *, previous: bool) -> tuple[float, float]:
    """(from, until) of the container's run, as seconds; 400 when there is none."""
    statuses = (*rows(pod.status, "containerStatuses"), *rows(pod.status, "initContainerStatuses"))
    found = next((item for item in statuses if item["name"] == container), NOTHING)
    last = child(child(found, "lastState"), "terminated")
    if previous:
        if not last:
            raise bad_request(f'previous terminated container "{container}" in pod "{pod.name}" not found\n')
        return seconds_of(last["startedAt"]), seconds_of(last["finishedAt"])
    state = child(found, "state") or {"waiting": {"reason": "ContainerCreating"}}
    if "running" in state:
        return seconds_of(state["running"]["startedAt"]), world.clock.now()
    if "terminated" in state:
        return seconds_of(state["terminated"]["startedAt"]), seconds_of(state["terminated"]["finishedAt"])
    if last:
        return seconds_of(last["startedAt"]), seconds_of(last["finishedAt"])
    why = f'container "{container}" in pod "{pod.name}" is waiting to start: {state["waiting"]["reason"]}'
    raise bad_request(why)


def _check(pod: Entry, asked: Request) -> None:
    """422 for numbers that make no sense."""
    for name, least, words in (
        ("sinceSeconds", 1, "greater than 0"),
        ("tailLines", 0, "greater than or equal to 0"),
        ("limitBytes", 1, "greater than 0"),
    ):
        number = asked.number(name)
        if number is not None and number < least:
            message = f"Invalid value: {number}: must be {words}"
            options = Kind("", "v1", "PodLogOptions", "pods")
            raise invalid(options, pod.name, [("FieldValueInvalid", message, name)])


def read(world: World, call: Call) -> Reply:
    """GET .../pods/NAME/log."""
    pod = world.store.get(PODS, call.key)
    if pod is None:
        raise not_found(PODS, call.name)
    asked = call.request
    container = container_of(pod, asked.param("container"))
    if not pod.spec.get("nodeName"):
        return Answer(200, b"", TEXT)
    if pod.spec["nodeName"] in world.faults.down_nodes:
        host = pod.status.get("hostIP", "")
        unreachable = f"dial tcp {host}:10250: connect: no route to host"
        message = f'Get "https://{host}:10250/containerLogs/{pod.key}/{container}": {unreachable}'
        raise ApiError(500, "InternalError", message, details={})
    since = asked.number("sinceSeconds")
    _check(pod, asked)
    after = world.clock.now() - since if since is not None else 0.0
    if text := asked.param("sinceTime"):
        after = max(after, seconds_of(text))
    wanted = Wanted(container, asked.flag("timestamps"), asked.number("tailLines"), after, asked.number("limitBytes"))
    begin, end = _started(world, pod, container, previous=asked.flag("previous"))
    body, next_index = _lines(pod, wanted, begin, end)
    if not asked.flag("follow"):
        return Answer(200, body if wanted.limit is None else body[: wanted.limit], TEXT)
    ended = asyncio.Event()
    stop = world.store.listen(
        lambda change: ended.set() if change.new.uid == pod.uid and change.type == "DELETED" else None, PODS
    )
    follower = _Follower(world, pod, wanted, begin)
    follower.ended = ended

    def close() -> None:
        stop()
        ended.set()

    return Stream(follower.chunks(body, next_index), TEXT, close)


def _lines(pod: Entry, wanted: Wanted, begin: float, end: float) -> tuple[bytes, int]:
    count = int((end - begin) // EVERY) + 1
    first = max(0, count - MOST)
    if wanted.since > begin:
        first = max(first, int((wanted.since - begin) // EVERY) + 1)
    if wanted.tail is not None:
        first = max(first, count - wanted.tail)
    made = "".join(_written(pod, wanted, index, begin + index * EVERY) for index in range(first, count))
    return made.encode(), count


def _written(pod: Entry, wanted: Wanted, index: int, at: float) -> str:
    prefix = f"{stamp(at)[:-1]}.{index % 1000:09d}Z " if wanted.stamps else ""
    return f"{prefix}{line(pod, wanted.container, index, at)}\n"


class _Follower:
    """Goes on with a log as the world's time goes on; ends with its pod."""

    def __init__(self, world: World, pod: Entry, wanted: Wanted, begin: float) -> None:
        self.world, self.pod, self.wanted, self.begin = world, pod, wanted, begin
        self.ended = asyncio.Event()

    async def chunks(self, body: bytes, index: int) -> AsyncIterator[bytes]:
        """What there is, then every new line."""
        if body:
            yield body
        while not self.ended.is_set():
            at = self.begin + index * EVERY
            due = asyncio.Event()
            timer = self.world.clock.at(at, due.set)
            waits = [asyncio.ensure_future(due.wait()), asyncio.ensure_future(self.ended.wait())]
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                timer.cancel()
                for wait in waits:
                    wait.cancel()
            if not due.is_set():
                return
            yield _written(self.pod, self.wanted, index, at).encode()
            index += 1
