"""Brokers, bundles, bookies: unload, read-only, autorecovery, who am I."""

from __future__ import annotations

from console.errors import NotFound, Refused, Rejected, SourceError
from console.format import duration, timestamp
from console.plugin import Act, Action, Ask, Effect, Facts
from plugins.pulsar.acts.asking import client_of, number
from plugins.pulsar.client.paths import space
from plugins.pulsar.client.web import encoded
from plugins.pulsar.model import tables
from plugins.pulsar.model.rows import BookieRow, BrokerRow, BundleRow


async def who(act: Act, _row: BrokerRow) -> str:
    """What the token says of itself, and what the brokers let it do."""
    client = client_of(act)
    token = await client.token.token()
    if not token.value:
        role, end = "no token is sent", ""
    else:
        role = f"role {token.claims.role or '?'} by {token.source}"
        end = _expiry(token.claims.expires, act.facts.now)
    try:
        await client.admin.call("GET", "/admin/v2/clusters")
        await client.admin.call("GET", "/admin/v2/tenants")
    except SourceError as error:
        return f"{role}{end}; it may not list tenants: {error.what}"
    return f"{role}{end}; it may list clusters and tenants, as superusers may"


def _expiry(expires: float | None, now: float) -> str:
    if expires is None:
        return ", it never expires"
    if expires <= now:
        return f", EXPIRED {duration(now - expires)} ago"
    return f", good until {timestamp(expires)} ({duration(expires - now)})"


async def health(act: Act, row: BrokerRow) -> str:
    """Writes a message to the broker's own topic and reads it back: too dear for polling, right for a question."""
    body = await client_of(act).admin.call("GET", "/admin/v2/brokers/health", base=row.url, deadline=30.0)
    if body.strip() != b"ok":
        raise Rejected(f"{row.name} answers, but not `ok`", where="/admin/v2/brokers/health")
    return f"{row.name} wrote and read a message: ok"


async def unload_bundle(act: Act, row: BundleRow) -> str:
    """Its topics move to the least loaded broker; clients reconnect."""
    client = client_of(act)
    await client.admin.call("PUT", f"/admin/v2/namespaces/{space(row.namespace)}/{row.range}/unload", deadline=60.0)
    client.admin.kept.forget("brokers", "topics")
    return f"bundle {row.name} unloaded from {row.broker}"


async def split_bundle(act: Act, row: BundleRow) -> str:
    """In two halves; the server refuses where the broker does not own it."""
    client, unload = client_of(act), act.answers.get("unload") == "yes"
    params = {"unload": "true" if unload else "false"}
    path = f"/admin/v2/namespaces/{space(row.namespace)}/{row.range}/split"
    await client.admin.call("PUT", path, params=params, deadline=60.0)
    client.admin.kept.forget("brokers", "topics")
    client.policies.forget(row.namespace)
    return f"bundle {row.name} split" + (" and both parts unloaded" if unload else "")


async def read_only(act: Act, row: BookieRow) -> str:
    """No new ledgers are written to it; what it has stays readable."""
    writable = [one for one in act.facts.rows(tables.BOOKIES).values() if one.mode == "rw"]
    if len(writable) <= 1:
        raise Refused("it is the only bookie that takes writes")
    return await _switch(act, row, read_only=True)


async def writable(act: Act, row: BookieRow) -> str:
    """Takes new ledgers again; it does so by itself only where it was its disk that was full."""
    return await _switch(act, row, read_only=False)


async def _switch(act: Act, row: BookieRow, *, read_only: bool) -> str:
    client = client_of(act)
    try:
        await client.bookies.ask(
            "/api/v1/bookie/state/readonly", method="PUT", body=encoded({"readOnly": read_only}), base=row.url
        )
    except NotFound as error:
        raise Refused("this bookie's version cannot: it came with BookKeeper 4.14", where=row.name) from error
    return f"{row.name} is {'read-only' if read_only else 'writable'} now"


async def recovery_off(act: Act, _row: BookieRow) -> str:
    """Lost copies are not made again, in the whole cluster, until it is on again."""
    return await _recovery(act, on=False)


async def recovery_on(act: Act, _row: BookieRow) -> str:
    """Lost copies are made again."""
    return await _recovery(act, on=True)


async def _recovery(act: Act, *, on: bool) -> str:
    """By query parameter: the server ignores a body."""
    word = "true" if on else "false"
    await client_of(act).bookies.ask("/api/v1/autorecovery/status", method="PUT", params={"enabled": word})
    return f"autorecovery is {'on' if on else 'off'} in the whole cluster"


async def delay(act: Act, _row: BookieRow) -> str:
    """How long a bookie may be away before its ledgers are copied."""
    seconds = number(act, "seconds", least=0)
    await client_of(act).bookies.ask(
        "/api/v1/autorecovery/lost_bookie_recovery_delay", method="PUT", body=encoded({"delay_seconds": seconds})
    )
    return f"ledgers of a lost bookie are copied after {seconds} s"


def _of_people(row: BundleRow, _facts: Facts) -> str | None:
    """Each broker has a namespace for its health check, called by its address."""
    return "it is the broker's own, for its health check" if ":" in row.namespace else None


def _url(row: BookieRow, _facts: Facts) -> str | None:
    return None if row.url else "its HTTP is not known"


def _is_writable(row: BookieRow, facts: Facts) -> str | None:
    return _url(row, facts) or (None if row.mode == "rw" else f"it is not writable but {row.mode or 'unknown'}")


def _is_read_only(row: BookieRow, facts: Facts) -> str | None:
    return _url(row, facts) or (None if row.mode == "ro" else f"it is not read-only but {row.mode or 'unknown'}")


BROKER_ACTIONS: tuple[Action[BrokerRow], ...] = (
    Action("who", "who am I", who, help="the token's role, its end, and what it may", effect=Effect.READ),
    Action(
        "health",
        "health check",
        health,
        help="the broker writes and reads a message of its own",
        when=lambda row, _facts: None if row.url else "its address is not known",
    ),
)
BUNDLE_ACTIONS: tuple[Action[BundleRow], ...] = (
    Action(
        "unload",
        "unload",
        unload_bundle,
        help="its topics move to the least loaded broker",
        key="u",
        when=_of_people,
    ),
    Action(
        "split",
        "split",
        split_bundle,
        help="in two, of which one moves to another broker where `unload` is yes",
        when=_of_people,
        asks=lambda _row, _facts: (Ask("unload", "Unload both at once?", "no", choices=("no", "yes")),),
    ),
)
BOOKIE_ACTIONS: tuple[Action[BookieRow], ...] = (
    Action(
        "read-only",
        "make read-only",
        read_only,
        help="no new ledgers are written to it; it stays so until it is made writable",
        when=_is_writable,
    ),
    Action("writable", "make writable", writable, help="it takes new ledgers again", when=_is_read_only),
    Action(
        "recovery-off",
        "autorecovery off",
        recovery_off,
        help="in the whole cluster: lost copies are not made again",
        when=lambda row, _facts: "it is off already" if row.recovery is False else None,
    ),
    Action(
        "recovery-on",
        "autorecovery on",
        recovery_on,
        help="in the whole cluster: lost copies are made again",
        when=lambda row, _facts: "it is on already" if row.recovery else None,
    ),
    Action(
        "recovery-delay",
        "recovery delay",
        delay,
        help="in the whole cluster: how long a bookie may be away before its ledgers are copied",
        asks=lambda row, _facts: (Ask("seconds", "How many seconds?", str(row.delay or 0), number=True),),
    ),
)
