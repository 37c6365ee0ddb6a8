"""The token of a rejoin: made to end soon, believed before it is shown, followed to the Node, deleted also on an abort.

Its public half comes from the run and the node, so that a repeated request meets itself; its secret half is in its
Secret alone, and is read from there whenever a person wants to see the join line.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping
from typing import Any

from console.errors import Conflict, ConsoleError, Forbidden, NotFound, SourceError
from console.format import duration, timestamp
from console.workflow.steps import Ctx, Done, Go, Outcome, Step, StepKind, Stop, Wait
from plugins.kubernetes.joining.discovery import fault, join_line
from plugins.kubernetes.joining.stories import Machine, Way, as_text, joining
from plugins.kubernetes.maintenance.objects import part
from plugins.kubernetes.model import tables
from plugins.kubernetes.model.nodes import Node
from plugins.kubernetes.model.tokens import new_id

TTL = 2 * 3600.0
_REQUESTS = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
_MARK = "pilothouse run"
_SIGNED_BY = 10.0
"""Seconds after which a missing signature is suspicious; it takes less than one."""


def token_of(ctx: Ctx) -> str:
    """The public half of this run's token for this node."""
    return _token(ctx.run, ctx.step)


def _token(run: str, step: Step) -> str:
    return new_id(f"{run}/{step.params['node']}")


def _left(run: str, step: Step, done: Collection[str]) -> str:
    """A token that nobody has deleted: an abort does it, and the step that revokes it."""
    if f"{step.system}/revoke/{step.params['node']}" in done:
        return ""
    token = _token(run, step)
    return f"token {token}: a machine can join with it until it ends; delete it by: pilothouse token delete {token}"


def _new(ctx: Ctx) -> str:
    return str(ctx.step.params["new"])


async def _go(_ctx: Ctx) -> Outcome:
    return Go()


async def _may_join(ctx: Ctx) -> Outcome:
    node = _arrived(ctx)
    return Done(f"{node.name} has joined") if node else Go()


def _arrived(ctx: Ctx) -> Node | None:
    """The Node, if it is not the old one."""
    node = ctx.facts.get(tables.NODES, _new(ctx))
    return node if node is not None and node.uid != ctx.step.params["uid"] else None


async def _mint(ctx: Ctx) -> str:
    """Make it, or find the one that this run has made. Somebody else's of the same id is not touched."""
    token, until = token_of(ctx), ctx.now + TTL
    with contextlib.suppress(NotFound):
        row, _ = await ctx.client.tokens.read(token)
        _must_be_ours(ctx, token, row.description)
        return f"token {token} is there until {timestamp(row.expires or until)}"
    try:
        await ctx.client.tokens.create_as(token, until, f"{_MARK} {ctx.run} for {_new(ctx)}")
    except Conflict:
        return f"token {token} is there"
    return f"token {token} until {timestamp(until)}"


def _must_be_ours(ctx: Ctx, token: str, description: str) -> None:
    if not description.startswith(f"{_MARK} {ctx.run} "):
        raise ConsoleError(f"token {token} is somebody else's", next_step="delete it if it is not needed, then retry")


async def _believed(ctx: Ctx) -> Outcome:
    """A node would believe it: signed by the controller manager, and the signature is right."""
    token = token_of(ctx)
    try:
        _, secret = await ctx.client.tokens.read(token)
    except NotFound:
        return Stop(f"token {token} is gone before it was used", "retry makes it anew")
    info = await ctx.client.tokens.cluster_info()
    why = fault(info, token, secret)
    if why and token not in info.signatures:
        off = "; is the controller bootstrap-signer-controller on?" if ctx.now - ctx.started > _SIGNED_BY else ""
        return Wait(f"cluster-info waits to be signed for token {token}{off}", 1.0)
    if why:
        return Stop(f"cluster-info: {why}", "no node may join by it")
    return Done(f"token {token}: cluster-info of {info.endpoint} is signed, the signature is right; {info.hashes[0]}")


async def _revoke(ctx: Ctx) -> str:
    """Delete it; an expired one is gone already."""
    token = token_of(ctx)
    try:
        row, _ = await ctx.client.tokens.read(token)
        _must_be_ours(ctx, token, row.description)
        await ctx.client.tokens.delete(token, uid=row.uid)
    except NotFound:
        return f"token {token} is gone already"
    return f"token {token} is deleted"


async def _revoked(ctx: Ctx) -> Outcome:
    token = token_of(ctx)
    try:
        await ctx.client.tokens.read(token)
    except NotFound:
        return Done(f"token {token} is deleted: nobody joins with it any more")
    return Wait(f"waits to see token {token} gone", 2.0)


async def _joined(ctx: Ctx) -> Outcome:
    """From the request for a certificate to the Node, as far as it is."""
    name, token = _new(ctx), token_of(ctx)
    request = await _request(ctx, token)
    said = _said(name, request)
    if _arrived(ctx):
        how = f"by {request['metadata']['name']}" if request else "with a certificate that it had"
        return Done(f"{name} has joined {how}")
    if said is not None:
        return said
    try:
        row, _ = await ctx.client.tokens.read(token)
    except NotFound:
        return Stop(f"token {token} has ended before {name} joined", "retry makes it anew")
    left = duration(max(0.0, (row.expires or ctx.now) - ctx.now))
    way = Way(str(ctx.step.params["way"]))
    titles = ", ".join(block.title.partition(";")[0] for block in joining(way, _machine(ctx, ""), ""))
    return Wait(
        f"{name} has not asked to join yet; on it: {titles}; `pilothouse runs show {ctx.run}` has the commands with "
        f"the join line; token {token} ends in {left}",
        2.0,
    )


async def _request(ctx: Ctx, token: str) -> dict[str, Any] | None:
    """The newest certificate signing request by this token; None where there is none or we may not look."""
    try:
        listed = await ctx.client.get(_REQUESTS)
    except Forbidden:
        return None
    found = [
        one for one in listed.get("items") or () if part(one, "spec").get("username") == f"system:bootstrap:{token}"
    ]
    return max(found, key=lambda one: str(part(one, "metadata").get("creationTimestamp")), default=None)


def _said(name: str, request: Mapping[str, Any] | None) -> Outcome | None:
    if request is None:
        return None
    called, status = str(part(request, "metadata").get("name")), part(request, "status")
    kinds = {str(one.get("type")): one for one in status.get("conditions") or ()}
    for bad in ("Denied", "Failed"):
        if bad in kinds:
            return Stop(f"the request {called} of {name} was {bad.lower()}: {kinds[bad].get('message', '')}"[:300])
    if status.get("certificate"):
        return Wait(f"{name} has its certificate ({called}), waits for its Node to appear", 2.0)
    if "Approved" in kinds:
        return Wait(f"{called} of {name} is approved, waits for its certificate to be signed", 2.0)
    return Wait(
        f"{name} has asked for a certificate, {called} waits to be approved; where no controller does it: "
        f"`kubectl certificate approve {called}`",
        2.0,
    )


def _machine(ctx: Ctx, endpoint: str) -> Machine:
    paths = ctx.step.params.get("paths")
    return Machine(
        _new(ctx),
        str(ctx.step.params.get("version") or ""),
        endpoint,
        tuple(str(path) for path in paths) if isinstance(paths, list | tuple) else (),
    )


async def _instructions(ctx: Ctx) -> str:
    """What to type on the node, with the whole join line; it is never journaled."""
    token, way = token_of(ctx), Way(str(ctx.step.params["way"]))
    try:
        _, secret = await ctx.client.tokens.read(token)
        info = await ctx.client.tokens.cluster_info()
        line, endpoint = join_line(info, token, secret), info.endpoint
    except SourceError as error:
        line, endpoint = f"# the join line cannot be shown: {error}", ""
    return as_text(_new(ctx), joining(way, _machine(ctx, endpoint), line))


TOKEN = StepKind(guard=_go, until=_believed, act=_mint, undo=_revoke, leaves=_left)
JOIN = StepKind(guard=_may_join, until=_joined, act=_mint, undo=_revoke, instructions=_instructions)
REVOKE = StepKind(guard=_go, until=_revoked, act=_revoke)
