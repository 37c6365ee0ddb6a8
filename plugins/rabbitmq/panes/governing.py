"""Panes `rabbitmq.policies` and `rabbitmq.users`."""

from __future__ import annotations

from collections.abc import Sequence

from console.model import Ref, Tone
from console.plugin import Action, Ask, Cell, Column, Effect, Facts, Jump, Pane, Section
from plugins.rabbitmq.model import tables
from plugins.rabbitmq.model.governing import PolicyRow, UserRow, matching
from plugins.rabbitmq.panes.cells import count, texts
from plugins.rabbitmq.panes.later import policy_asks, run

_SHOWN = 30


def policy_name(row: PolicyRow) -> str:
    """With what tells an operator policy from a person's."""
    return row.policy.name


def _definition(row: PolicyRow) -> str:
    return " ".join(f"{key}={value}" for key, value in row.policy.definition)


def describe_policy(row: PolicyRow, facts: Facts) -> Sequence[Section]:
    """What it rules, what it would match but another rules, and the queues of its vhost that no policy rules."""
    policy = row.policy
    queues = facts.by(tables.QUEUES_BY_VHOST, policy.vhost)
    ruled = [one for one in queues if one.policy == policy.name]
    lines: list[tuple[str, Cell]] = [(one.name, Cell(one.kind)) for one in ruled[:_SHOWN]]
    others: list[tuple[str, Cell]] = []
    try:
        matched = matching(policy.pattern, policy.applies_to, queues)
        others = [(one.name, Cell(f"ruled by {one.policy or 'none'}")) for one in matched if one.policy != policy.name]
    except ValueError as error:
        others = [("pattern", Cell(str(error), Tone.WARN))]
    none = sum(not one.policy for one in queues)
    found = (
        Section(
            "policy",
            (
                ("pattern", Cell(policy.pattern)),
                ("applies to", Cell(policy.applies_to)),
                ("priority", Cell(str(policy.priority))),
                ("queues here that no policy rules", count(none, Tone.WARN)),
            ),
        ),
        Section("definition", tuple((key, Cell(value)) for key, value in policy.definition)),
        Section("rules", tuple(lines)),
        Section("matches, but another rules", () if policy.operator else tuple(others[:_SHOWN])),
    )
    return [section for section in found if section.lines]


def _own(row: PolicyRow, _facts: Facts) -> str | None:
    return "it was set by the operator of the broker, not by its users" if row.policy.operator else None


def _changed(row: PolicyRow, _facts: Facts) -> Sequence[Ask]:
    return (
        *policy_asks(pattern=row.policy.pattern, applies_to=row.policy.applies_to),
        Ask("definition", "definition (JSON)", default=row.policy.text),
        Ask("priority", "priority (the highest wins)", default=str(row.policy.priority), number=True),
        Ask("matches", "how many queues should it match (empty: any)", help="it is not set when it matches others"),
    )


ACTIONS: tuple[Action[PolicyRow], ...] = (
    Action(
        "try-policy",
        "try another pattern",
        run("try_policy"),
        help="which queues it would match",
        effect=Effect.READ,
        asks=lambda row, _facts: policy_asks(pattern=row.policy.pattern, applies_to=row.policy.applies_to),
    ),
    Action("set-policy", "change", run("set_policy"), help="pattern, definition, priority", when=_own, asks=_changed),
    Action(
        "clear-policy",
        "clear",
        run("clear_policy"),
        help="its queues get the next policy that matches, or none: mirrors and limits may go",
        key="ctrl+d",
        effect=Effect.DESTROY,
        when=_own,
    ),
)

POLICIES: Pane[PolicyRow] = Pane(
    name="rabbitmq.policies",
    title="rabbitmq policies",
    table=tables.POLICIES,
    columns=(
        Column("NAME", policy_name),
        Column("VHOST", lambda row: row.policy.vhost),
        Column("PATTERN", lambda row: row.policy.pattern),
        Column("APPLIES TO", lambda row: row.policy.applies_to, hide_below=90),
        Column("PRIORITY", lambda row: row.policy.priority, align="right", hide_below=80),
        Column(
            "QUEUES",
            lambda row: row.queues,
            lambda row, _now: count(row.queues, Tone.PLAIN),
            help="queues that it rules, as the server says",
            align="right",
        ),
        texts("SET BY", lambda row: "operator" if row.policy.operator else "", hide_below=100),
        Column("DEFINITION", _definition, grow=True, hide_below=70, export=lambda row: dict(row.policy.definition)),
    ),
    ref=lambda row: Ref("policy", row.policy.name, row.policy.vhost),
    aliases=("policies",),
    sort="NAME",
    facets=lambda row: {"vhost": row.policy.vhost, "policy": row.policy.name},
    fault=lambda row: row.queues == 0,
    describe=describe_policy,
    actions=ACTIONS,
    jumps=(
        Jump("queues it rules", "rabbitmq.queues", lambda r, _f: {"vhost": r.policy.vhost, "policy": r.policy.name}),
        Jump("queues without a policy", "rabbitmq.queues", lambda r, _f: {"vhost": r.policy.vhost, "policy": "none"}),
    ),
    reads=(tables.QUEUES,),
    help="Policies, what they set, and how many queues each rules. A vhost needs policies of its own.",
)


def describe_user(row: UserRow, _facts: Facts) -> Sequence[Section]:
    """Tags, and permissions in each vhost."""
    rights = tuple(
        (vhost, Cell(f"configure {configure or '-'}  write {write or '-'}  read {read or '-'}"))
        for vhost, configure, write, read in row.permissions
    )
    return (Section("user", (("tags", Cell(", ".join(row.tags) or "-")),)), Section("permissions", rights))


USERS: Pane[UserRow] = Pane(
    name="rabbitmq.users",
    title="rabbitmq users",
    table=tables.USERS,
    columns=(
        Column("NAME", lambda row: row.name),
        Column(
            "TAGS",
            lambda row: ",".join(row.tags) or None,
            lambda row, _now: Cell(
                ",".join(row.tags) or "-", Tone.ACCENT if "administrator" in row.tags else Tone.PLAIN
            ),
        ),
        Column(
            "VHOSTS",
            lambda row: " ".join(one[0] for one in row.permissions) or None,
            lambda row, _now: Cell(" ".join(one[0] for one in row.permissions) or "-"),
            grow=True,
            export=lambda row: [
                dict(zip(("vhost", "configure", "write", "read"), one, strict=True)) for one in row.permissions
            ],
        ),
    ),
    ref=lambda row: Ref("user", row.name),
    sort="NAME",
    describe=describe_user,
    help="Users, their tags and permissions. Asking for them needs the tag administrator.",
)
