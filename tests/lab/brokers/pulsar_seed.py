"""Pulsar's test data, over its own HTTP API: tenants, namespaces, topics, subscriptions, and messages."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from tests.lab.world.place import LabError

Admin = Callable[[str, str, object], bytes]  # method, path, body
_AT_ONCE = 50  # messages in one request


def seed(admin: Admin, cluster: str, bookies: Sequence[str]) -> None:
    """Have all of it, once; `bookies` are their ids."""
    _spaces(admin, cluster)
    for n, bookie in enumerate(bookies):
        rack = {"rack": f"/rack-{n}", "hostname": bookie.partition(".")[0]}
        admin("POST", f"/admin/v2/bookies/racks-info/{bookie}?group=default", rack)
    affinity = {"bookkeeperAffinityGroupPrimary": "default", "bookkeeperAffinityGroupSecondary": ""}
    admin("POST", "/admin/v2/namespaces/logistics/fleet/persistence/bookieAffinity", affinity)
    admin("PUT", "/admin/v2/persistent/shop/orders/events/partitions", 4)
    for topic in ("shop/orders/audit", "shop/critical/payments", "logistics/fleet/positions"):
        admin("PUT", f"/admin/v2/persistent/{topic}", None)
    for topic, subscription in (
        ("shop/orders/events", "billing"),
        ("shop/orders/events", "shipping"),
        ("shop/orders/audit", "archiver"),
        ("shop/critical/payments", "ledger"),
    ):
        admin("PUT", f"/admin/v2/persistent/{topic}/subscription/{subscription}", None)
    for topic, count in (("shop/orders/events", 200), ("shop/orders/audit", 30), ("shop/critical/payments", 40)):
        _produce(admin, topic, count)
    # Shipping has read what there was, billing is behind by all of it.
    admin("POST", "/admin/v2/persistent/shop/orders/events/subscription/shipping/skip_all", None)


def _spaces(admin: Admin, cluster: str) -> None:
    for tenant, role in (("shop", "shop-admin"), ("logistics", "admin")):
        admin("PUT", f"/admin/v2/tenants/{tenant}", {"adminRoles": [role], "allowedClusters": [cluster]})
    for space in ("shop/orders", "shop/critical", "logistics/fleet"):
        policies = {"bundles": {"numBundles": 4}, "replication_clusters": [cluster]}
        admin("PUT", f"/admin/v2/namespaces/{space}", policies)
    # Needs every bookie: while one is away no new ledger can be opened.
    three = {"bookkeeperEnsemble": 3, "bookkeeperWriteQuorum": 3, "bookkeeperAckQuorum": 2}
    persistence = {**three, "managedLedgerMaxMarkDeleteRate": 1.0}
    admin("POST", "/admin/v2/namespaces/shop/critical/persistence", persistence)
    retention = {"retentionTimeInMinutes": 1440, "retentionSizeInMB": 100}
    admin("POST", "/admin/v2/namespaces/shop/orders/retention", retention)
    quota = {"limitSize": 10485760, "limitTime": -1, "policy": "producer_request_hold"}
    admin("POST", "/admin/v2/namespaces/shop/orders/backlogQuota?backlogQuotaType=destination_storage", quota)
    for space in ("shop/orders", "shop/critical"):
        admin("POST", f"/admin/v2/namespaces/{space}/permissions/shop-app", ["produce", "consume"])


def _produce(admin: Admin, topic: str, count: int) -> None:
    for start in range(0, count, _AT_ONCE):
        numbers = range(start, min(start + _AT_ONCE, count))
        messages = [{"key": f"order-{n}", "payload": f"order {n} of {topic}"} for n in numbers]
        body = {"producerName": f"lab-{start}", "messages": messages}
        answer = json.loads(admin("POST", f"/topics/persistent/{topic}", body))
        if wrong := [one for one in answer["messagePublishResults"] if one.get("errorCode")]:
            raise LabError(f"messages for {topic} are refused: {wrong[:2]}")
