"""Pane `budgets`: what each PodDisruptionBudget lets go, and why not more."""

from __future__ import annotations

from collections.abc import Sequence

from console.model import Ref, Tone
from console.plugin import Action, Cell, Column, Facts, Jump, Pane, Section
from plugins.kubernetes.joins.touching import pods_of_budget
from plugins.kubernetes.model import tables
from plugins.kubernetes.model.addresses import POLICY, Address
from plugins.kubernetes.model.budgets import Budget
from plugins.kubernetes.panes.cells import age_column, optional, ratio, status_tone
from plugins.kubernetes.panes.later import run
from plugins.kubernetes.panes.manifests import manifest


def ref(budget: Budget) -> Ref:
    """The budget itself."""
    return Ref("poddisruptionbudget", budget.name, budget.namespace, budget.uid)


def address(budget: Budget) -> Address:
    """Where the API has it."""
    return Address(POLICY, "poddisruptionbudgets", budget.name, budget.namespace, budget.uid)


def _allowed(budget: Budget, _now: float) -> Cell:
    tone = Tone.OK if budget.allowed else Tone.MUTED if not budget.expected else Tone.BAD
    return Cell(str(budget.allowed), tone)


def _why(budget: Budget) -> str:
    return budget.blocked or ("selects no pod" if not budget.expected else "")


COLUMNS: tuple[Column[Budget], ...] = (
    Column("NAME", lambda b: b.name, grow=True),
    Column("NAMESPACE", lambda b: b.namespace, hide_below=80),
    Column("RULE", lambda b: b.demand),
    Column("ALLOWED", lambda b: b.allowed, _allowed, align="right", help="healthy pods that may go now"),
    Column(
        "HEALTHY",
        lambda b: b.healthy - b.expected,
        lambda b, _now: ratio(b.healthy, b.expected),
        export=lambda b: b.healthy,
    ),
    Column("DESIRED", lambda b: b.desired, align="right", hide_below=90),
    Column("WHY BLOCKED", lambda b: _why(b) or None, lambda b, _now: optional(_why(b), Tone.WARN), hide_below=100),
    age_column(lambda b: b.created),
    Column("UNHEALTHY", lambda b: b.unhealthy, wide=True, help="policy for evicting pods that are not ready"),
    Column("SELECTOR", lambda b: str(b.selector) if b.selector else None, wide=True),
)


def describe(budget: Budget, facts: Facts) -> Sequence[Section]:
    """The arithmetic, and the pods that it selects."""
    pods = sorted(pods_of_budget(budget, facts), key=lambda pod: pod.name)
    about = (
        ("rule", Cell(budget.demand)),
        (
            "now",
            Cell(f"{budget.healthy} of {budget.expected} healthy, needs {budget.desired}, allows {budget.allowed}"),
        ),
        ("blocked", optional(budget.blocked, Tone.BAD)),
        ("not ready ones", Cell(budget.unhealthy)),
        ("selector", optional(str(budget.selector) if budget.selector else "none: it selects nothing")),
    )
    lines = tuple((p.name, Cell(f"{p.status} on {p.node or '-'}", status_tone(p.status))) for p in pods[:50])
    return [Section("budget", about), Section("pods", lines)] if lines else [Section("budget", about)]


BUDGETS: Pane[Budget] = Pane(
    name="budgets",
    title="budgets",
    table=tables.BUDGETS,
    columns=COLUMNS,
    ref=ref,
    aliases=("pdb", "pdbs", "poddisruptionbudgets", "budget"),
    sort="NAME",
    labels=lambda b: dict(b.labels),
    facets=lambda b: {"namespace": b.namespace, "budget": b.name},
    fault=lambda b: bool(b.blocked) or not b.expected,
    describe=describe,
    actions=(
        Action(
            "delete",
            "delete budget",
            run("delete_budget"),
            help="its pods can then be evicted all at once",
            key="ctrl+d",
            rights=lambda b: (address(b).right("delete"),),
        ),
    ),
    jumps=(Jump("pods of its namespace", "pods", lambda b, _facts: {"namespace": b.namespace}),),
    manifest=manifest(address),
    reads=(tables.PODS,),
    help="Budgets: how many pods may go, how many must stay, and why one blocks.",
)
