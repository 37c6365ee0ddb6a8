"""Tenants, namespaces and their policies: made, deleted, set."""

from __future__ import annotations

import re

from console.errors import Conflict, Refused, ServerFault
from console.format import duration
from console.plugin import Act, Action, Ask, Effect
from plugins.pulsar.acts import policies, testing, topics
from plugins.pulsar.acts.asking import client_of, name, number
from plugins.pulsar.client.paths import part, space
from plugins.pulsar.model.rows import NamespaceRow, TenantRow

_SIZE = re.compile(r"(\d+)\s*([KMGT]?)i?B?", re.IGNORECASE)
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_POLICIES = ("producer_request_hold", "producer_exception", "consumer_backlog_eviction")
_KEPT = re.compile(r"(-?\d+)\s*(min|h|d)?")
_MINUTES = {None: 1, "min": 1, "h": 60, "d": 1440}


async def create_tenant(act: Act, _row: TenantRow) -> str:
    """A new tenant on all clusters, or those named; 409 where it exists."""
    client, tenant = client_of(act), name(act, "name")
    clusters = list(await client.admin.clusters())
    roles = [one.strip() for one in act.answers.get("roles", "").split(",") if one.strip()]
    body = {"adminRoles": roles, "allowedClusters": clusters}
    await client.admin.call("PUT", f"/admin/v2/tenants/{part(tenant)}", body=body)
    client.topics.forget()
    return f"tenant {tenant} made on {', '.join(clusters)}"


async def delete_tenant(act: Act, row: TenantRow) -> str:
    """The server refuses while it has namespaces."""
    client = client_of(act)
    try:
        await client.admin.call("DELETE", f"/admin/v2/tenants/{part(row.name)}")
    except ServerFault as error:
        if "NotEmpty" not in error.what:
            raise
        step = "try again in a moment"  # seen for seconds after the last of them was deleted
        raise Conflict("a namespace of it is still being deleted", where=row.name, next_step=step) from error
    client.admin.kept.forget(("tenant", row.name))
    client.topics.forget()
    return f"tenant {row.name} deleted"


async def create_namespace(act: Act, row: TenantRow | NamespaceRow) -> str:
    """A new namespace in the tenant; 409 where it exists."""
    client, made = client_of(act), name(act, "name")
    tenant = row.tenant if isinstance(row, NamespaceRow) else row.name
    bundles = number(act, "bundles", least=1, most=1024)
    body = {"bundles": {"numBundles": bundles}}
    await client.admin.call("PUT", f"/admin/v2/namespaces/{part(tenant)}/{made}", body=body)
    client.topics.forget()
    return f"namespace {tenant}/{made} made with {bundles} bundles"


async def delete_namespace(act: Act, row: NamespaceRow) -> str:
    """The server refuses while it has topics."""
    client = client_of(act)
    await client.admin.call("DELETE", f"/admin/v2/namespaces/{space(row.name)}", deadline=60.0)
    client.policies.forget(row.name)
    client.topics.forget()
    return f"namespace {row.name} deleted"


async def unload_namespace(act: Act, row: NamespaceRow) -> str:
    """Its bundles are given back, and taken again by the least loaded brokers; clients reconnect."""
    client = client_of(act)
    await client.admin.call("PUT", f"/admin/v2/namespaces/{space(row.name)}/unload", deadline=60.0)
    client.admin.kept.forget("brokers", "topics")
    return f"namespace {row.name} unloaded; the numbers of its topics come again within a minute"


async def set_retention(act: Act, row: NamespaceRow) -> str:
    """How long messages are kept that everybody acknowledged."""
    client = client_of(act)
    minutes, megabytes = _kept(act.answers.get("time", "")), number(act, "size", least=-1)
    body = {"retentionTimeInMinutes": minutes, "retentionSizeInMB": megabytes}
    await client.admin.call("POST", f"/admin/v2/namespaces/{space(row.name)}/retention", body=body)
    client.policies.forget(row.name)
    time = "for ever" if minutes < 0 else duration(60 * minutes)
    return f"{row.name} keeps acknowledged messages {time}, up to {'any size' if megabytes < 0 else f'{megabytes} MB'}"


async def set_ttl(act: Act, row: NamespaceRow) -> str:
    """After it, messages that nobody acknowledged are taken as acknowledged."""
    client, seconds = client_of(act), number(act, "seconds", least=0)
    await client.admin.call("POST", f"/admin/v2/namespaces/{space(row.name)}/messageTTL", body=seconds)
    client.policies.forget(row.name)
    return (
        f"{row.name}: messages expire after {duration(seconds)}" if seconds else f"{row.name}: messages do not expire"
    )


async def set_quota(act: Act, row: NamespaceRow) -> str:
    """How large a backlog may become, and what happens then."""
    client, size, policy = client_of(act), _size(act.answers.get("size", "")), act.answers.get("policy", _POLICIES[0])
    if policy not in _POLICIES:
        raise Refused(f"{policy!r} is no policy", next_step=f"one of {', '.join(_POLICIES)}")
    body = {"limit": size, "limitSize": size, "limitTime": -1, "policy": policy}  # before 2.8 it is `limit` alone
    await client.admin.call(
        "POST",
        f"/admin/v2/namespaces/{space(row.name)}/backlogQuota",
        params={"backlogQuotaType": "destination_storage"},
        body=body,
    )
    client.policies.forget(row.name)
    return f"{row.name}: backlog up to {size} bytes, then {policy}"


def _size(given: str) -> int:
    found = _SIZE.fullmatch(given.strip())
    if found is None:
        raise Refused(f"{given!r} is no size", next_step="for example 512Mi or 10G")
    return int(found[1]) * _UNITS[found[2].upper()]


def _kept(given: str) -> int:
    found = _KEPT.fullmatch(given.strip())
    if found is None:
        raise Refused(f"{given!r} is no time", next_step="minutes, or for example 12h or 7d; -1 is for ever")
    minutes = int(found[1])
    return -1 if minutes < 0 else minutes * _MINUTES[found[2]]


_NEW_NAMESPACE = (Ask("name", "Name of the namespace"), Ask("bundles", "How many bundles?", "4", number=True))

TENANT_ACTIONS: tuple[Action[TenantRow], ...] = (
    Action(
        "create-tenant",
        "create tenant",
        create_tenant,
        help="a new tenant on all clusters of this one",
        key="n",
        asks=lambda _row, _facts: (
            Ask("name", "Name of the tenant"),
            Ask("roles", "Roles that may administer it", help="with commas; may be empty"),
        ),
    ),
    Action(
        "create-namespace",
        "create namespace",
        create_namespace,
        help="a new namespace in this tenant",
        asks=lambda _row, _facts: _NEW_NAMESPACE,
    ),
    Action(
        "delete",
        "delete tenant",
        delete_tenant,
        help="only a tenant without namespaces can be deleted",
        key="ctrl+d",
        effect=Effect.DESTROY,
    ),
)

NAMESPACE_ACTIONS: tuple[Action[NamespaceRow], ...] = (
    Action(
        "create-topic",
        "create topic",
        topics.create,
        help="a topic in this namespace, with partitions or without",
        key="n",
        asks=lambda _row, _facts: topics.NEW_TOPIC,
    ),
    Action(
        "create-namespace",
        "create namespace",
        create_namespace,
        help="beside this one, in the same tenant",
        asks=lambda _row, _facts: _NEW_NAMESPACE,
    ),
    Action("unload", "unload", unload_namespace, help="its bundles move to the least loaded brokers", key="u"),
    Action(
        "retention",
        "set retention",
        set_retention,
        help="how long acknowledged messages are kept",
        asks=lambda _row, _facts: (
            Ask("time", "How long?", "1d", help="minutes, or 12h, 7d; -1 for ever; 0 not at all"),
            Ask("size", "Up to how many MB?", "-1", number=True, help="-1 any size"),
        ),
    ),
    Action(
        "ttl",
        "set message TTL",
        set_ttl,
        help="messages older than this are taken as acknowledged: they are lost to slow subscriptions",
        effect=Effect.DESTROY,
        asks=lambda _row, _facts: (Ask("seconds", "After how many seconds?", "0", number=True, help="0 never"),),
    ),
    Action(
        "quota",
        "set backlog quota",
        set_quota,
        help="how large a backlog may become, and what happens then (an eviction loses messages)",
        effect=Effect.DESTROY,
        asks=lambda _row, _facts: (
            Ask("size", "Up to which size?", "10G"),
            Ask("policy", "And then?", _POLICIES[0], choices=_POLICIES),
        ),
    ),
    *policies.ACTIONS,
    testing.ROUND_TRIP,
    Action(
        "delete",
        "delete namespace",
        delete_namespace,
        help="only a namespace without topics can be deleted",
        key="ctrl+d",
        effect=Effect.DESTROY,
    ),
)
