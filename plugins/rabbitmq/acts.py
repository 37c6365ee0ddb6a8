"""What the actions do, each to one object, with a sentence of what was done.

Refuses what is no longer so: before something is lost, the server is asked again. Every act but a publication may be
done twice without doing more than once.
"""

from __future__ import annotations

from typing import Any

import msgspec

from console.errors import BadAnswer, ConsoleError, NotFound, Refused, Rejected
from console.plugin import Act, Ran
from console.text import clean, in_address
from plugins.rabbitmq.client.broker import Broker, decode
from plugins.rabbitmq.model.governing import PolicyRow, matching
from plugins.rabbitmq.model.links import ConnectionRow
from plugins.rabbitmq.model.nodes import MemberRow
from plugins.rabbitmq.model.queues import QueueRow
from plugins.rabbitmq.model.routing import ExchangeRow, destinations
from plugins.rabbitmq.model.tables import BINDINGS, BINDINGS_BY_SOURCE, NODES, QUEUES, QUEUES_BY_VHOST, place
from plugins.rabbitmq.model.wire import Number, Wire, number, pairs, whole

_PEEKED = 20
_PAYLOAD = 200
_NAMED = 8
_LIMITS = ("delivery-limit", "x-delivery-limit")
_UNSETTLED = "cluster_change_not_permitted"
"""A quorum queue's leader says so while it is new, or while another change of its copies is under way."""


class MessageWire(Wire, frozen=True):
    """One message that was fetched."""

    payload: str = ""
    payload_encoding: str = "string"
    payload_bytes: Number = None
    redelivered: bool = False
    exchange: str = ""
    routing_key: str = ""
    message_count: Number = None


class NowWire(Wire, frozen=True):
    """What a queue is at the moment of an act."""

    messages: Number = None
    consumers: Number = None
    arguments: Any = None
    effective_policy_definition: Any = None


class RoutedWire(Wire, frozen=True):
    """The answer to a publication."""

    routed: bool | None = None


_MESSAGES = msgspec.json.Decoder(list[MessageWire])
_NOW = msgspec.json.Decoder(NowWire)
_ROUTED = msgspec.json.Decoder(RoutedWire)


def _broker(act: Act) -> Broker:
    return act.client


async def _now(broker: Broker, row: QueueRow) -> NowWire:
    params = {"columns": "messages,consumers,arguments,effective_policy_definition"}
    path = f"/api/queues/{row.at}"
    return decode(_NOW, await broker.endpoints.read(path, params), f"GET {path}")


def _few(names: list[str]) -> str:
    shown = ", ".join(names[:_NAMED])
    return f"{shown} and {len(names) - _NAMED} more" if len(names) > _NAMED else shown


# -- messages


async def publish_to_queue(act: Act, row: QueueRow) -> str:
    """One message into this queue, through the default exchange."""
    await _publish(_broker(act), in_address(row.vhost, "amq.default"), row.name, act.answers["payload"])
    return f"a test message went into {row.vhost} {row.name}"


async def publish_to_exchange(act: Act, row: ExchangeRow) -> str:
    """One message to an exchange; says when it went nowhere."""
    routed = await _publish(_broker(act), row.at, act.answers["key"], act.answers["payload"])
    if not routed:
        raise Rejected(
            f"the message with key {act.answers['key']!r} went nowhere: nothing is bound for it",
            where=f"exchange {row.vhost} {row.name}",
        )
    return f"a test message with key {act.answers['key']!r} was passed on by {row.name or 'the default exchange'}"


async def _publish(broker: Broker, exchange: str, key: str, payload: str) -> bool:
    body = {
        "properties": {"app_id": "pilothouse"},
        "routing_key": key,
        "payload": payload,
        "payload_encoding": "string",
    }
    path = f"/api/exchanges/{exchange}/publish"
    answer = await broker.endpoints.change("POST", path, body)
    return bool(decode(_ROUTED, answer.body, f"POST {path}").routed)


async def peek(act: Act, row: QueueRow) -> str:
    """The first messages, which stay in the queue. Where deliveries are counted against a limit it is refused."""
    broker = _broker(act)
    now = await _now(broker, row)
    known = dict(pairs(now.arguments)) | dict(pairs(now.effective_policy_definition))
    for limit in (known.get(key) for key in _LIMITS):
        if limit is not None:
            raise Refused(
                f"each look counts as a delivery, and after {limit} the message is dropped or dead-lettered",
                where=f"queue {row.vhost} {row.name}",
            )
    count = max(1, min(_PEEKED, int(act.answers["count"])))
    body = {"count": count, "ackmode": "ack_requeue_true", "encoding": "auto", "truncate": 50_000}
    path = f"/api/queues/{row.at}/get"
    found = decode(_MESSAGES, (await broker.endpoints.change("POST", path, body)).body, f"POST {path}")
    if not found:
        return f"{row.name} is empty"
    return f"{len(found)} of {_total(found)}: " + "; ".join(_shown(one) for one in found)


def _total(found: list[MessageWire]) -> int:
    return len(found) + (whole(found[-1].message_count) or 0)


def _shown(one: MessageWire) -> str:
    text = clean(one.payload, _PAYLOAD) if one.payload_encoding == "string" else f"{one.payload_bytes} bytes, not text"
    return f"[{clean(one.exchange or 'default', 60)} {clean(one.routing_key, 80)}] {text}"


async def purge(act: Act, row: QueueRow) -> str:
    """Throw away what waits in the queue; what consumers hold stays."""
    broker = _broker(act)
    before = number((await _now(broker, row)).messages)
    await broker.endpoints.change("DELETE", f"/api/queues/{row.at}/contents")
    count = "an unknown number of" if before is None else int(before)
    return f"{row.vhost} {row.name} was emptied; the server's last count was {count} messages"


async def delete_queue(act: Act, row: QueueRow) -> str:
    """Delete it, unless it has consumers now that were not there when it was looked at."""
    broker = _broker(act)
    now = await _now(broker, row)
    consumers, messages = whole(now.consumers), whole(now.messages)
    if consumers and not row.consumers:
        raise Refused(
            f"it has {consumers} consumers now", where=f"queue {row.vhost} {row.name}", next_step="look again"
        )
    params = {"if-unused": "true"} if row.kind == "classic" and not row.consumers else None
    await broker.endpoints.change("DELETE", f"/api/queues/{row.at}", params=params)
    held = "an unknown number of" if messages is None else messages
    return f"{row.vhost} {row.name} was deleted, with {held} messages"


# -- routing


async def route(act: Act, row: ExchangeRow) -> str:
    """Where a message with this key would go now."""
    key = act.answers["key"]
    if not row.name:
        there = act.facts.get(QUEUES, in_address(row.vhost, key))
        return (
            f"to queue {key}" if there is not None else f"nowhere that is known here: {row.vhost} has no queue {key!r}"
        )
    if not act.facts.snapshot(BINDINGS).complete:
        raise ConsoleError("the bindings are not known yet", next_step="try again in a moment")
    found = destinations(row.kind, act.facts.by(BINDINGS_BY_SOURCE, place(row.vhost, row.name)), key)
    if found is None:
        return f"an exchange of type {row.kind} does not choose by the key alone"
    if not found:
        return f"nowhere: nothing is bound to {row.name} for {key!r}"
    return f"to {_few(sorted({f'{one.to} {one.destination}' for one in found}))}"


# -- policies


def preview(act: Act, vhost: str, name: str) -> str:
    """Which queues the answers' pattern would match, and which of them another policy rules. Raises Refused."""
    if not act.facts.snapshot(QUEUES).complete:
        raise Refused("the queues are not all known yet, so nobody can say what it would match")
    queues = act.facts.by(QUEUES_BY_VHOST, vhost)
    try:
        found = matching(act.answers["pattern"], act.answers["applies_to"], queues)
    except ValueError as error:
        raise Refused(str(error)) from error
    others = sorted(one.name for one in found if one.policy and one.policy != name)
    said = f"it matches {len(found)} of {len(queues)} queues in {vhost}"
    said += f": {_few(sorted(one.name for one in found))}" if found else ""
    if others:
        said += f"; {len(others)} of these have another policy now, of which the higher priority wins: {_few(others)}"
    return said


async def try_policy_of_queue(act: Act, row: QueueRow) -> str:
    """The preview alone."""
    return preview(act, row.vhost, "")


async def try_policy(act: Act, row: PolicyRow) -> str:
    """The preview alone, with another pattern for a policy that is there."""
    return preview(act, row.policy.vhost, row.policy.name)


async def set_policy_of_queue(act: Act, row: QueueRow) -> str:
    """A new policy in the vhost of a queue."""
    return await _set_policy(act, row.vhost, act.answers["name"])


async def set_policy(act: Act, row: PolicyRow) -> str:
    """A policy that is there, changed."""
    return await _set_policy(act, row.policy.vhost, row.policy.name)


async def _set_policy(act: Act, vhost: str, name: str) -> str:
    if not name:
        raise Refused("a policy needs a name")
    matched = preview(act, vhost, name)
    wanted = act.answers.get("matches", "")
    count = matched.split(" ")[2]
    if wanted and wanted != count:
        raise Refused(f"{matched}; expected were {wanted}", next_step="try the pattern first")
    try:
        definition = msgspec.json.decode(act.answers["definition"], type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise Refused(f"the definition is no JSON object: {error}") from error
    body = {
        "pattern": act.answers["pattern"],
        "definition": definition,
        "priority": int(act.answers["priority"]),
        "apply-to": act.answers["applies_to"],
    }
    await _broker(act).endpoints.change("PUT", f"/api/policies/{in_address(vhost, name)}", body)
    return f"policy {name} in {vhost} was set; {matched}"


async def clear_policy(act: Act, row: PolicyRow) -> str:
    """Take a policy away; its queues get the next that matches, or none."""
    await _broker(act).endpoints.change("DELETE", f"/api/policies/{row.policy.at}")
    ruled = "an unknown number of" if row.queues is None else row.queues
    return f"policy {row.policy.name} in {row.policy.vhost} is gone; it ruled {ruled} queues"


# -- copies


async def sync(act: Act, row: QueueRow) -> str:
    """Synchronise the mirrors of a classic queue, which serves nobody meanwhile."""
    await _broker(act).endpoints.change("POST", f"/api/queues/{row.at}/actions", {"action": "sync"})
    return f"{row.vhost} {row.name} synchronises {', '.join(row.missing)}; it serves nobody until that is done"


async def rebalance(act: Act, row: MemberRow) -> str:
    """Spread the leaders of all queues over the members that run (3.8 and later)."""
    try:
        await _broker(act).endpoints.change("POST", "/api/rebalance/queues")
    except NotFound as error:
        raise Rejected("this version cannot rebalance leaders (3.8 can)", where=row.name) from error
    return "leaders are being spread over all members; that goes on in the background"


async def add_replica(act: Act, row: QueueRow) -> str:
    """One more copy of a quorum queue, on a member that has none."""
    member = act.answers["member"]
    if member in row.members:
        return f"{member} has a copy of {row.name} already"
    command = ("rabbitmq-queues", "add_member", "--vhost", row.vhost, row.name, member)
    await _tool(act, row.leader, command)
    return f"{member} gets a copy of {row.vhost} {row.name}: {len(row.members) + 1} in all"


async def remove_replica(act: Act, row: QueueRow) -> str:
    """Take the copy of a member away."""
    member = act.answers["member"]
    if member not in row.members:
        return f"{member} has no copy of {row.name}"
    left = [name for name in row.members if name != member]
    serving = [name for name in left if name in row.online]
    if len(serving) < len(left) // 2 + 1:
        raise Refused(f"of {len(left)} copies that stay {len(serving)} serve, and a majority is {len(left) // 2 + 1}")
    command = ("rabbitmq-queues", "delete_member", "--vhost", row.vhost, row.name, member)
    await _tool(act, row.leader, command)
    return f"{member} has no copy of {row.vhost} {row.name} any more: {len(left)} are left"


async def grow(act: Act, row: MemberRow) -> str:
    """Copies of quorum queues on this member, of all or of those with an even number."""
    said = await _tool(act, row.name, ("rabbitmq-queues", "grow", row.name, act.answers["strategy"]), within=600.0)
    return f"{row.name} gets copies of {act.answers['strategy']} quorum queues{_last_line(said)}"


async def shrink(act: Act, row: MemberRow) -> str:
    """No copies of quorum queues on this member any more."""
    through = _another(act, row)
    said = await _tool(act, through, ("rabbitmq-queues", "shrink", row.name), within=600.0)
    return f"{row.name} has no copies of quorum queues any more{_last_line(said)}"


def _another(act: Act, row: MemberRow) -> str:
    """The member itself, or one that runs where it does not."""
    if row.running:
        return row.name
    return next((one.name for one in act.facts.rows(NODES).values() if one.running), row.name)


# -- members and connections


async def drain(act: Act, row: MemberRow) -> str:
    """Maintenance: no listeners, no connections, no leaders. Refused while another member is away."""
    _broker(act).forget()
    away = [one for one in await _broker(act).nodes() if one.name != row.name and one.state != "running"]
    if away:
        raise Refused(f"{away[0].name} is {away[0].state}", where=row.name, next_step="one member at a time")
    await _tool(act, row.name, ("rabbitmq-upgrade", "drain"), within=600.0)
    return f"{row.name} is drained: it takes no clients and leads no quorum queue; revive or a restart ends that"


async def revive(act: Act, row: MemberRow) -> str:
    """End of maintenance; leaders do not come back by themselves."""
    await _tool(act, row.name, ("rabbitmq-upgrade", "revive"))
    return f"{row.name} takes clients again; rebalance spreads the leaders"


async def close_connection(act: Act, row: ConnectionRow) -> str:
    """Close it; a client that is well made connects again."""
    headers = {"X-Reason": "closed by an operator"}
    try:
        await _broker(act).endpoints.change("DELETE", f"/api/connections/{row.at}", headers=headers)
    except NotFound:
        return f"{row.name} was closed already"
    return f"{row.name} of {row.user} was closed"


async def _tool(act: Act, member: str, command: tuple[str, ...], *, within: float = 240.0) -> Ran:
    ran = await _broker(act).tool(member, command, within=within)
    if ran.code:
        said = clean((ran.err or ran.out).decode("utf-8", "replace").strip(), 500)
        settling = "its copies settle: try again in some seconds" if _UNSETTLED in said else ""
        raise Rejected(f"{command[0]} {command[1]} ended with {ran.code}: {said}", where=member, next_step=settling)
    return ran


def _last_line(ran: Ran) -> str:
    lines = [line for line in ran.out.decode("utf-8", "replace").splitlines() if line.strip()]
    return f": {clean(lines[-1], 200)}" if lines else ""


# -- definitions


async def definitions(act: Act, row: MemberRow) -> str:
    """Everything that is declared, into a file of this machine that only its owner reads: it holds password hashes."""
    body = await _broker(act).endpoints.read("/api/definitions", deadline=60.0)
    try:
        text = msgspec.json.format(body, indent=2)
    except msgspec.DecodeError as error:
        raise BadAnswer(f"the definitions are no JSON: {error}", where=f"definitions of {row.name}") from error
    return await _broker(act).keep(act.answers["file"], text)
