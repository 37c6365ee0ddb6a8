"""A simulated Pulsar Manager: 200 also where it refuses, and 403 for a change that may be forged."""

from __future__ import annotations

import json

from plugins.pulsar.simulator.serving import Reply, Request
from plugins.pulsar.simulator.world import World

_FORGERY = "4cf1a2e0-invented"
_SESSION = "invented-session"


def answer(world: World, asked: Request) -> Reply:
    """One request to it."""
    path = "/".join(asked.parts[1:])
    if path == "csrf-token":
        return Reply(body=_FORGERY.encode(), kind="text/plain")
    meant = asked.headers.get("x-xsrf-token") == _FORGERY and f"XSRF-TOKEN={_FORGERY}" in asked.headers.get(
        "cookie", ""
    )
    if asked.method != "GET" and not meant:
        return Reply(403, b'{"message":"Forbidden"}')
    if path == "users/superuser":
        return _superuser(world, json.loads(asked.body))
    if path == "login":
        return _login(world, json.loads(asked.body))
    if asked.headers.get("token") != _SESSION or asked.headers.get("username") not in world.administrators:
        return Reply(401, b'{"message":"Please login."}')
    if path == "environments":
        return _said({"total": len(world.environments), "data": world.environments})
    world.environments.append(json.loads(asked.body))
    return _said({"message": "Add environment success"})


def _superuser(world: World, wanted: dict[str, str]) -> Reply:
    if world.administrators:
        return _said({"error": "Super user role is exist, this interface is no longer available"})
    world.administrators[wanted["name"]] = wanted["password"]
    return _said({"message": "Add super user success, please login"})


def _login(world: World, given: dict[str, str]) -> Reply:
    if world.administrators.get(given["username"]) != given["password"]:
        return _said({"error": "The user is not exist or the password is wrong"})
    headers = {"token": _SESSION, "username": given["username"], "Set-Cookie": "JSESSIONID=A1B2; Path=/; HttpOnly"}
    return Reply(200, b'{"login":"success"}', headers)


def _said(value: object) -> Reply:
    return Reply(200, json.dumps(value).encode())
