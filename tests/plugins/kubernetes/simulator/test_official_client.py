"""The client library of the Kubernetes project as an independent reader: it decodes every answer into its models."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest

from plugins.kubernetes.simulator.clock import stamp
from tests.plugins.kubernetes.simulator.conftest import Wire

T = TypeVar("T")


@pytest.fixture
def official(wire: Wire) -> Iterator[Any]:
    from kubernetes import client, config

    load: Any = config
    settings: Any = client.Configuration()
    load.load_kube_config(str(wire.simulator.kubeconfig), client_configuration=settings, persist_config=False)
    settings.proxy = None
    made: Any = client.ApiClient(settings)
    yield made
    made.rest_client.pool_manager.clear()
    made.close()


async def off(function: Callable[..., T], *args: Any, **more: Any) -> T:
    """Run a blocking call in a thread, so that the simulator can answer it."""
    return await asyncio.to_thread(function, *args, **more)


async def test_lists_become_models(wire: Wire, official: Any) -> None:
    from kubernetes import client

    core: Any = client.CoreV1Api(official)
    apps: Any = client.AppsV1Api(official)
    nodes = await off(core.list_node)
    assert [node.metadata.name for node in nodes.items][-1] == "node3"
    assert nodes.items[-1].status.allocatable["cpu"] == "3800m"
    pods = await off(core.list_pod_for_all_namespaces, limit=10)
    assert len(pods.items) == 10
    assert pods.metadata.remaining_item_count == 62
    for read in (
        core.list_persistent_volume,
        core.list_persistent_volume_claim_for_all_namespaces,
        core.list_event_for_all_namespaces,
        core.list_service_for_all_namespaces,
        core.list_secret_for_all_namespaces,
        core.list_endpoints_for_all_namespaces,
        apps.list_stateful_set_for_all_namespaces,
        apps.list_deployment_for_all_namespaces,
        apps.list_daemon_set_for_all_namespaces,
        apps.list_replica_set_for_all_namespaces,
        apps.list_controller_revision_for_all_namespaces,
        client.PolicyV1Api(official).list_pod_disruption_budget_for_all_namespaces,
        client.BatchV1Api(official).list_job_for_all_namespaces,
        client.CoordinationV1Api(official).list_lease_for_all_namespaces,
        client.DiscoveryV1Api(official).list_endpoint_slice_for_all_namespaces,
        client.StorageV1Api(official).list_storage_class,
        client.ApiextensionsV1Api(official).list_custom_resource_definition,
    ):
        listed: Any = await off(read)
        assert listed.kind.endswith("List")


async def test_an_eviction_by_model_and_its_refusal(wire: Wire, official: Any) -> None:
    from kubernetes import client

    core: Any = client.CoreV1Api(official)
    for number in (0, 1):
        body = client.V1Eviction(metadata=client.V1ObjectMeta(name=f"pulsar-proxy-{number}", namespace="pulsar"))
        call = off(core.create_namespaced_pod_eviction, f"pulsar-proxy-{number}", "pulsar", body)
        if number == 0:
            await call
        else:
            with pytest.raises(client.ApiException, match="429"):
                await call


async def test_watches_by_the_library(wire: Wire, official: Any) -> None:
    from kubernetes import client, watch

    library: Any = watch
    core: Any = client.CoreV1Api(official)

    def first_three() -> list[str]:
        stream: Any = library.Watch().stream(core.list_namespace)
        names: list[str] = []
        for event in stream:
            names.append(event["object"].metadata.name)
            if len(names) == 3:
                break
        stream.close()
        return names

    assert await off(first_three) == ["dapr-system", "default", "flink"]


async def test_exec_by_the_library(wire: Wire, official: Any) -> None:
    from kubernetes import client, stream

    core: Any = client.CoreV1Api(official)
    library: Any = stream

    def run() -> str:
        where = {"command": ["echo", "hello"], "stdout": True, "stderr": True, "stdin": False, "tty": False}
        call = core.connect_get_namespaced_pod_exec
        socket = library.stream(call, "my-cluster-kafka-0", "kafka", _preload_content=False, **where)
        socket.run_forever(timeout=10)
        said: str = socket.read_stdout()
        socket.sock.shutdown()  # its own close leaves the connection open once the server has said goodbye
        return said

    assert await off(run) == "hello\n"


async def test_a_new_token_is_signed_into_cluster_info_and_cleaned_when_it_expires(wire: Wire) -> None:
    token, secret = "abcdef", "0123456789abcdef"
    values = {"token-id": token, "token-secret": secret, "usage-bootstrap-signing": "true"}
    values["expiration"] = stamp(wire.clock.now() + 600)
    made = {
        "metadata": {"name": f"bootstrap-token-{token}"},
        "type": "bootstrap.kubernetes.io/token",
        "stringData": values,
    }
    await wire.http.post("/api/v1/namespaces/kube-system/secrets", json=made)
    wire.clock.advance(1)
    info = (await wire.get("/api/v1/namespaces/kube-public/configmaps/cluster-info"))["data"]
    head, middle, signature = info[f"jws-kubeconfig-{token}"].split(".")
    assert middle == ""
    padded = base64.urlsafe_b64decode(head + "=" * (-len(head) % 4))
    assert json.loads(padded) == {"alg": "HS256", "kid": token}
    content = base64.urlsafe_b64encode(info["kubeconfig"].encode()).rstrip(b"=")
    digest = hmac.new(secret.encode(), head.encode() + b"." + content, hashlib.sha256).digest()
    assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == signature
    wire.clock.advance(601)
    assert (await wire.http.get(f"/api/v1/namespaces/kube-system/secrets/bootstrap-token-{token}")).status_code == 404
    info = (await wire.get("/api/v1/namespaces/kube-public/configmaps/cluster-info"))["data"]
    assert sorted(info) == ["jws-kubeconfig-forevr", "jws-kubeconfig-labday", "kubeconfig"]


async def test_impersonation_is_for_those_who_may(wire: Wire) -> None:
    as_viewer = {"Impersonate-User": "viewer", "Impersonate-Group": "lab:viewers"}
    assert (await wire.http.get("/api/v1/pods", headers=as_viewer)).status_code == 200
    refused = await wire.http.get("/api/v1/nodes/node1", headers=as_viewer)
    assert refused.json()["message"] == (
        'nodes "node1" is forbidden: User "viewer" cannot get resource "nodes" in API group "" at the cluster scope'
    )
    who = await wire.http.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", json={}, headers=as_viewer)
    assert who.json()["status"]["userInfo"] == {"username": "viewer", "groups": ["lab:viewers", "system:authenticated"]}
    nobody = await wire.http.get(
        "/api/v1/namespaces/kube-public/configmaps/cluster-info", headers={"Authorization": ""}
    )
    assert nobody.status_code == 200
