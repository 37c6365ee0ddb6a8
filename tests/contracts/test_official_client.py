"""The official Python client, whose models refuse what does not have the promised form, reads both sides."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.contracts.served import Served

pytestmark = pytest.mark.asyncio(loop_scope="module")

LISTS = (
    ("CoreV1Api", "list_node"),
    ("CoreV1Api", "list_pod_for_all_namespaces"),
    ("CoreV1Api", "list_persistent_volume"),
    ("CoreV1Api", "list_persistent_volume_claim_for_all_namespaces"),
    ("CoreV1Api", "list_service_for_all_namespaces"),
    ("CoreV1Api", "list_secret_for_all_namespaces"),
    ("CoreV1Api", "list_event_for_all_namespaces"),
    ("AppsV1Api", "list_stateful_set_for_all_namespaces"),
    ("AppsV1Api", "list_deployment_for_all_namespaces"),
    ("AppsV1Api", "list_daemon_set_for_all_namespaces"),
    ("PolicyV1Api", "list_pod_disruption_budget_for_all_namespaces"),
    ("CoordinationV1Api", "list_lease_for_all_namespaces"),
    ("StorageV1Api", "list_storage_class"),
)


@pytest.mark.parametrize(("group", "method"), LISTS)
async def test_lists_have_the_promised_form(served: Served, group: str, method: str) -> None:
    found = await asyncio.to_thread(_list, str(served.kubeconfig), group, method)
    assert found or "event" in method
    assert all(item.metadata.name and item.metadata.uid for item in found)


def _list(kubeconfig: str, group: str, method: str) -> list[Any]:
    from kubernetes import client, config

    settings = client.Configuration()
    config.load_kube_config(  # pyright: ignore[reportUnknownMemberType]
        kubeconfig, client_configuration=settings, persist_config=False
    )
    api = client.ApiClient(settings)
    try:
        return list(getattr(getattr(client, group)(api), method)().items)
    finally:
        api.close()
