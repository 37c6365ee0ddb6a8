"""Policies of a namespace that say where its messages are: how many copies, and on which brokers."""

from __future__ import annotations

import re

from console.errors import NotFound, Refused
from console.plugin import Act, Action, Ask, Effect
from plugins.pulsar.acts.asking import client_of, name, number
from plugins.pulsar.client.paths import part, space
from plugins.pulsar.model.rows import NamespaceRow

_MOST = 64


async def set_persistence(act: Act, row: NamespaceRow) -> str:
    """For ledgers that are opened from now on. Raises Refused where it cannot hold: ack <= write <= ensemble."""
    ensemble = number(act, "ensemble", least=1, most=_MOST)
    write, ack = number(act, "write", least=1, most=_MOST), number(act, "ack", least=1, most=_MOST)
    if not ack <= write <= ensemble:
        raise Refused(f"{ensemble}/{write}/{ack} cannot be", next_step="ack quorum <= write quorum <= ensemble")
    client = client_of(act)
    writable = sum(one.mode == "rw" for one in await client.bookies.rows())
    if writable < ensemble:
        raise Refused(f"{writable} bookies take writes, {ensemble} are wanted: nothing could be written")
    body = {
        "bookkeeperEnsemble": ensemble,
        "bookkeeperWriteQuorum": write,
        "bookkeeperAckQuorum": ack,
        "managedLedgerMaxMarkDeleteRate": 0.0,
    }
    await client.admin.call("POST", f"/admin/v2/namespaces/{space(row.name)}/persistence", body=body)
    client.policies.forget(row.name)
    return f"{row.name}: new ledgers on {ensemble} bookies, {write} copies, {ack} acknowledged"


async def isolate(act: Act, row: NamespaceRow) -> str:
    """Its bundles stay on brokers whose name matches; they move when they are unloaded."""
    client, policy, clusters = client_of(act), name(act, "name"), await client_of(act).admin.clusters()
    primary, least = _pattern(act.answers.get("primary", "")), number(act, "least", least=1, most=1000)
    matching = [one for one in await client.admin.active() if re.fullmatch(primary, one.rpartition(":")[0])]
    if len(matching) < least:
        raise Refused(f"{primary} matches {len(matching)} brokers that are there, {least} are wanted")
    body = {
        "namespaces": [re.escape(row.name).replace("\\-", "-")],
        "primary": [primary],
        "secondary": [],
        "auto_failover_policy": {
            "policy_type": "min_available",
            "parameters": {"min_limit": str(least), "usage_threshold": "100"},
        },
    }
    path = f"/admin/v2/clusters/{part(clusters[0])}/namespaceIsolationPolicies/{part(policy)}"
    await client.admin.call("POST", path, body=body)
    client.admin.kept.forget("isolation", "namespaces")
    return f"{row.name} belongs to {len(matching)} brokers by the policy {policy}; unload it to move it there"


async def unisolate(act: Act, _row: NamespaceRow) -> str:
    """Takes the policy away, for all namespaces that it names."""
    client, policy = client_of(act), name(act, "name")
    clusters = await client.admin.clusters()
    path = f"/admin/v2/clusters/{part(clusters[0])}/namespaceIsolationPolicies"
    try:
        known = await client.admin.get(path, dict[str, dict[str, object]])
    except NotFound:
        known = {}
    if policy not in known:
        raise Refused(
            f"there is no isolation policy {policy}", next_step=f"there are: {', '.join(sorted(known)) or '-'}"
        )
    await client.admin.call("DELETE", f"{path}/{part(policy)}")
    client.admin.kept.forget("isolation", "namespaces")
    return f"isolation policy {policy} deleted"


def _pattern(given: str) -> str:
    try:
        re.compile(given)
    except re.error as error:
        raise Refused(f"{given!r} is no regular expression: {error}") from error
    if not given.strip():
        raise Refused("a regular expression of brokers' names is wanted")
    return given.strip()


ACTIONS: tuple[Action[NamespaceRow], ...] = (
    Action(
        "persistence",
        "set persistence",
        set_persistence,
        help="how many bookies hold a ledger; too many stop all writing while one is away",
        effect=Effect.DESTROY,
        asks=lambda _row, _facts: (
            Ask("ensemble", "Ensemble: over how many bookies?", "2", number=True),
            Ask("write", "Write quorum: how many copies?", "2", number=True),
            Ask("ack", "Ack quorum: how many must be stored?", "2", number=True),
        ),
    ),
    Action(
        "isolate",
        "isolate on brokers",
        isolate,
        help="its bundles stay on brokers whose name matches",
        asks=lambda row, _facts: (
            Ask("name", "Name of the policy", row.name.replace("/", "-")),
            Ask("primary", "Brokers, as a regular expression of their names", help="for example broker-[01].*"),
            Ask("least", "How many of them must be there at least?", "1", number=True, help="else it moves elsewhere"),
        ),
    ),
    Action(
        "unisolate",
        "end isolation",
        unisolate,
        help="delete an isolation policy of the cluster",
        asks=lambda row, _facts: (Ask("name", "Name of the policy", row.name.replace("/", "-")),),
    ),
)
