"""Found on the platform and reached through it: the sandbox's own, with its Secret, its pods and its addresses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from console.clock import SYSTEM_CLOCK
from console.errors import Forbidden, NotFound, SourceError
from console.plugin import Container, Instance, Reach, ServerSet
from console.simulating import Folder
from plugins.kubernetes.client import contexts
from plugins.kubernetes.config import Settings as Kubernetes
from plugins.kubernetes.offers.hosting import Hosting
from plugins.kubernetes.simulator import ManualClock, serve
from plugins.kubernetes.simulator.neighbours import Neighbours
from plugins.redis.client import connect
from plugins.redis.config import Settings
from plugins.redis.credentials import Login, charted
from plugins.redis.doctor import examine
from plugins.redis.finding import Charted, search
from plugins.redis.simulator import Simulator, sandbox
from tests.values import replace

REDIS, SENTINEL = Container("redis", "redis:5.0.3", (6379,)), Container("sentinel", "redis:5.0.3", (26379,))
EXPORTER = Container("redis-exporter", "oliver006/redis_exporter:v1", (9121,))


@dataclass
class Paper:
    """A platform of which only sets and Secrets are asked."""

    found: Sequence[ServerSet] = ()
    secrets: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict[str, Mapping[str, bytes]])
    refuses: SourceError | None = None

    async def sets(self) -> Sequence[ServerSet]:
        return self.found

    async def secret(self, namespace: str, name: str) -> Mapping[str, bytes]:
        if self.refuses is not None:
            raise self.refuses
        if name not in self.secrets:
            raise NotFound("not there")
        return self.secrets[name]


async def searched(*sets: ServerSet) -> list[Instance]:
    paper: Any = Paper(sets)
    return list(await search(Settings(), paper))


async def test_redis_ha_is_one_instance_with_its_secret() -> None:
    labels = {"app": "redis-ha", "release": "my-redis"}
    one = ServerSet(
        "kube-system", "my-redis-redis-ha-server", "StatefulSet", labels, containers=(REDIS, SENTINEL, EXPORTER)
    )
    [found] = await searched(one)
    assert str(found.id) == "redis:kube-system/my-redis"
    settings: Charted = found.settings
    assert [(part.servers, part.sentinels) for part in settings.parts] == [(True, True)]
    assert settings.secrets[0] == "my-redis-redis-ha"


async def test_bitnamis_sets_of_one_release_are_one_instance() -> None:
    labels = {"app.kubernetes.io/name": "redis", "app.kubernetes.io/instance": "cache"}
    own = Container("redis", "docker.io/bitnami/redis:7.2", (6379,))
    sets = [
        ServerSet("shop", f"cache-redis-{role}", "StatefulSet", labels, containers=(own,))
        for role in ("master", "replicas")
    ]
    [found] = await searched(*sets)
    assert str(found.id) == "redis:shop/cache"
    assert [(part.servers, part.sentinels) for part in found.settings.parts] == [(True, False), (True, False)]
    assert found.settings.secrets[0] == "cache-redis"


async def test_what_has_redis_in_its_name_and_is_none_is_left_alone() -> None:
    exporter = ServerSet("a", "exporter", "Deployment", {}, containers=(EXPORTER,))
    cache = ServerSet("a", "cache", "Deployment", {}, containers=(REDIS,))
    insight = ServerSet(
        "a", "insight", "StatefulSet", {}, containers=(Container("app", "redis/redisinsight", (6379,)),)
    )
    assert await searched(exporter, cache, insight) == []


async def test_passwords_of_the_charts() -> None:
    paper: Any = Paper(secrets={"my-redis-redis-ha": {"auth": b"one\n", "sentinel-password": b"two"}})
    logins = await charted(paper, "a", ["other", "my-redis-redis-ha"])
    assert (logins.server, logins.sentinel) == ((Login(password="one"),), (Login(password="two"),))
    assert logins.origin == "Secret a/my-redis-redis-ha"
    assert "one" not in repr(logins)
    bitnami: Any = Paper(secrets={"cache-redis": {"redis-password": b"three"}})
    logins = await charted(bitnami, "a", ["cache-redis"])
    assert logins.sentinel == (Login(), Login(password="three"))


async def test_a_secret_that_may_not_be_read_is_said() -> None:
    paper: Any = Paper(refuses=Forbidden("you may not get secrets"))
    with pytest.raises(Forbidden, match="may not get secrets"):
        await charted(paper, "a", ["my-redis-redis-ha"])


@dataclass(frozen=True, slots=True)
class Ground:
    hosting: Hosting
    redis: Simulator


@pytest.fixture
async def ground(tmp_path: Path) -> AsyncIterator[Ground]:
    platform = await serve(tmp_path, clock=ManualClock())
    folder = Folder(tmp_path)
    platform.world.neighbours = Neighbours(folder)
    redis = await sandbox(folder)
    instance = contexts.discover(Kubernetes(kubeconfig=(str(platform.kubeconfig),)))[0]
    api = contexts.connect(instance, Reach(SYSTEM_CLOCK, "0"))
    try:
        yield Ground(Hosting(api), redis)
    finally:
        await api.aclose()
        await redis.close()
        await platform.close()


async def test_the_sandboxs_group_is_found_reached_and_read(ground: Ground) -> None:
    [instance] = await search(Settings(), ground.hosting)
    patient = replace(instance, settings=replace(instance.settings, timeout=30.0))
    client = connect(patient, Reach(SYSTEM_CLOCK, "0", ground.hosting))
    try:
        rows = {row.name: row for row in await client.members()}
        assert sorted(rows) == [f"my-redis-redis-ha-server-{n}" for n in range(3)]
        assert [row.problem for row in rows.values()] == ["", "", ""]
        first = rows["my-redis-redis-ha-server-0"]
        assert (first.role, first.address, first.named_master) == ("master", "10.100.192.130:6379", True)
        assert first.seat.node
        assert first.seat.pod is not None
        [master] = await client.masters()
        assert (master.member, master.agree, master.node) == (first.name, 3, first.seat.node)
        lines = [check.text for check in await examine(client)]
        assert lines[0] == "found by its sets: 3 of 3 servers answer, 3 of 3 Sentinels"
        assert lines[1] == "Secret redis/my-redis-redis-ha"
        assert "invented" not in " ".join(lines)
    finally:
        await client.aclose()
