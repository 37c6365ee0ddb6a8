"""A small operator as Strimzi's is to its users: its kinds on the API server, and a thread that looks after them.

It tells each resource that its newest wish was seen, but not while that is paused, and rolls pods that are marked, one
after the other, each when the one before is ready. Everything is the test's: kinds, resources and thread go with it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any, Self

from tests.lab.lab import Lab
from tests.lab.world.api import Api

Object = dict[str, Any]
GROUP, VERSION = "kafka.strimzi.io", "v1beta2"
KINDS = {"Kafka": "kafkas", "KafkaNodePool": "kafkanodepools", "KafkaTopic": "kafkatopics", "KafkaUser": "kafkausers"}
PAUSE, ROLL = "strimzi.io/pause-reconciliation", "strimzi.io/manual-rolling-update"
CLUSTER, SPACE = "my-cluster", "kafka"
MERGE = "application/merge-patch+json"
_SINCE = "2026-01-31T12:00:00Z"
_ROUND = 0.3
_OK = 300
_CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_PATIENCE = 240.0


def kind_of(kind: str) -> Object:
    """The definition of a kind, as little of it as the API server wants: any content, and a status of its own."""
    plural = KINDS[kind]
    free = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    names = {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "names": names,
            "scope": "Namespaced",
            "versions": [
                {
                    "name": VERSION,
                    "served": True,
                    "storage": True,
                    "subresources": {"status": {}},
                    "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": free, "status": free}}},
                }
            ],
        },
    }


def resource(kind: str, name: str, **spec: object) -> Object:
    """One resource of this cluster."""
    meta = {"name": name, "namespace": SPACE, "labels": {"strimzi.io/cluster": CLUSTER}}
    return {"apiVersion": f"{GROUP}/{VERSION}", "kind": kind, "metadata": meta, "spec": spec}


def path(kind: str, name: str = "") -> str:
    """Where resources of a kind live, or one of them."""
    return f"/apis/{GROUP}/{VERSION}/namespaces/{SPACE}/{KINDS[kind]}{f'/{name}' if name else ''}"


class Strimzi:
    """See the module; `with` it, everything stands. `rolled`: pods in the order in which they were ready again."""

    def __init__(self, lab: Lab, resources: list[Object], unready: Mapping[str, str]) -> None:
        self.rolled: list[str] = []
        self.trouble: list[BaseException] = []
        self._lab = lab
        self._resources = resources
        self._unready = unready
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._live, daemon=True)

    def __enter__(self) -> Self:
        try:
            with self._lab.api() as api:
                api.apply_all(kind_of(kind) for kind in KINDS)
                _until(lambda: all(_served(api, kind) for kind in KINDS), "kinds are not served")
                for one in self._resources:
                    status, said = api.call("POST", path(one["kind"]), one)
                    assert status < _OK, said
        except BaseException:
            self._remove()
            raise
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._remove()
        assert not self.trouble, self.trouble

    def _remove(self) -> None:
        """Kinds go with all that is of them; it is waited for, since the next test asks whether they are there."""
        with self._lab.api() as api:
            for plural in KINDS.values():
                api.call("DELETE", f"{_CRDS}/{plural}.{GROUP}")
            _until(lambda: not any(_served(api, kind) for kind in KINDS), "kinds do not go")

    # -- the operator

    def _live(self) -> None:
        """Until it is ended; what it could not do is the test's failure."""
        try:
            with self._lab.api() as api:
                while not self._ended.wait(_ROUND):
                    for kind in KINDS:
                        for one in api.items(path(kind)):
                            self._reconcile(api, kind, one)
                    self._roll(api)
        except BaseException as error:  # noqa: BLE001 - the thread has nobody else to tell
            self.trouble.append(error)

    def _reconcile(self, api: Api, kind: str, one: Object) -> None:
        meta, status = one["metadata"], one.get("status", {})
        paused = meta.get("annotations", {}).get(PAUSE) == "true"
        if paused or status.get("observedGeneration") == meta["generation"]:
            return
        why = self._unready.get(meta["name"])
        condition = {"type": "Ready", "status": "True", "lastTransitionTime": _SINCE}
        if why:
            condition |= {"type": "NotReady", "reason": "Refused", "message": why}
        told = {"observedGeneration": meta["generation"], "conditions": [condition]}
        api.call("PATCH", f"{path(kind, meta['name'])}/status", {"status": told}, kind=MERGE)

    def _roll(self, api: Api) -> None:
        """One pod at a time, to its end."""
        pods = api.items(f"/api/v1/namespaces/{SPACE}/pods?labelSelector=strimzi.io/cluster={CLUSTER}")
        marked = [pod["metadata"] for pod in pods if pod["metadata"].get("annotations", {}).get(ROLL) == "true"]
        for meta in sorted(marked, key=lambda meta: meta["name"])[:1]:
            pod = f"/api/v1/namespaces/{SPACE}/pods/{meta['name']}"
            api.call("DELETE", pod, {"preconditions": {"uid": meta["uid"]}})
            _until(lambda pod=pod, uid=meta["uid"]: _is_back(api, pod, uid), f"{meta['name']} does not come back")
            self.rolled.append(meta["name"])


def _served(api: Api, kind: str) -> bool:
    """Whether the server knows the kind; where it does not, it says so in plain words and not in JSON."""
    try:
        return api.call("GET", path(kind))[0] < _OK
    except ValueError:
        return False


def _is_back(api: Api, pod: str, uid: str) -> bool:
    """Another pod of that name, which is ready."""
    status, one = api.call("GET", pod)
    if status >= _OK or one["metadata"]["uid"] == uid:
        return False
    conditions = one.get("status", {}).get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def _until(is_so: Any, what: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not is_so():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)
