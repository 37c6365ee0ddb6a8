"""The admin REST API of a simulated broker, as real ones answer: their status codes, texts and redirections."""

from __future__ import annotations

import json
from typing import Any

from plugins.pulsar.simulator import functions
from plugins.pulsar.simulator.pages import load_report, topic_page
from plugins.pulsar.simulator.serving import Reply, Request
from plugins.pulsar.simulator.topics import topic
from plugins.pulsar.simulator.world import BUNDLES, World

NO_TOKEN = (
    b"<html><head><title>Error 401 Authentication required</title></head>"
    b"<body><h2>HTTP ERROR 401 Authentication required</h2></body></html>"
)
_KEYS = {
    "retention": "retention_policies",
    "messageTTL": "message_ttl_in_seconds",
    "backlogQuota": "backlog_quota_map",
    "persistence": "persistence",
}


def said(value: Any, status: int = 200) -> Reply:
    """JSON."""
    return Reply(status, json.dumps(value).encode())


def refused(status: int, reason: str) -> Reply:
    """An error in the REST layer's form."""
    return said({"reason": reason}, status)


def answer(world: World, asked: Request) -> Reply:
    """One request to a broker. 401 is a page without a known token, and JSON where the role lacks the right."""
    if asked.parts == ("admin", "v2", "brokers", "ready"):
        return Reply(body=b"ok", kind="text/plain")
    role = world.tokens.get(asked.token, "")
    if world.tokens and not role:
        return Reply(401, NO_TOKEN, kind="text/html;charset=iso-8859-1")
    if world.tokens and role not in world.superusers and asked.parts[2:3] != ("persistent",):
        return refused(401, f"Unauthorized to validateSuperUserAccess for clientAppId [{role}]")
    first, rest = asked.parts[2], asked.parts[3:]
    if first in {"persistent", "non-persistent"}:
        return topic(world, asked, first, rest)
    return _FAMILIES.get(first, _unknown)(world, asked, rest)


def _unknown(_world: World, _asked: Request, _rest: tuple[str, ...]) -> Reply:
    return Reply(404, b"<html><title>Error 404 Not Found</title></html>", kind="text/html")


def _brokers(world: World, asked: Request, rest: tuple[str, ...]) -> Reply:
    addresses = [world.addresses[one] for one in world.running]
    if rest in {(), (world.cluster,)}:
        return said(addresses)
    if rest == ("leaderBroker",):
        leader = world.addresses[world.running[-1]]
        return said({"serviceUrl": f"http://{leader}", "brokerId": leader})
    if rest == ("health",):
        return Reply(body=b"ok", kind="text/plain")
    return _unknown(world, asked, rest)


def _stats(world: World, asked: Request, rest: tuple[str, ...]) -> Reply:
    if rest == ("topics",):
        return said(topic_page(world, asked.member))
    return said(load_report(world, asked.member))


def _tenants(world: World, asked: Request, rest: tuple[str, ...]) -> Reply:
    if not rest:
        return said(sorted(world.tenants))
    name = rest[0]
    if asked.method == "PUT":
        if name in world.tenants:
            return refused(409, "Tenant already exist")
        world.tenants[name] = json.loads(asked.body)
        return Reply(204)
    if name not in world.tenants:
        return refused(404, "Tenant does not exist")
    if asked.method == "DELETE":
        if any(space.startswith(f"{name}/") for space in world.namespaces):
            return refused(409, "The tenant still has active namespaces")
        del world.tenants[name]
        return Reply(204)
    return said(world.tenants[name])


def _namespaces(world: World, asked: Request, rest: tuple[str, ...]) -> Reply:
    if rest[0] not in world.tenants:
        return refused(404, "Tenant does not exist")
    if len(rest) == 1:
        return said(sorted(one for one in world.namespaces if one.startswith(f"{rest[0]}/")))
    name, more = f"{rest[0]}/{rest[1]}", rest[2:]
    if asked.method == "PUT" and not more:
        if name in world.namespaces:
            return refused(409, "Namespace already exists")
        world.namespaces[name] = {}
        return Reply(204)
    if name not in world.namespaces:
        return refused(404, "Namespace does not exist")
    if more:
        return _of_namespace(world, asked, name, more)
    if asked.method == "DELETE":
        return _deleted(world, name)
    boundaries = [BUNDLES[0][:10], *(one.partition("_")[2] for one in BUNDLES)]
    fixed = {"bundles": {"boundaries": boundaries, "numBundles": len(BUNDLES)}}
    return said({"replication_clusters": [world.cluster], "backlog_quota_map": {}, **fixed, **world.namespaces[name]})


def _deleted(world: World, name: str) -> Reply:
    if any(one.partition("://")[2].startswith(f"{name}/") for one in world.topics):
        return refused(409, "Cannot delete non empty namespace")
    del world.namespaces[name]
    return Reply(204)


def _of_namespace(world: World, asked: Request, name: str, more: tuple[str, ...]) -> Reply:
    if more[-1] == "unload":
        bundles = [f"{name}/{one}" for one in (BUNDLES if len(more) == 1 else (more[0],))]
        if any(one.rpartition("/")[2] not in BUNDLES for one in bundles):
            return refused(412, f"Failed to validate namespace bundle {more[0]}")
        for bundle in bundles:
            world.move(bundle)
        return Reply(204)
    if more[-1] == "split":
        return Reply(204) if more[0] in BUNDLES else refused(412, f"Failed to validate namespace bundle {more[0]}")
    if asked.method == "POST" and more[0] in _KEYS:
        value = json.loads(asked.body)
        world.namespaces[name][_KEYS[more[0]]] = (
            {asked.query["backlogQuotaType"]: value} if more[0] == "backlogQuota" else value
        )
        return Reply(204)
    return _unknown(world, asked, more)


def _bookies(world: World, _asked: Request, rest: tuple[str, ...]) -> Reply:
    """`all` names those that are away, too."""
    if rest == ("all",):
        return said({"bookies": [{"bookieId": one.id} for one in world.bookies.values()]})
    return said({"default": {one.id: {"rack": one.rack, "hostname": ""} for one in world.bookies.values() if one.rack}})


def _clusters(world: World, asked: Request, rest: tuple[str, ...]) -> Reply:
    if not rest:
        return said([world.cluster])
    if asked.method == "GET":
        found = said(world.isolation)
        return found if world.isolation else refused(404, "NamespaceIsolationPolicies for cluster does not exist")
    if asked.method == "DELETE":
        world.isolation.pop(rest[2])
    else:
        world.isolation[rest[2]] = json.loads(asked.body)
    return Reply(204)


_FAMILIES = {
    "clusters": _clusters,
    "brokers": _brokers,
    "broker-stats": _stats,
    "tenants": _tenants,
    "namespaces": _namespaces,
    "bookies": _bookies,
    "worker": functions.answer,
    "worker-stats": functions.answer,
    "functions": functions.answer,
    "sinks": functions.answer,
    "sources": functions.answer,
}
