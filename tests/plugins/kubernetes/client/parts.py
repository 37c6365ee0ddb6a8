"""Small things that the tests of the client share: contexts, a slim kind, a feed that remembers, objects and lists."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec

from console.clock import Clock
from plugins.kubernetes.client.api import Api
from plugins.kubernetes.client.connection import Manner
from plugins.kubernetes.client.kubeconfig import Cluster, Context, User
from plugins.kubernetes.config import Settings
from tests.clock import FakeClock

PATIENCE = 10.0  # seconds after which a test that waits for something fails


class Meta(msgspec.Struct, gc=False):
    name: str
    namespace: str = ""
    uid: str = ""


class Spec(msgspec.Struct, rename="camel", frozen=True, gc=False):
    node_name: str = ""


class Pod(msgspec.Struct, gc=False):
    metadata: Meta
    spec: Spec = Spec()


Row = tuple[str, str]  # key, node


def pod_row(pod: Pod) -> Row:
    return f"{pod.metadata.namespace}/{pod.metadata.name}", pod.spec.node_name


def row_key(row: Row) -> str:
    return row[0]


def pod(name: str, version: int = 1, node: str = "node1", namespace: str = "default") -> dict[str, Any]:
    meta = {"name": name, "namespace": namespace, "uid": f"uid-{name}", "resourceVersion": str(version)}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": meta,
        "spec": {"nodeName": node, "containers": [{"name": "c"}]},
    }


def pod_list(*items: object, version: int = 1, token: str = "") -> dict[str, Any]:
    return {
        "kind": "PodList",
        "apiVersion": "v1",
        "metadata": {"resourceVersion": str(version)} | ({"continue": token} if token else {}),
        "items": list(items),
    }


def bookmark(version: int, *, ended: bool = False) -> dict[str, Any]:
    notes = {"annotations": {"k8s.io/initial-events-end": "true"}} if ended else {}
    meta = {"resourceVersion": str(version), "creationTimestamp": None, **notes}
    return {"kind": "Pod", "apiVersion": "v1", "metadata": meta, "spec": {"containers": None}, "status": {}}


class MemoryFeed:
    """A feed as the kernel keeps it, with everything that was said to it."""

    def __init__(self) -> None:
        self.rows: dict[str, str] = {}
        self.calls: list[str] = []
        self.notes: list[str] = []
        self._seen: set[str] = set()
        self._told = asyncio.Event()

    def begin(self) -> None:
        self._seen = set()
        self._say("begin")

    def add(self, rows: Iterable[Row]) -> None:
        taken = dict(rows)
        self.rows |= taken
        self._seen |= set(taken)
        self._say(f"add {len(taken)}")

    def end(self) -> None:
        self.rows = {key: row for key, row in self.rows.items() if key in self._seen}
        self._say("end")

    def change(self, rows: Iterable[Row] = (), gone: Iterable[str] = ()) -> None:
        changed, lost = dict(rows), list(gone)
        self.rows |= changed
        for key in lost:
            self.rows.pop(key, None)
        self._say(f"change {len(changed)} gone {len(lost)}")

    def heard(self) -> None:
        self._say("heard")

    def note(self, text: str) -> None:
        self.notes.append(text)
        self._say("note")

    async def until(self, so: Callable[[], bool]) -> None:
        """Return when `so()` holds, which is looked at after everything that the feed is told."""
        async with asyncio.timeout(PATIENCE):
            while not so():
                self._told.clear()
                await self._told.wait()

    def _say(self, word: str) -> None:
        self.calls.append(word)
        self._told.set()


def context(url: str, user: User | None = None, **cluster: Any) -> Context:
    return Context("test", Cluster("test", url, **cluster), user or User("tester"), "default")


def manner(clock: Clock | None = None, **more: Any) -> Manner:
    return Manner(clock=clock or FakeClock(), environ={}, **more)


def api_for(url: str, clock: Clock | None = None, *, settings: Settings | None = None, **more: Any) -> Api:
    """An Api of a scripted server; streaming lists are off unless the test asks for them."""
    return Api(context(url), settings or Settings(streaming_lists="never"), manner(clock, **more))


def write(path: Path, text: str, mode: int = 0o600) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path
