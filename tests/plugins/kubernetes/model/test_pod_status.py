"""STATUS, READY and RESTARTS as `kubectl get pods` prints them: one case a rule of its printer."""

from __future__ import annotations

from typing import Any

import pytest

from plugins.kubernetes.model.pods import Pod
from tests.plugins.kubernetes.rows import pod, row

_RUNNING: dict[str, Any] = {"running": {}}
_DONE: dict[str, Any] = {"terminated": {"exitCode": 0, "reason": "Completed"}}


def _container(name: str, state: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "ready": False, "restartCount": 0, "state": state, "lastState": {}, **more}


def _waiting(reason: str) -> dict[str, Any]:
    return {"waiting": {"reason": reason}}


def _ended(**how: Any) -> dict[str, Any]:
    return {"terminated": {"exitCode": 1, **how}}


def _pod(*, init: tuple[Any, ...] = (), main: tuple[Any, ...] = (), **more: Any) -> Pod:
    """A pod of containers with these states; names of init containers that begin with `side` are sidecars."""
    inits = [{"name": c["name"], **({"restartPolicy": "Always"} if c["name"].startswith("side") else {})} for c in init]
    status = {"containerStatuses": list(main), "initContainerStatuses": list(init)} | more.pop("status", {})
    spec = {"containers": [{"name": c["name"]} for c in main] or [{"name": "main"}], "initContainers": inits}
    return row("pods", pod("p", status=status, spec=spec, **more))


_NOT_INITIALIZED: dict[str, Any] = {"conditions": [{"type": "Initialized", "status": "False"}], "phase": "Pending"}

CASES: list[tuple[str, Pod, tuple[str, int, int]]] = [
    ("running", _pod(main=(_container("a", _RUNNING, ready=True),)), ("Running", 1, 0)),
    (
        "crash loop",
        _pod(main=(_container("a", _waiting("CrashLoopBackOff"), restartCount=4),)),
        ("CrashLoopBackOff", 0, 4),
    ),
    ("image", _pod(main=(_container("a", _waiting("ImagePullBackOff")),)), ("ImagePullBackOff", 0, 0)),
    ("completed", _pod(main=(_container("a", _DONE),), status={"phase": "Succeeded"}), ("Completed", 0, 0)),
    ("error", _pod(main=(_container("a", _ended(reason="Error")),), status={"phase": "Failed"}), ("Error", 0, 0)),
    ("signal", _pod(main=(_container("a", _ended(signal=9)),)), ("Signal:9", 0, 0)),
    ("exit code", _pod(main=(_container("a", _ended(exitCode=3)),)), ("ExitCode:3", 0, 0)),
    (
        "one done, one runs, pod ready",
        _pod(main=(_container("a", _DONE), _container("b", _RUNNING, ready=True))),
        ("Running", 1, 0),
    ),
    (
        "one done, one runs, pod not ready",
        _pod(main=(_container("a", _DONE), _container("b", _RUNNING, ready=True)), ready=False),
        ("NotReady", 1, 0),
    ),
    (
        "first init container of two runs",
        _pod(init=(_container("i", _RUNNING), _container("j", _waiting("PodInitializing"))), status=_NOT_INITIALIZED),
        ("Init:0/2", 0, 0),
    ),
    (
        "second init container of two crashes",
        _pod(
            init=(_container("i", _DONE), _container("j", _waiting("CrashLoopBackOff"), restartCount=2)),
            status=_NOT_INITIALIZED,
        ),
        ("Init:CrashLoopBackOff", 0, 2),
    ),
    (
        "init error",
        _pod(init=(_container("i", _ended(reason="Error")),), status=_NOT_INITIALIZED),
        ("Init:Error", 0, 0),
    ),
    (
        "init code",
        _pod(init=(_container("i", _ended(exitCode=7)),), status=_NOT_INITIALIZED),
        ("Init:ExitCode:7", 0, 0),
    ),
    ("init signal", _pod(init=(_container("i", _ended(signal=6)),), status=_NOT_INITIALIZED), ("Init:Signal:6", 0, 0)),
    (
        "restarts of init containers no longer count when they are over",
        _pod(init=(_container("i", _DONE, restartCount=5),), main=(_container("a", _RUNNING, ready=True),)),
        ("Running", 1, 0),
    ),
    (
        "a sidecar counts as a container",
        _pod(
            init=(_container("side", _RUNNING, ready=True, started=True, restartCount=1),),
            main=(_container("a", _RUNNING, ready=True),),
        ),
        ("Running", 2, 1),
    ),
    (
        "terminating",
        _pod(main=(_container("a", _RUNNING, ready=True),), meta={"deletionTimestamp": "2023-11-14T22:00:00Z"}),
        ("Terminating", 1, 0),
    ),
    (
        "a finished pod is not terminating",
        _pod(
            main=(_container("a", _DONE),),
            status={"phase": "Succeeded"},
            meta={"deletionTimestamp": "2023-11-14T22:00:00Z"},
        ),
        ("Completed", 0, 0),
    ),
    (
        "unknown, when its node is lost",
        _pod(
            main=(_container("a", _RUNNING),),
            status={"reason": "NodeLost"},
            meta={"deletionTimestamp": "2023-11-14T22:00:00Z"},
        ),
        ("Unknown", 0, 0),
    ),
    ("evicted", _pod(status={"phase": "Failed", "reason": "Evicted"}), ("Evicted", 0, 0)),
    ("pending", _pod(status={"phase": "Pending", "conditions": []}), ("Pending", 0, 0)),
    (
        "gated",
        _pod(
            status={
                "phase": "Pending",
                "conditions": [{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}],
            }
        ),
        ("SchedulingGated", 0, 0),
    ),
]


@pytest.mark.parametrize(("made", "printed"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_status_ready_and_restarts(made: Pod, printed: tuple[str, int, int]) -> None:
    assert (made.status, made.state.ready, made.restarts) == printed


def test_the_last_end_of_a_container_is_kept_with_its_reason_and_time() -> None:
    last = {"terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": "2023-11-14T22:13:20Z"}}
    made = _pod(main=(_container("a", _RUNNING, ready=True, restartCount=2, lastState=last),))
    assert (made.state.last_reason, made.state.last_restart) == ("OOMKilled", 1_700_000_000.0)
    assert made.containers[0].last_exit == 137


def test_ready_is_counted_of_containers_and_sidecars() -> None:
    made = _pod(init=(_container("once", _DONE), _container("side", _RUNNING)), main=(_container("a", _RUNNING),))
    assert made.shape.total == 2
