"""Pane `tokens`: bootstrap tokens with which nodes join. Secrets are never read, so they cannot be shown."""

from __future__ import annotations

from collections.abc import Sequence

from console.format import duration, timestamp
from console.model import Ref, Tone
from console.plugin import Action, Cell, Column, Effect, Facts, Pane, Right, Section
from plugins.kubernetes.model import tables
from plugins.kubernetes.model.addresses import CORE, Address
from plugins.kubernetes.model.tokens import Token
from plugins.kubernetes.panes.cells import age_column, moment, optional
from plugins.kubernetes.panes.later import run

_DAY = 86_400.0


def ref(token: Token) -> Ref:
    """The token, by its public id."""
    return Ref("token", token.id, "kube-system", token.uid)


def address(token: Token) -> Address:
    """Where its Secret is."""
    return Address(CORE, "secrets", token.name, "kube-system", token.uid)


def ttl(token: Token, now: float) -> Cell:
    """Time left; `never expires` is flagged, since it is a standing credential."""
    if not token.valid:
        return Cell("unreadable", Tone.BAD)
    if token.expires is None:
        return Cell("never expires", Tone.BAD)
    left = token.expires - now
    if left <= 0:
        return Cell("expired", Tone.MUTED)
    return Cell(duration(left), Tone.WARN if left > _DAY else Tone.OK)


COLUMNS: tuple[Column[Token], ...] = (
    Column("ID", lambda t: t.id),
    Column(
        "TTL",
        lambda t: t.expires if t.expires is not None else float("inf"),
        ttl,
        help="time left",
        export=lambda t: moment(t.expires),
    ),
    Column("USAGES", lambda t: ",".join(t.usages), lambda t, _now: optional(",".join(t.usages))),
    Column("GROUPS", lambda t: ",".join(t.groups), lambda t, _now: optional(",".join(t.groups)), hide_below=120),
    Column("DESCRIPTION", lambda t: t.description, lambda t, _now: optional(t.description), grow=True),
    age_column(lambda t: t.created),
)


def describe(token: Token, facts: Facts) -> Sequence[Section]:
    """Everything but the secret."""
    lines = (
        ("time left", ttl(token, facts.now)),
        ("expires", Cell(timestamp(token.expires) if token.expires else "never")),
        ("usages", optional(", ".join(token.usages))),
        ("groups", optional(", ".join(token.groups))),
        ("description", optional(token.description)),
    )
    return [Section("token", lines)]


TOKENS: Pane[Token] = Pane(
    name="tokens",
    title="tokens",
    table=tables.TOKENS,
    columns=COLUMNS,
    ref=ref,
    aliases=("token", "bootstrap-tokens"),
    sort="ID",
    facets=lambda t: {"token": t.id},
    fault=lambda t: t.forever or not t.valid,
    describe=describe,
    actions=(
        Action(
            "revoke",
            "revoke token",
            run("revoke_token"),
            help="delete it: nobody joins with it any more",
            key="ctrl+d",
            effect=Effect.DESTROY,
            rights=lambda _t: (Right("delete", "secrets", namespace="kube-system"),),
        ),
    ),
    help="Bootstrap tokens: who may join nodes, and for how long. Secrets are never shown.",
)
