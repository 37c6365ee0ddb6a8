"""Both sides of every contract: `served` is the simulated API in a plain run, and the real one with `-m lab`."""

from __future__ import annotations

import asyncio
import secrets
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from plugins.kubernetes.simulator import ManualClock, serve
from plugins.kubernetes.simulator.access import VIEWER, view_of
from tests.contracts.served import Served
from tests.lab.lab import Lab
from tests.lab.world.credentials import VIEWER_TOKEN
from tests.values import replace


@pytest_asyncio.fixture(
    params=["simulator", pytest.param("lab", marks=pytest.mark.lab)], scope="module", loop_scope="module"
)
async def api(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Served]:
    """One API a module, with the reference topology."""
    real = request.param == "lab"
    folder = tmp_path_factory.mktemp("simulator")
    async with _real(request.getfixturevalue("running_lab")) if real else _simulated(folder) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def served(api: Served) -> AsyncGenerator[Served]:
    """The API with a namespace of the test's own."""
    own = replace(api, namespace=f"contract-{secrets.token_hex(3)}")
    await own.make("/api/v1/namespaces", {"metadata": {"name": own.namespace}})
    if own.real:
        await own.until(lambda: _furnished(own))
    yield own
    await own.http.delete(f"/api/v1/namespaces/{own.namespace}")


async def _furnished(served: Served) -> dict[str, bool] | None:
    """What controllers put into every new namespace is there, so that no watch sees it come."""
    wanted = (f"{served.space}/configmaps/kube-root-ca.crt", f"{served.space}/serviceaccounts/default")
    answers = [await served.http.get(path) for path in wanted]
    return {"furnished": True} if all(answer.status_code == 200 for answer in answers) else None


@asynccontextmanager
async def _simulated(folder: Path) -> AsyncGenerator[Served]:
    clock = ManualClock()
    simulator = await serve(folder, clock=clock)

    async def pass_time() -> None:
        clock.advance(0.5)
        await asyncio.sleep(0)

    async def forget() -> None:
        simulator.world.store.forget_history()

    simulator.rights.rules[VIEWER.groups[0]] = view_of("kafka", "redis")
    viewer = simulator.rights.token_for(VIEWER)
    async with _client(simulator.url, simulator.token) as http, _client(simulator.url, viewer) as weak:
        yield Served(http, weak, simulator.kubeconfig, "", pass_time, forget, real=False)
    await simulator.close()
    assert simulator.world.unexpected == []


@asynccontextmanager
async def _real(lab: Lab) -> AsyncGenerator[Served]:
    pki = lab.place.pki
    trust = ssl.create_default_context(cafile=str(pki / "ca.crt"))
    admin = ssl.create_default_context(cafile=str(pki / "ca.crt"))
    admin.load_cert_chain(pki / "admin.crt", pki / "admin.key")

    async def pass_time() -> None:
        await asyncio.sleep(0.05)

    async def forget() -> None:
        """Compact etcd, and have the API server begin with a new cache."""
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{lab.place.port + 1}", trust_env=False) as etcd:
            answer = await etcd.post("/v3/kv/range", json={"key": "YQ=="})
            answer = await etcd.post("/v3/kv/compaction", json={"revision": answer.json()["header"]["revision"]})
            assert answer.status_code == 200, answer.text
        await asyncio.to_thread(lab.api_stop)
        await asyncio.to_thread(lab.api_start)

    async with (
        _client(lab.place.server, "", admin) as http,
        _client(lab.place.server, VIEWER_TOKEN, trust) as weak,
    ):
        yield Served(http, weak, lab.kubeconfig, "", pass_time, forget, real=True)


def _client(url: str, token: str, trust: ssl.SSLContext | bool = True) -> httpx.AsyncClient:  # noqa: FBT001, FBT002
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.AsyncClient(base_url=url, headers=headers, verify=trust, trust_env=False, timeout=30)
