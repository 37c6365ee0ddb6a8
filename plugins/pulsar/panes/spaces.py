"""Panes `pulsar.tenants` and `pulsar.namespaces`: who owns what, and by which policies messages are kept."""

from __future__ import annotations

from collections.abc import Sequence

from console.format import duration, size
from console.model import Ref, Tone
from console.plugin import Cell, Column, Facts, Jump, Pane, Section
from console.text import clean
from plugins.pulsar.acts import spaces
from plugins.pulsar.model import tables
from plugins.pulsar.model.rows import NamespaceRow, TenantRow
from plugins.pulsar.model.wire import Isolation, Policies, Quota, Retention
from plugins.pulsar.panes.cells import numbers, rate, text, volume, words

TENANTS: Pane[TenantRow] = Pane(
    name="pulsar.tenants",
    title="tenants",
    table=tables.TENANTS,
    columns=(
        Column("TENANT", lambda row: row.name),
        numbers("NAMESPACES", lambda row: row.namespaces),
        words("ADMIN ROLES", lambda row: ",".join(row.roles or ())),
        words("CLUSTERS", lambda row: ",".join(row.clusters or ())),
        words("NOTE", lambda row: row.fault, grow=True, tone=Tone.WARN),
    ),
    ref=lambda row: Ref("tenant", row.name),
    aliases=("tenants",),
    sort="TENANT",
    facets=lambda row: {"tenant": row.name},
    fault=lambda row: bool(row.fault),
    actions=spaces.TENANT_ACTIONS,
    jumps=(Jump("namespaces", "pulsar.namespaces", lambda row, _facts: {"tenant": row.name}),),
    help="Tenants: who may administer them, and where.",
)


def retention(told: Retention | None) -> str:
    """`1 d, 100Mi`; empty where it is the broker's default."""
    if told is None:
        return ""
    minutes, megabytes = told.retention_time_in_minutes, told.retention_size_in_mb
    time = "for ever" if minutes < 0 else duration(60 * minutes)
    space = "no limit" if megabytes < 0 else size(megabytes * 1024 * 1024)
    return f"{time}, {space}"


def quota(quotas: dict[str, Quota] | None) -> str:
    """`10Mi producer_request_hold`; empty where none is set."""
    parts: list[str] = []
    for one in (quotas or {}).values():
        limit = one.limit_size if one.limit_size is not None else one.limit
        if limit is not None and limit >= 0:
            parts.append(f"{size(limit)} {one.policy or ''}".strip())
        if one.limit_time is not None and one.limit_time > 0:
            parts.append(f"{duration(one.limit_time)} {one.policy or ''}".strip())
    return ", ".join(parts)


def quorums(told: Policies | None) -> str:
    """`3/3/2`: ensemble, write quorum, ack quorum; empty where the brokers' default holds."""
    own = told.persistence if told is not None else None
    if own is None:
        return ""
    return f"{own.bookkeeper_ensemble}/{own.bookkeeper_write_quorum}/{own.bookkeeper_ack_quorum}"


def _ttl(row: NamespaceRow) -> int | None:
    return row.policies.message_ttl_in_seconds if row.policies is not None else None


def _ttl_cell(row: NamespaceRow, _now: float) -> Cell:
    seconds = _ttl(row)
    return text(duration(seconds) if seconds else "")


def _isolation(row: NamespaceRow) -> str:
    return ", ".join(name for name, _ in row.isolation or ())


def _isolated(policy: Isolation) -> Cell:
    """`broker-[01].*, at least 1; else broker-2.*`."""
    least = f", at least {clean(policy.least, 20)}" if policy.least else ""
    other = clean(", ".join(policy.secondary), 200)
    return Cell(f"{clean(', '.join(policy.primary), 200)}{least}" + (f"; else {other}" if other else ""))


_COLUMNS: tuple[Column[NamespaceRow], ...] = (
    Column("NAMESPACE", lambda row: row.name, grow=True),
    numbers("TOPICS", lambda row: row.topics),
    numbers("BACKLOG", lambda row: row.backlog),
    numbers("IN/S", lambda row: row.rate_in, rate),
    numbers("OUT/S", lambda row: row.rate_out, rate),
    numbers("STORAGE", lambda row: row.storage, volume, hide_below=80),
    words(
        "RETENTION", lambda row: retention(row.policies.retention_policies if row.policies else None), hide_below=100
    ),
    Column("TTL", _ttl, _ttl_cell, align="right", hide_below=100),
    words("QUOTA", lambda row: quota(row.policies.backlog_quota_map if row.policies else None), hide_below=120),
    words("E/QW/QA", lambda row: quorums(row.policies), hide_below=110, about="ensemble, write and ack quorum"),
    words("ISOLATION", _isolation, hide_below=130, about="the cluster's policies that keep it on some brokers"),
    numbers(
        "BUNDLES",
        lambda row: row.policies.bundles.num_bundles if row.policies and row.policies.bundles else None,
        hide_below=140,
    ),
    words("NOTE", lambda row: row.fault, hide_below=90, tone=Tone.WARN),
)


def _describe(row: NamespaceRow, _facts: Facts) -> Sequence[Section]:
    told = row.policies
    if told is None:
        return [Section("policies", (("", Cell("not read yet", Tone.MUTED)),))]
    roles = (told.auth_policies.namespace_auth or {}) if told.auth_policies is not None else {}
    lines = (
        ("retention", text(retention(told.retention_policies) or "the broker's default")),
        ("message TTL", _ttl_cell(row, 0.0)),
        ("backlog quota", text(quota(told.backlog_quota_map) or "the broker's default")),
        ("quorums", text(quorums(told) or "the broker's default")),
        ("clusters", text(", ".join(told.replication_clusters or ()))),
    )
    granted = tuple((role, Cell(", ".join(actions))) for role, actions in sorted(roles.items()))
    isolated = tuple((name, _isolated(policy)) for name, policy in row.isolation or ())
    kept = ("", text("" if row.isolation is not None else "could not be asked"))
    return [
        Section("policies", lines),
        Section("kept on brokers", isolated or (kept,)),
        Section("granted to", granted or (("", text("")),)),
    ]


NAMESPACES: Pane[NamespaceRow] = Pane(
    name="pulsar.namespaces",
    title="namespaces",
    table=tables.NAMESPACES,
    columns=_COLUMNS,
    ref=lambda row: Ref("pulsar-namespace", row.name),
    aliases=("pns",),
    sort="NAMESPACE",
    facets=lambda row: {"tenant": row.tenant, "namespace": row.name},
    fault=lambda row: bool(row.fault),
    describe=_describe,
    actions=spaces.NAMESPACE_ACTIONS,
    jumps=(
        Jump("topics", "pulsar.topics", lambda row, _facts: {"namespace": row.name}),
        Jump("bundles", "pulsar.bundles", lambda row, _facts: {"namespace": row.name}),
    ),
    help="Namespaces: sums of their loaded topics, and the policies that are set. Empty: the broker's default.",
)
