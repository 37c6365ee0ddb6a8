"""The dialer: in-cluster names and addresses lead to the right pod and port, and never to DNS."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from console.errors import Forbidden, NotFound, Unreachable
from console.http import HttpClient, Target
from plugins.kubernetes.client.api import Api
from plugins.kubernetes.client.dialer import Dialer, holds
from plugins.kubernetes.client.places import Name, Place, Places, parse_host
from plugins.kubernetes.config import Settings
from tests.clock import FakeClock
from tests.plugins.kubernetes.client.kubelet import Body, Kubelet, Socket, kubelet
from tests.plugins.kubernetes.client.parts import api_for, context, manner
from tests.plugins.kubernetes.client.server import Call, serve, status_object
from tests.plugins.kubernetes.client.test_channels import answer_http


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("kafka-0.brokers.kafka.svc.cluster.local", Name("kafka", "brokers", "kafka-0")),
        ("Kafka-0.brokers.kafka.svc.", Name("kafka", "brokers", "kafka-0")),
        ("kafka-0.brokers.kafka", Name("kafka", "brokers", "kafka-0")),
        ("brokers.kafka.svc", Name("kafka", "brokers")),
        ("brokers.kafka", Name("kafka", "brokers")),
        ("brokers", Name("home", "brokers")),
        ("pod-0.svc.ns.svc.corp.test", Name("ns", "svc", "pod-0")),
    ],
)
def test_names_inside_a_cluster(host: str, expected: Name) -> None:
    assert parse_host(host, "home") == expected


@pytest.mark.parametrize("host", ["", "a.b.c.d", "www.example.test.com", "a.b.c.d.svc"])
def test_names_that_are_not_inside(host: str) -> None:
    with pytest.raises(NotFound, match="no name inside the cluster"):
        parse_host(host, "home")


def endpoint(pod: str, address: str, *, ready: bool = True, hostname: str = "") -> dict[str, Any]:
    more = {"hostname": hostname} if hostname else {}
    return {
        "addresses": [address],
        "conditions": {"ready": ready},
        "targetRef": {"kind": "Pod", "name": pod},
        **more,
    }


def listed(kind: str, *items: dict[str, Any]) -> dict[str, Any]:
    return {"kind": kind, "metadata": {"resourceVersion": "1"}, "items": list(items)}


SERVICE = {"metadata": {"name": "rabbit", "namespace": "mq"}, "spec": {"ports": [{"name": "http", "port": 80}]}}
POD = {"metadata": {"name": "rabbit-0", "namespace": "mq"}, "status": {"podIP": "10.1.0.1", "phase": "Running"}}
BEHIND = {
    "endpoints": [endpoint("rabbit-0", "10.1.0.1", ready=False), endpoint("rabbit-1", "10.1.0.2")],
    "ports": [{"name": "http", "port": 15672}, {"name": "amqp", "port": 5672}],
}
SLICES = "/apis/discovery.k8s.io/v1/namespaces/mq/endpointslices"
# Pods rabbit-0 and rabbit-1 behind the services rabbit (80 -> 15672) and rabbit-set (headless), by path and selector.
CLUSTER: dict[tuple[str, str], dict[str, Any]] = {
    (SLICES, "kubernetes.io/service-name=rabbit"): listed("EndpointSliceList", BEHIND),
    (SLICES, "kubernetes.io/service-name=members"): listed(
        "EndpointSliceList", {"endpoints": [endpoint("odd-name", "10.1.0.9", hostname="member-7")]}
    ),
    (SLICES, "kubernetes.io/service-name=empty"): listed("EndpointSliceList", {"endpoints": None}),
    (SLICES, "kubernetes.io/service-name=nobody"): listed("EndpointSliceList"),
    ("/api/v1/namespaces/mq/services/rabbit", ""): SERVICE,
    ("/api/v1/namespaces/mq/pods/rabbit-0", ""): POD,
    ("/api/v1/pods", "status.podIP=10.1.0.1"): listed("PodList", POD),
    ("/api/v1/services", "spec.clusterIP=10.96.0.5"): listed("ServiceList", SERVICE),
}


def cluster(path: str, query: dict[str, str]) -> Body | None:
    found = CLUSTER.get((path, query.get("labelSelector") or query.get("fieldSelector") or ""))
    return listed("List") if found is None and "fieldSelector" in query else found


async def script(call: Call) -> None:
    page = cluster(call.path, call.query)
    if page is None:
        await call.refuse(404, f"there is no {call.path}")
    else:
        await call.reply(page)


@pytest.mark.parametrize(
    ("host", "port", "expected"),
    [
        ("rabbit-0.rabbit-set.mq.svc", 5672, Place("mq", "rabbit-0", 5672)),
        ("rabbit.mq.svc.cluster.local", 80, Place("mq", "rabbit-1", 15672, "10.1.0.2")),
        ("rabbit.mq", 9999, Place("mq", "rabbit-1", 9999, "10.1.0.2")),
        ("member-7.members.mq.svc", 1, Place("mq", "odd-name", 1, "10.1.0.9")),
        ("10.1.0.1", 5672, Place("mq", "rabbit-0", 5672, "10.1.0.1")),
        ("10.96.0.5", 80, Place("mq", "rabbit-1", 15672, "10.1.0.2")),
    ],
)
async def test_where_a_name_leads(host: str, port: int, expected: Place) -> None:
    async with serve(script) as server:
        api = api_for(server.url)
        assert await Places(api).find(host, port) == expected
        await api.aclose()


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("nobody.mq.svc", "service mq/nobody: there is no such service"),
        ("empty.mq.svc", "service mq/empty: it has no pods behind it"),
        ("10.9.9.9", r"no pod and no service has the address 10\.9\.9\.9"),
    ],
)
async def test_a_name_that_leads_nowhere(host: str, words: str) -> None:
    async with serve(script) as server:
        api = api_for(server.url)
        with pytest.raises(NotFound, match=words):
            await Places(api).find(host, 1)
        await api.aclose()


async def test_what_was_found_is_kept_for_a_while(clock: FakeClock) -> None:
    async with serve(script) as server:
        api = api_for(server.url, clock)
        places = Places(api)
        for _ in range(3):
            await places.find("rabbit-0.x.mq.svc", 1)
        assert len(server.calls) == 1
        await clock.advance(11)
        await places.find("rabbit-0.x.mq.svc", 1)
        assert len(server.calls) == 2
        places.forget("rabbit-0.x.mq.svc", 1)
        await places.find("rabbit-0.x.mq.svc", 1)
        assert len(server.calls) == 3
        await api.aclose()


async def request(api: Api, url: str) -> bytes:
    client = HttpClient(Target(url, dial=api.dial))
    try:
        return (await client.request("GET", "/")).body
    finally:
        await client.aclose()


def forwarded(far: Kubelet) -> list[tuple[str, str]]:
    return [(socket.path.split("/")[6], dict(socket.query)["ports"]) for socket in far.sockets]


async def test_http_to_a_service_goes_through_the_api_server() -> None:
    def pages(path: str, query: dict[str, str]) -> Body | tuple[int, Body] | None:
        return (403, status_object(403, "no nodes for you")) if path == "/api/v1/nodes" else cluster(path, query)

    async def far_end(socket: Socket) -> None:
        await answer_http(socket, b"I am a broker")

    async with kubelet(far_end, protocols=("v4.channel.k8s.io",), pages=pages) as far:
        api = api_for(far.url)
        assert await request(api, "http://rabbit.mq.svc:80") == b"I am a broker"
        assert forwarded(far) == [("rabbit-1", "15672")]
        await api.aclose()


async def test_the_settings_may_allow_to_go_directly() -> None:
    async def pod(call: Call) -> None:
        await call.reply({"who": "the pod itself"})

    async with serve(pod) as far:
        port = int(far.url.rpartition(":")[2])

        async def answers(call: Call) -> None:
            if call.path == "/api/v1/pods":
                there = {"metadata": {"name": "p", "namespace": "n"}, "status": {"podIP": "127.0.0.1"}}
                await call.reply(listed("PodList", there))
            else:
                await call.refuse(404, "not here")

        async with serve(answers) as server:
            api = api_for(server.url, settings=Settings(direct=True))
            assert json.loads(await request(api, f"http://127.0.0.1:{port}")) == {"who": "the pod itself"}
            with pytest.raises(Unreachable, match="nothing listens there"):
                await api.dial("127.0.0.1", 1)
            await api.aclose()


@pytest.mark.parametrize(
    ("addresses", "direct"),
    [
        ([("InternalIP", "192.0.2.77")], False),
        ([("Hostname", "here"), ("InternalIP", "198.51.100.3")], False),
        ([("InternalIP", "127.0.0.1")], False),
        ([], False),
    ],
)
async def test_a_host_that_is_no_node_never_goes_directly(addresses: list[tuple[str, str]], direct: bool) -> None:  # noqa: FBT001
    async def answers(call: Call) -> None:
        told = [{"type": kind, "address": address} for kind, address in addresses]
        await call.reply(listed("NodeList", {"status": {"addresses": told}}))

    async with serve(answers) as server:
        api = api_for(server.url)
        dialer = Dialer(api)
        assert await dialer.goes_directly() is direct
        await dialer.goes_directly()
        assert len(server.calls) == 1
        await api.aclose()


def test_loopback_proves_nothing() -> None:
    assert not holds("127.0.0.1")
    assert not holds("::1")
    assert not holds("no address")


async def test_a_missing_right_is_told_by_the_dialer() -> None:
    async def answers(call: Call) -> None:
        await call.refuse(403, 'User "eve" cannot get resource "pods" in API group "" in the namespace "mq"')

    async with serve(answers) as server:
        api = Api(context(server.url), manner=manner())
        async with asyncio.timeout(10):
            with pytest.raises(Forbidden, match="no right to get pods in namespace mq"):
                await api.dial("rabbit-0.x.mq.svc", 5672)
        await api.aclose()
