"""Pane `nodes`."""

from __future__ import annotations

from console.model import Ref, Tone
from console.plugin import Cell, Column, Pane
from plugins.kubernetes.model import tables
from plugins.kubernetes.model.nodes import Node
from plugins.kubernetes.panes.cells import age_column, optional


def ref(node: Node) -> Ref:
    """The node itself."""
    return Ref("node", node.name, uid=node.uid)


def state_cell(node: Node) -> Cell:
    """State with its tone: pressures and cordon warn, anything but Ready is bad."""
    if node.ready is not True:
        return Cell(node.state, Tone.BAD)
    return Cell(node.state, Tone.WARN if node.cordoned or node.troubles else Tone.OK)


COLUMNS: tuple[Column[Node], ...] = (
    Column("NAME", lambda n: n.name),
    Column("STATE", lambda n: n.state, lambda n, _now: state_cell(n)),
    Column("ROLE", lambda n: ",".join(n.roles), lambda n, _now: optional(",".join(n.roles))),
    Column("VERSION", lambda n: n.version, hide_below=100),
    age_column(lambda n: n.created),
)

NODES: Pane[Node] = Pane(
    name="nodes",
    title="nodes",
    table=tables.NODES,
    columns=COLUMNS,
    ref=ref,
    aliases=("no", "node"),
    sort="NAME",
    labels=lambda n: dict(n.labels),
    facets=lambda n: {"node": n.name},
    fault=lambda n: n.ready is not True or bool(n.troubles) or n.cordoned,
)
