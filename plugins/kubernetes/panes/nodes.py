"""Pane `nodes`: state, who has it out, what stands there, what is free, and whether it can go."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from console.format import age, clock_time, percent, size, timestamp
from console.model import Answer, Ref, Tone
from console.plugin import Action, Ask, Cell, Column, Facts, Jump, Pane, Right, Section
from plugins.kubernetes.joins.nodes import NODE_VIEWS, NodeView
from plugins.kubernetes.model import marks
from plugins.kubernetes.model.addresses import CORE, Address
from plugins.kubernetes.model.quantity import cores
from plugins.kubernetes.model.usage import Fill
from plugins.kubernetes.panes.cells import age_column, count, moment, optional
from plugins.kubernetes.panes.later import run
from plugins.kubernetes.panes.manifests import manifest
from plugins.kubernetes.panes.podparts import events_section
from plugins.kubernetes.panes.verdicts import verdict_cell, verdict_lines

_BEAT_LATE = 40.0
_FULL, _FILLING = 0.9, 0.8
_RANK = {Answer.SAFE: 0, Answer.DECIDE: 1, Answer.NO: 2, Answer.UNKNOWN: 3}


def ref(view: NodeView) -> Ref:
    """The node itself."""
    return Ref("node", view.node.name, uid=view.node.uid)


def address(view: NodeView) -> Address:
    """Where the API has it."""
    return Address(CORE, "nodes", view.node.name, uid=view.node.uid)


def _state(view: NodeView, now: float) -> Cell:
    node = view.node
    if node.ready is not True:
        return Cell(f"{node.state} {age(node.ready_since, now)}", Tone.BAD)
    return Cell(node.state, Tone.WARN if node.cordoned or node.troubles else Tone.OK)


def _out_by(view: NodeView) -> str:
    node = view.node
    if not node.cordoned and not node.marks and not view.held:
        return ""
    return marks.holder(node.marks) or ", ".join(view.held) or ("?" if node.cordoned else "")


def _out_cell(view: NodeView, now: float) -> Cell:
    """Who has it out, since when, until when announced; warned of where that is over."""
    held = view.node.marks
    since, until = marks.stamp(held, marks.OUT_SINCE), marks.stamp(held, marks.OUT_UNTIL)
    gone, end = age(since, now) if since else "", f"until {clock_time(until, seconds=False)}" if until else ""
    text = " ".join(word for word in (_out_by(view), gone, end) if word)
    return Cell(f"{text}, over" if until and until < now else text, Tone.WARN) if text else optional("")


def _beat(view: NodeView, now: float) -> Cell:
    if view.renewed is None:
        return Cell("-", Tone.MUTED)
    late = now - view.renewed
    return Cell("ok", Tone.OK) if late < _BEAT_LATE else Cell(age(view.renewed, now), Tone.BAD)


def _share(part: int | None, whole: int) -> float | None:
    return None if part is None or not whole else part / whole


def _used(part: int | None, whole: int) -> Cell:
    share = _share(part, whole)
    tone = (
        Tone.MUTED if share is None else Tone.BAD if share >= _FULL else Tone.WARN if share >= _FILLING else Tone.PLAIN
    )
    return Cell(percent(part, whole), tone)


def fill_cell(fill: Fill | None) -> Cell:
    """How full a disk or volume is."""
    share = fill.share if fill else None
    if share is None:
        return Cell("-", Tone.MUTED)
    tone = Tone.BAD if share >= _FULL else Tone.WARN if share >= _FILLING else Tone.PLAIN
    return Cell(f"{100 * share:.0f} %", tone)


def _fullest(view: NodeView) -> float | None:
    return view.fullest.fill.share if view.fullest else None


def can_go(view: NodeView, _now: float = 0.0) -> Cell:
    """The verdict, or `out` for a node that is empty of what a drain would move."""
    if view.node.cordoned and marks.mark(view.node.marks, marks.RUN):
        return Cell("out", Tone.MUTED)
    return verdict_cell(view.verdict)


def _judgement(view: NodeView) -> dict[str, object]:
    """The verdict for machines: its answer, and every reason."""
    reasons = [{"answer": r.answer.value, "topic": r.topic, "text": r.text} for r in view.verdict.reasons]
    return {"answer": view.verdict.answer.value, "reasons": reasons}


def _use(title: str, of: Callable[[NodeView], tuple[int | None, int]]) -> Column[NodeView]:
    """How much of what the node has is used."""
    return Column(title, lambda v: _share(*of(v)), lambda v, _now: _used(*of(v)), align="right", hide_below=80)


def _requests(title: str, of: Callable[[NodeView], tuple[int, int]], words: Callable[[int], str]) -> Column[NodeView]:
    """How much of what the node has is asked for by its pods."""
    return Column(
        title,
        lambda v: _share(*of(v)),
        lambda v, _now: Cell(" of ".join(map(words, of(v)))),
        align="right",
        wide=True,
        help="requests of allocatable",
    )


COLUMNS: tuple[Column[NodeView], ...] = (
    Column("NAME", lambda v: v.node.name),
    Column("STATE", lambda v: v.node.state, _state),
    Column("ROLE", lambda v: ",".join(v.node.roles) or None, lambda v, _now: optional(",".join(v.node.roles))),
    Column("POOL", lambda v: v.node.pool or None, lambda v, _now: optional(v.node.pool), hide_below=160),
    Column("OUT BY", lambda v: _out_by(v) or None, _out_cell, hide_below=100),
    Column("PODS", lambda v: v.pods, lambda v, _now: count(v.pods), align="right", hide_below=120),
    Column(
        "MEMBERS",
        lambda v: len(v.members),
        lambda v, _now: optional(" ".join(v.members)),
        export=lambda v: list(v.members),
        help="members of sets that stand here",
        width=24,
        hide_below=130,
    ),
    Column(
        "LOCAL",
        lambda v: v.local_size,
        lambda v, _now: optional(size(v.local_size) if v.local else ""),
        help="size of the local volumes pinned to this node",
        align="right",
        hide_below=110,
    ),
    _use("CPU", lambda v: (v.cpu_used, v.node.cpu)),
    _use("MEM", lambda v: (v.memory_used, v.node.memory)),
    Column(
        "CAN GO?",
        lambda v: (_RANK[v.verdict.answer], len(v.verdict.decisions)),
        can_go,
        export=_judgement,
        help="what a drain would meet now",
        grow=True,
    ),
    _requests("CPU REQ", lambda v: (v.cpu, v.node.cpu), cores),
    _requests("MEM REQ", lambda v: (v.memory, v.node.memory), size),
    Column(
        "DISK",
        lambda v: v.disk.share if v.disk else None,
        lambda v, _now: fill_cell(v.disk),
        align="right",
        wide=True,
        help="fill of the kubelet's disk, bytes or inodes",
    ),
    Column(
        "FULLEST",
        _fullest,
        lambda v, _now: fill_cell(v.fullest.fill if v.fullest else None),
        align="right",
        wide=True,
        help="fill of the fullest volume here",
    ),
    Column(
        "BEAT",
        lambda v: v.renewed,
        _beat,
        wide=True,
        export=lambda v: moment(v.renewed),
        help="the kubelet's heartbeat: ok, or its age",
    ),
    Column("VERSION", lambda v: v.node.version, wide=True),
    Column("ADDRESS", lambda v: v.node.addresses[0] if v.node.addresses else None, wide=True),
    age_column(lambda v: v.node.created),
)


def describe(view: NodeView, facts: Facts) -> Sequence[Section]:
    """The detail panel: the whole verdict first."""
    node, now = view.node, facts.now
    about: list[tuple[str, Cell]] = [
        ("state", _state(view, now)),
        ("since", optional(timestamp(node.ready_since) if node.ready_since else "")),
        ("heartbeat", _beat(view, now)),
        ("requests", Cell(f"{cores(view.cpu)} of {cores(node.cpu)} cores, {size(view.memory)} of {size(node.memory)}")),
        ("pods", Cell(f"{view.pods} of {node.pods}")),
        ("taints", optional(", ".join(str(taint) for taint in node.taints))),
        ("addresses", optional(", ".join(node.addresses))),
        ("kubelet", Cell(f"{node.version}, {node.runtime}, {node.image}, kernel {node.kernel}")),
    ]
    found = [
        Section("can it go?", tuple(verdict_lines(view.verdict))),
        Section("node", tuple(about)),
        Section("marks", tuple((mark.name, Cell(f"{mark.value} ({mark.by})")) for mark in node.marks)),
        Section(
            "conditions",
            tuple(
                (one.type, Cell(f"{one.status} {one.reason} {age(one.since, now)}: {one.message}"))
                for one in node.conditions
            ),
        ),
        Section("members", tuple(("", Cell(name)) for name in view.members)),
        events_section(f"Node {node.name}", facts),
        Section("labels", tuple((key, Cell(value)) for key, value in node.labels)),
    ]
    return [section for section in found if section.lines]


def _patch(_view: NodeView) -> Sequence[Right]:
    return (Right("patch", "nodes"),)


ACTIONS: tuple[Action[NodeView], ...] = (
    Action(
        "cordon",
        "cordon",
        run("cordon"),
        help="no new pods on this node; what runs there stays",
        key="c",
        when=lambda view, _facts: "it is cordoned already" if view.node.cordoned else None,
        rights=_patch,
        asks=lambda _view, _facts: (Ask("reason", "reason"),),
    ),
    Action(
        "uncordon",
        "uncordon",
        run("uncordon"),
        help="new pods may come again",
        key="u",
        when=lambda view, _facts: None if view.node.cordoned else "it is not cordoned",
        rights=_patch,
    ),
)

NODES: Pane[NodeView] = Pane(
    name="nodes",
    title="nodes",
    table=NODE_VIEWS,
    columns=COLUMNS,
    ref=ref,
    aliases=("no", "node"),
    sort="NAME",
    labels=lambda v: dict(v.node.labels),
    facets=lambda v: {"node": v.node.name},
    fault=lambda v: v.node.ready is not True or bool(v.node.troubles) or v.node.cordoned,
    describe=describe,
    actions=ACTIONS,
    jumps=(
        Jump("pods of the node", "pods", lambda v, _facts: {"node": v.node.name}),
        Jump("volumes on the node", "volumes", lambda v, _facts: {"node": v.node.name} if v.local else None),
        Jump("members on the node", "stateful", lambda v, _facts: {"node": v.node.name} if v.members else None),
        Jump("events of the node", "events", lambda v, _facts: {"about": f"Node {v.node.name}"}),
    ),
    manifest=manifest(address),
    help="Every node, what stands on it, and what a drain would meet.",
)
