"""The state of a pod in one word, exactly as `kubectl get pods` prints it, and its containers' states.

The rules are those of kubectl's printer (kubernetes/kubernetes, pkg/printers/internalversion), which prefers the reason
of a waiting or terminated container to the pod's phase, and counts restarts of init containers only while they matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from plugins.kubernetes.model.podwire import ContainerStatus, Terminated
from plugins.kubernetes.model.wire import Row, epoch, line, word

_NO_STATUS = ContainerStatus()


class Container(Row, frozen=True, gc=False):
    """One container as it is now; `last_*` tell how it ended before its last restart."""

    name: str
    init: bool = False
    ready: bool = False
    restarts: int = 0
    state: str = "waiting"
    reason: str = ""
    message: str = ""
    exit_code: int | None = None
    last_reason: str = ""
    last_exit: int | None = None
    last_finished: float | None = None


class PodState(Row, frozen=True, gc=False):
    """What the containers' states make of a pod: STATUS, READY and RESTARTS of kubectl."""

    status: str
    ready: int
    restarts: int
    last_restart: float | None
    last_reason: str
    containers: tuple[Container, ...]


Statuses = tuple[ContainerStatus, ...]


class Inputs(NamedTuple):
    """All that the state depends on: hashable, so that pods in the same state share one `PodState`."""

    phase: str
    reason: str
    gated: bool
    initialized: bool
    ready: bool
    init_count: int
    sidecars: tuple[str, ...]
    init: Statuses
    main: Statuses


_LIMIT = 4096
_known: dict[tuple[object, ...], PodState] = {}


def pod_state(*inputs: *tuple[str, str, bool, bool, bool, int, tuple[str, ...], Statuses, Statuses]) -> PodState:
    """The state of a pod with these `Inputs`; equal ones give the same object. Called for every pod: kept quick."""
    found = _known.get(inputs)
    if found is None:
        if len(_known) >= _LIMIT:
            _known.clear()
        found = _known[inputs] = _judged(Inputs(*inputs))
    return found


def _judged(inputs: Inputs) -> PodState:
    status = "SchedulingGated" if inputs.gated else word(inputs.reason or inputs.phase)
    waits, sidecars_ready = _initializing(inputs)
    counted = [c for c in inputs.init if waits is None or c.name in inputs.sidecars]
    if waits is not None:
        status, counted = waits, list(inputs.init)
    ready = sidecars_ready
    if waits is None or inputs.initialized:
        counted = [c for c in inputs.init if c.name in inputs.sidecars] + list(inputs.main)
        status, running = _main_status(inputs.main, status)
        ready += running
        if status == "Completed" and running:
            status = "Running" if inputs.ready else "NotReady"
    last = _last_end(counted)
    return PodState(
        status=status,
        ready=ready,
        restarts=sum(c.restart_count for c in counted),
        last_restart=epoch(last.finished_at) if last else None,
        last_reason=_ended(last) if last else "",
        containers=tuple([_container(c, init=True) for c in inputs.init] + [_container(c) for c in inputs.main]),
    )


def _initializing(inputs: Inputs) -> tuple[str | None, int]:
    """What the first unfinished init container waits for, and how many sidecars before it are ready."""
    ready = 0
    for position, container in enumerate(inputs.init):
        state = container.state
        ended, waiting = (state.terminated, state.waiting) if state else (None, None)
        if ended and ended.exit_code == 0:
            continue
        if container.name in inputs.sidecars and container.started:
            ready += container.ready
            continue
        if ended:
            return f"Init:{_ended(ended)}", ready
        if waiting and waiting.reason and waiting.reason != "PodInitializing":
            return f"Init:{word(waiting.reason)}", ready
        return f"Init:{position}/{inputs.init_count}", ready
    return None, ready


def _main_status(main: Sequence[ContainerStatus], status: str) -> tuple[str, int]:
    """The first container with something to say decides; and how many run and are ready."""
    running = 0
    for container in reversed(main):
        state = container.state
        if state is None:
            continue
        if state.waiting and state.waiting.reason:
            status = word(state.waiting.reason)
        elif state.terminated:
            status = _ended(state.terminated)
        elif container.ready and state.running:
            running += 1
    return status, running


def _ended(state: Terminated) -> str:
    if state.reason:
        return word(state.reason)
    return f"Signal:{state.signal}" if state.signal else f"ExitCode:{state.exit_code}"


def _last_end(containers: Sequence[ContainerStatus]) -> Terminated | None:
    ends = [c.last_state.terminated for c in containers if c.last_state and c.last_state.terminated]
    return max(ends, key=lambda end: epoch(end.finished_at) or 0.0, default=None)


def _container(status: ContainerStatus, *, init: bool = False) -> Container:
    state, last = status.state, status.last_state.terminated if status.last_state else None
    kind, reason, message, code = "waiting", "", "", None
    if state and state.running:
        kind = "running"
    elif state and state.terminated:
        ended = state.terminated
        kind, reason, message, code = "terminated", _ended(ended), line(ended.message), ended.exit_code
    elif state and state.waiting:
        reason, message = word(state.waiting.reason), line(state.waiting.message)
    return Container(
        name=word(status.name),
        init=init,
        ready=status.ready,
        restarts=status.restart_count,
        state=kind,
        reason=reason,
        message=message,
        exit_code=code,
        last_reason=_ended(last) if last else "",
        last_exit=last.exit_code if last else None,
        last_finished=epoch(last.finished_at) if last else None,
    )
