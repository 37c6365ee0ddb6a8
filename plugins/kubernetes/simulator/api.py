"""The API server's front: authentication, faults, authorisation, and which handler answers which call.

What nothing covers is recorded as unexpected.
"""

from __future__ import annotations

from collections.abc import Callable

from plugins.kubernetes.simulator import logs, metrics, streams
from plugins.kubernetes.simulator.access import Access, Rights, check, denied_path, identify, review
from plugins.kubernetes.simulator.answers import Answer, Reply, error_answer, text_answer
from plugins.kubernetes.simulator.calls import Call, Request, User, read_call
from plugins.kubernetes.simulator.deleting import delete, delete_collection
from plugins.kubernetes.simulator.discovery import discover, known_group
from plugins.kubernetes.simulator.eviction import evict
from plugins.kubernetes.simulator.faults import Garble, Scripted
from plugins.kubernetes.simulator.kinds import COMPUTED, Kind
from plugins.kubernetes.simulator.reading import get, list_all
from plugins.kubernetes.simulator.scaling import get_scale
from plugins.kubernetes.simulator.status import (
    ApiError,
    encode,
    no_such_method,
    no_such_path,
    not_found,
    too_many_requests,
)
from plugins.kubernetes.simulator.watching import watch
from plugins.kubernetes.simulator.world import World
from plugins.kubernetes.simulator.writing import create, patch, update

PUBLIC = ("/version", "/readyz", "/livez", "/healthz")
Handler = Callable[[World, Call], Reply]
_PLAIN: dict[str, Handler] = {
    "get": get,
    "list": list_all,
    "watch": watch,
    "create": create,
    "update": update,
    "patch": patch,
    "delete": delete,
    "deletecollection": delete_collection,
}
_SUBRESOURCES: dict[tuple[str, str], Handler] = {
    ("scale", "get"): get_scale,
    ("scale", "update"): update,
    ("scale", "patch"): patch,
    ("status", "get"): get,
    ("status", "update"): update,
    ("status", "patch"): patch,
    ("eviction", "create"): evict,
    ("log", "get"): logs.read,
    ("exec", "get"): streams.exec_in,
    ("portforward", "get"): streams.forward,
    ("proxy", "get"): metrics.proxy,
}


class Api:
    """Answers requests over one world."""

    def __init__(self, world: World, rights: Rights) -> None:
        self.world, self.rights = world, rights
        self.served = 0

    async def answer(self, asked: Request) -> tuple[Reply, Garble]:
        """The reply to a request, and how it is to be garbled on the wire."""
        self.served += 1
        faults = self.world.faults
        if faults.delay:
            await self.world.clock.sleep(faults.delay)
        try:
            if faults.throttle:
                faults.throttle -= faults.throttle > 0
                raise too_many_requests("Too many requests, please try again later.", retry_after=faults.retry_after)
            if (scripted := faults.scripted_for(f"{asked.method} {asked.target}")) is not None:
                return await self._scripted(scripted, asked)
            return self._route(asked), ""
        except ApiError as error:
            return error_answer(error), ""
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            # An object that the simulator cannot read: the client hears a 500, the test finds it among the unexpected.
            self.world.unexpected.append(f"{asked.method} {asked.target}: {type(error).__name__} {error}")
            message = f"Internal error occurred: {type(error).__name__} {error}"
            return error_answer(
                ApiError(500, "InternalError", message, details={"causes": [{"message": str(error)}]})
            ), ""

    async def _scripted(self, scripted: Scripted, asked: Request) -> tuple[Reply, Garble]:
        if scripted.garble == "truncated":
            reply = self._route(asked)
            return (reply if isinstance(reply, Answer) else Answer(200, b"{")), "truncated"
        if scripted.garble == "not-json":
            return Answer(scripted.status, b"<html><body>gateway</body></html>", "text/html"), ""
        if scripted.garble == "empty":
            return Answer(scripted.status, b""), ""
        body = scripted.body if isinstance(scripted.body, bytes) else encode(scripted.body)
        return Answer(scripted.status, body, headers=scripted.headers), ""

    def _route(self, asked: Request) -> Reply:
        user = identify(self.world, self.rights, asked)
        call = read_call(asked)
        if call is None:
            return self._no_resource(asked, user)
        check(self.rights, user, call)
        if call.kind is None:
            return review(self.rights, user, call, now=self.world.clock.now())
        return self._handler(call)(self.world, call)

    def _no_resource(self, asked: Request, user: User) -> Reply:
        if asked.path not in PUBLIC and not self._may_discover(user):
            raise denied_path(user, asked)
        found = discover(self.world, asked)
        if found is not None:
            if asked.method not in ("GET", "HEAD"):
                raise self._unexpected(asked, no_such_method())
            return found
        if not self._may_everything(user):
            raise denied_path(user, asked)
        self._unexpected(asked, no_such_path())
        if known_group(asked.path):
            raise no_such_path()
        return text_answer("404 page not found\n", 404)

    def _may_everything(self, user: User) -> bool:
        return any("*" in rule.resources for rule in self.rights.rules_of(user))

    def _may_discover(self, user: User) -> bool:
        return "system:authenticated" in user.groups or self.rights.allows(user, Access("get", "", "nodes"))

    def _handler(self, call: Call) -> Handler:
        kind = call.kind
        if kind is None:
            raise no_such_path()
        if call.subresource:
            return self._of_subresource(call, kind)
        in_collection = call.verb in ("create", "list", "deletecollection")
        if call.verb not in kind.verbs or (in_collection is bool(call.name) and call.verb != "watch"):
            raise self._unexpected(call.request, no_such_method())
        if kind in COMPUTED:
            return metrics.read
        if kind.namespaced and not call.namespace and call.verb not in ("list", "watch"):
            raise not_found(kind, call.name) if call.name else self._unexpected(call.request, no_such_method())
        return _PLAIN[call.verb]

    def _of_subresource(self, call: Call, kind: Kind) -> Handler:
        if call.subresource not in kind.subresources:
            raise self._unexpected(call.request, no_such_path())
        streamed = call.subresource in ("exec", "portforward") and call.verb == "create"
        handler = _SUBRESOURCES.get((call.subresource, "get" if streamed else call.verb))
        if handler is None:
            raise self._unexpected(call.request, no_such_method())
        return handler

    def _unexpected(self, asked: Request, error: ApiError) -> ApiError:
        self.world.unexpected.append(f"{asked.method} {asked.target}")
        return error
