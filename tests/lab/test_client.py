"""The client against a real API server: what it reads is what kubectl reads, and what it writes is accepted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from console.errors import Expired, Forbidden, NotFound, SourceError, Unreachable
from console.http import HttpClient, Target
from plugins.kubernetes.client import writing
from plugins.kubernetes.client.api import Api
from plugins.kubernetes.client.channels import Exit, output_of
from plugins.kubernetes.client.connection import Manner
from plugins.kubernetes.client.evicting import Outcome
from plugins.kubernetes.client.kubeconfig import Overrides, load
from plugins.kubernetes.client.logs import LogRequest
from plugins.kubernetes.client.watching import follow
from tests.lab.inhabited import inhabited
from tests.lab.lab import Lab
from tests.plugins.kubernetes.client.parts import MemoryFeed, Pod, pod_row, row_key
from tests.plugins.kubernetes.client.server import Call, serve
from tests.proxy import proxy

pytestmark = pytest.mark.lab

PODS = "/api/v1/pods"
PATIENCE = 60.0


@asynccontextmanager
async def connected(kubeconfig: Path, **manner: Any) -> AsyncGenerator[Api]:
    context = load(Overrides((str(kubeconfig),)), {}).context()
    api = Api(context, manner=Manner(version="test", environ={}, **manner))
    try:
        yield api
    finally:
        await api.aclose()


@asynccontextmanager
async def running(work: Coroutine[Any, Any, None]) -> AsyncGenerator[asyncio.Task[None]]:
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def watching(api: Api, feed: MemoryFeed, **more: Any) -> Coroutine[Any, Any, None]:
    key = row_key
    return follow(api, PODS, item=Pod, row=pod_row, key=key, feed=feed, **more)


async def until(feed: MemoryFeed, so: Callable[[], bool]) -> None:
    """As MemoryFeed.until, with the patience that a real server needs."""
    async with asyncio.timeout(PATIENCE):
        while not so():
            with suppress(TimeoutError):
                await feed.until(so)


async def pods_of_kubectl(lab: Lab) -> dict[str, str]:
    answer = await asyncio.to_thread(lab.kubectl, "get", "pods", "-A", "-o", "json")
    items = json.loads(answer)["items"]
    return {
        f"{one['metadata']['namespace']}/{one['metadata']['name']}": one["spec"].get("nodeName", "") for one in items
    }


@pytest.mark.parametrize("streaming", ["never", "always"])
async def test_rows_are_what_kubectl_shows_and_stay_so(lab: Lab, streaming: str) -> None:
    async with connected(lab.kubeconfig) as api:
        feed = MemoryFeed()
        async with running(watching(api, feed, streaming=streaming)):
            await until(feed, lambda: "end" in feed.calls)
            assert feed.rows == await pods_of_kubectl(lab)
            image = "--image=registry.k8s.io/pause:3.9"
            await asyncio.to_thread(lab.kubectl, "run", "seen", image, "-n", "default", "--restart=Never")
            await until(feed, lambda: bool(feed.rows.get("default/seen")))
            assert feed.rows == await pods_of_kubectl(lab)
            await asyncio.to_thread(lab.kubectl, "delete", "pod", "seen", "-n", "default", "--now")
            await until(feed, lambda: "default/seen" not in feed.rows)
            assert feed.rows == await pods_of_kubectl(lab)
            assert feed.calls.count("begin") == 1
        assert (await api.streams_lists("always", "", again=False)) is True


async def test_the_api_server_goes_and_comes_and_the_watch_goes_on(lab: Lab) -> None:
    async with connected(lab.kubeconfig) as api:
        feed = MemoryFeed()
        async with running(watching(api, feed)) as task:
            await until(feed, lambda: "heard" in feed.calls)
            await asyncio.to_thread(lab.api_stop)
            async with asyncio.timeout(PATIENCE):
                await asyncio.wait({task})
            assert isinstance(task.exception(), Unreachable)
            assert feed.rows
        await asyncio.to_thread(lab.api_start)
        async with running(_again(api, feed)):
            before = len(feed.calls)
            await until(feed, lambda: "heard" in feed.calls[before:])
            assert feed.rows == await pods_of_kubectl(lab)


async def _again(api: Api, feed: MemoryFeed) -> None:
    """What the kernel's poller does, without its back-off."""
    while True:
        try:
            await watching(api, feed)
        except (SourceError, Expired):
            await asyncio.sleep(0.5)


async def test_a_server_that_hangs_is_noticed(lab: Lab) -> None:
    async with connected(lab.kubeconfig, watch_idle=1.0, request_timeout=1.0) as api:
        feed = MemoryFeed()
        async with running(watching(api, feed)) as task:
            await until(feed, lambda: "heard" in feed.calls)
            lab.api_freeze()
            async with asyncio.timeout(PATIENCE):
                await asyncio.wait({task})
            lab.api_thaw()
            assert isinstance(task.exception(), Unreachable)


async def test_missing_rights_are_named(lab: Lab) -> None:
    async with connected(lab.viewer_kubeconfig) as api:
        assert not (await api.whoami()).user.startswith("system:anonymous")
        with pytest.raises(Forbidden, match="no right to list nodes in the whole cluster"):
            await follow(api, "/api/v1/nodes", item=Pod, row=pod_row, key=row_key, feed=MemoryFeed())
        with pytest.raises(Forbidden, match="get and create"):
            await api.exec("pulsar", "pulsar-zookeeper-0", ["true"])


async def test_evictions_are_judged_as_the_server_means_them(lab: Lab) -> None:
    async with connected(lab.kubeconfig) as api:
        gone = await api.evict("pulsar", "pulsar-zookeeper-0", uid="another", dry_run=True)
        assert gone.outcome is Outcome.GONE
        assert (await api.evict("pulsar", "no-such-pod", dry_run=True)).outcome is Outcome.GONE
        assert (await api.evict("pulsar", "pulsar-zookeeper-0", dry_run=True)).outcome is Outcome.ACCEPTED


async def test_what_we_write_is_accepted(lab: Lab) -> None:
    strict = {"fieldValidation": "Strict", "dryRun": "All", "fieldManager": "pilothouse"}
    about = {"apiVersion": "v1", "kind": "Node", "name": "node1"}
    bodies: list[tuple[str, dict[str, Any]]] = [
        (
            "/apis/coordination.k8s.io/v1/namespaces/default/leases",
            writing.lease("default", "x", holder="me", duration=15, transitions=1, renewed=1_800_000_000.0),
        ),
        ("/api/v1/namespaces/default/configmaps", writing.config_map("default", "x", {"a": "ü"}, labels={"l": "v"})),
        ("/api/v1/namespaces", writing.namespace("pilothouse-x")),
        (
            "/apis/events.k8s.io/v1/namespaces/default/events",
            writing.event(about=about, reason="Cordoned", note="n" * 3000, at=1_800_000_000.0, instance="host"),
        ),
        (
            "/api/v1/namespaces/kube-system/secrets",
            writing.bootstrap_token("abcdef", "0123456789abcdef", expires=1_900_000_000.0, description="d"),
        ),
        (
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            writing.access_review("create", "pods", subresource="eviction", namespace="pulsar"),
        ),
    ]
    async with connected(lab.kubeconfig) as api:
        for path, body in bodies:
            content = msgspec.json.encode(body)
            headers = {"Content-Type": "application/json"}
            answer = json.loads(await api.raw("POST", path, params=strict, body=content, headers=headers))
            assert answer["kind"] == body["kind"], path
        node = await api.get("/api/v1/nodes/node1")
        version = node["metadata"]["resourceVersion"]
        taints = writing.taints_patch([{"key": "a", "value": "b", "effect": "NoSchedule"}], version=version)
        patched = await api.patch("/api/v1/nodes/node1", taints, dry_run=True)
        assert patched["spec"]["taints"] == [{"key": "a", "value": "b", "effect": "NoSchedule"}]
        cordon = writing.cordon_patch(unschedulable=True, annotations={"pilothouse/by": "me"})
        assert (await api.patch("/api/v1/nodes/node1", cordon, dry_run=True))["spec"]["unschedulable"] is True


async def test_kinds_tables_and_versions(lab: Lab) -> None:
    async with connected(lab.kubeconfig) as api:
        assert (await api.version()).at_least(1, 30)
        sets = await api.find("sts")
        assert sets is not None
        assert sets.full_name == "statefulsets.apps"
        table = await api.table(sets.path(namespace="pulsar"))
        assert [column.name for column in table.columns][:3] == ["Name", "Ready", "Age"]
        assert "pulsar-zookeeper" in {row.name for row in table.rows}


async def test_logs_are_lines(lab: Lab) -> None:
    async with connected(lab.kubeconfig) as api:
        wanted = LogRequest("pulsar", "pulsar-zookeeper-0", tail=3)
        lines = [line async for line in api.stream_logs(wanted)]
        assert len(lines) == 3
        expected = await asyncio.to_thread(lab.kubectl, "-n", "pulsar", "logs", "pulsar-zookeeper-0", "--tail=10")
        assert lines[0].decode() in expected.splitlines()
        with pytest.raises(NotFound):
            await anext(aiter(api.stream_logs(LogRequest("pulsar", "nobody"))))


async def test_a_played_pod_refuses_in_the_runtimes_words(lab: Lab) -> None:
    async with connected(lab.kubeconfig) as api:
        command = await api.exec("pulsar", "pulsar-zookeeper-0", ["true"])
        _, _, ended = await output_of(command)
        assert ended.code is None
        assert "no process stands behind this pod" in ended.message
        stream = await api.forward("pulsar", "pulsar-zookeeper-0", 2181)
        with pytest.raises(Unreachable, match="no process stands behind this pod"):
            await stream.read(1)
        await stream.close()


@pytest.fixture
def living(lab: Lab) -> Iterator[str]:
    with inhabited(lab) as pod:
        yield pod


async def test_http_reaches_a_pod_through_the_api_server(lab: Lab, living: str) -> None:
    async def pod(call: Call) -> None:
        await call.reply(b"x" * 300_000 if call.path == "/large" else {"path": call.path})

    async with serve(pod) as inside, connected(lab.kubeconfig) as api:
        port = inside.url.rpartition(":")[2]
        by_name = HttpClient(Target(f"http://{living}.pulsar-zookeeper.pulsar.svc.cluster.local:{port}", dial=api.dial))
        assert json.loads((await by_name.request("GET", "/ruok")).body) == {"path": "/ruok"}
        assert len((await by_name.request("GET", "/large")).body) == 300_000
        await by_name.aclose()
        address = (await api.get(f"/api/v1/namespaces/pulsar/pods/{living}"))["status"]["podIP"]
        by_address = HttpClient(Target(f"http://{address}:{port}", dial=api.dial))
        assert (await by_address.request("GET", "/a")).status == 200
        await by_address.aclose()
        nobody = HttpClient(Target(f"http://{address}:1", dial=api.dial))
        with pytest.raises(Unreachable, match=r"nothing listens on that port|nothing listens there"):
            await nobody.request("GET", "/")
        await nobody.aclose()


async def test_commands_give_their_code_take_input_and_have_a_terminal(lab: Lab, living: str) -> None:
    async with connected(lab.kubeconfig) as api:
        output = await output_of(await api.exec("pulsar", living, ["sh", "-c", "echo out; echo err >&2; exit 3"]))
        assert output[:2] == (b"out\n", b"err\n")
        assert output[2].code == 3
        counting = await api.exec("pulsar", living, ["wc", "-c"], stdin=True)
        await counting.write(b"x" * 100_000)
        await counting.end_input()
        counted, _, ended = await output_of(counting)
        assert (counted.strip(), ended) == (b"100000", Exit(0))
        terminal = await api.exec("pulsar", living, ["sh", "-c", "read x; stty size"], stdin=True, tty=True)
        await terminal.resize(132, 43)
        await terminal.write(b"\n")
        shown, _, ended = await output_of(terminal)
        assert b"43 132" in shown
        assert ended.code == 0


@pytest.mark.parametrize("kind", ["http", "socks5"])
async def test_requests_commands_and_forwards_go_through_a_proxy(
    lab: Lab, living: str, tmp_path: Path, kind: str
) -> None:
    async def pod(call: Call) -> None:
        await call.reply({"path": call.path})

    content = json.loads(lab.kubeconfig.read_text())
    file = tmp_path / "kubeconfig"
    async with serve(pod) as inside, proxy(kind) as way:
        content["clusters"][0]["cluster"]["proxy-url"] = way.url
        file.write_text(json.dumps(content))
        api = Api(load(Overrides((str(file),)), {}).context(), manner=Manner(version="test", environ={}))
        assert (await api.version()).at_least(1, 30)
        output = await output_of(await api.exec("pulsar", living, ["echo", "through"]))
        assert output == (b"through\n", b"", Exit(0))
        port = inside.url.rpartition(":")[2]
        host = f"{living}.pulsar-zookeeper.pulsar.svc.cluster.local"
        client = HttpClient(Target(f"http://{host}:{port}", dial=api.dial))
        assert json.loads((await client.request("GET", "/ruok")).body) == {"path": "/ruok"}
        await client.aclose()
        await api.aclose()
        assert len(way.asked) >= 3
        assert set(way.asked) == {f"127.0.0.1:{lab.place.port}"}
