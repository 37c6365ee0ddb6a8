"""A bench for steps: rows by hand, an API that answers from a table and remembers what it was asked."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from console.errors import NotFound
from console.model import NodeName
from console.plugin import Json, Target
from console.workflow.steps import Ctx, Step
from plugins.kubernetes.client.evicting import Eviction, Outcome
from plugins.kubernetes.maintenance import HOOKS
from plugins.kubernetes.model.wire import epoch
from tests.plugins.kubernetes.rows import World
from tests.values import replace

NOW = 1_700_000_000.0


@dataclass
class Server:
    """What maintenance uses of the client."""

    objects: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    answer: Eviction = field(default_factory=lambda: Eviction(Outcome.ACCEPTED))
    evictions: list[tuple[str, str, str, int | None]] = field(default_factory=list[tuple[str, str, str, int | None]])
    patches: list[tuple[str, dict[str, Any]]] = field(default_factory=list[tuple[str, dict[str, Any]]])
    deletions: list[tuple[str, str, int | None]] = field(default_factory=list[tuple[str, str, int | None]])

    async def get(self, path: str) -> dict[str, Any]:
        if path not in self.objects:
            raise NotFound("not there", where=path)
        return copy.deepcopy(self.objects[path])

    async def evict(self, namespace: str, pod: str, *, uid: str, grace: int | None) -> Eviction:
        self.evictions.append((namespace, pod, uid, grace))
        return self.answer

    async def delete(self, path: str, *, uid: str, grace: int | None) -> dict[str, Any]:
        self.deletions.append((path, uid, grace))
        return {}

    async def patch(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        self.patches.append((path, body))
        return {}

    def has(self, path: str, thing: dict[str, Any]) -> None:
        self.objects[path] = thing


def steps(world: World, *nodes: str, run: str = "drain", **options: Json) -> list[Step]:
    return list(HOOKS.steps(world.facts, target(*nodes, run=run, **options)))


def target(*nodes: str, run: str = "drain", **options: Json) -> Target:
    named = {key.replace("_", "-"): value for key, value in options.items()}
    return Target(run, tuple(NodeName(node) for node in nodes or ("n1",)), named)


def ctx(world: World, server: Server, step: Step, **more: Any) -> Ctx:
    memory: Mapping[str, Json] = more.pop("memory", {})
    made = Ctx(step, "d-1", target(), server, world.facts, NOW, "anna (admin)", "disk", {"": memory})
    return replace(made, **more)


def kind(step: Step) -> Any:
    return HOOKS.kinds[step.kind]


def deleted(seconds_from_now: float) -> str:
    import datetime

    moment = datetime.datetime.fromtimestamp(NOW + seconds_from_now, tz=datetime.UTC)
    assert epoch(moment) == NOW + seconds_from_now
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
