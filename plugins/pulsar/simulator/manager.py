"""A simulated Pulsar Manager: 200 also where it refuses, 403 for a change that may be forged, 401 without a login.

In the words of its own source. A login counts for its session alone, which a cookie names. Lists have pages.
"""

from __future__ import annotations

import json
import re
from urllib.parse import urlsplit

from plugins.pulsar.simulator.serving import Reply, Request
from plugins.pulsar.simulator.world import World

NOWHERE = "nowhere"
"""A host that it cannot reach."""
_FORGERY = "4cf1a2e0-1b5e-4c0f-9a55-invented"
_TOKEN = "eyJ.invented"  # noqa: S105 - nobody's
_SESSION = "A1B2C3"
_PAGE = "10"
_USER = re.compile(r"[A-Za-z0-9_]+")
_MAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_SHORTEST = 6


def answer(world: World, asked: Request) -> Reply:
    """One request to it."""
    path = "/".join(asked.parts[1:])
    cookies = _cookies(asked)
    if path == "csrf-token":
        told = {"X-Csrf-Token": _FORGERY, "Set-Cookie": f"XSRF-TOKEN={_FORGERY}; Path=/"}
        return Reply(body=_FORGERY.encode(), headers=told, kind="text/plain;charset=UTF-8")
    meant = asked.headers.get("x-xsrf-token") == cookies.get("XSRF-TOKEN") == _FORGERY
    if asked.method != "GET" and not meant:
        told = {"status": 403, "error": "Forbidden", "message": "Forbidden", "path": f"/pulsar-manager/{path}"}
        return Reply(403, json.dumps(told).encode())
    if path == "users/superuser":
        return _superuser(world, json.loads(asked.body))
    if path == "login":
        return _login(world, json.loads(asked.body))
    known = asked.headers.get("token") == _TOKEN and cookies.get("JSESSIONID") == _SESSION
    if not known or asked.headers.get("username") not in world.administrators:
        return Reply(401, b'{"message":"Please login."}')
    return _environments(world, asked) if path == "environments" else _added(world, json.loads(asked.body))


def _cookies(asked: Request) -> dict[str, str]:
    pairs = (part.strip().partition("=") for part in asked.headers.get("cookie", "").split(";"))
    return {name: value for name, _, value in pairs}


def _superuser(world: World, wanted: dict[str, str]) -> Reply:
    error = ""
    if world.administrators:
        error = "Super user role is exist, this interface is no longer available"
    elif not _USER.fullmatch(wanted["name"]):
        error = "User name illegal"
    elif not wanted["email"].strip():
        error = "User email cannot be empty"
    elif not _MAIL.fullmatch(wanted["email"]):
        error = "Email address illegal"
    elif len(wanted["password"]) < _SHORTEST:
        error = "The password can not be less than 6 digits."
    if error:
        return _said({"error": error})
    world.administrators[wanted["name"]] = wanted["password"]
    return _said({"message": "Add super user success, please login"})


def _login(world: World, given: dict[str, str]) -> Reply:
    if given["username"] not in world.administrators:
        return _said({"error": "The user is not exist"})
    if world.administrators[given["username"]] != given["password"]:
        return _said({"error": "The user name or password not incorrect"})
    session = f"JSESSIONID={_SESSION}; Path=/; HttpOnly"
    headers = {"token": _TOKEN, "username": given["username"], "role": "super", "Set-Cookie": session}
    return Reply(200, b'{"login":"success"}', headers)


def _environments(world: World, asked: Request) -> Reply:
    """A page of them; newer ones give all."""
    page, size = (int(asked.query.get(key, default)) for key, default in (("page_num", "1"), ("page_size", _PAGE)))
    there = world.environments[(page - 1) * size : page * size]
    return _said({"total": len(world.environments), "data": there})


def _added(world: World, wanted: dict[str, str | None]) -> Reply:
    """It asks the broker for its clusters before it knows it."""
    if any(one["broker"] == wanted["broker"] for one in world.environments):
        return _said({"error": "Broker is exist"})
    if any(one["name"] == wanted["name"] for one in world.environments):
        return _said({"error": "Environment is exist"})
    if urlsplit(wanted["broker"] or "").hostname == NOWHERE:
        return _said({"error": "This environment is error. Please check it"})
    world.environments.append(wanted)
    return _said({"message": "Add environment success"})


def _said(value: object) -> Reply:
    return Reply(200, json.dumps(value).encode())
