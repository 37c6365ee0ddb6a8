"""The pane, as data. Tones say what a cell means; a theme decides how that looks."""

from __future__ import annotations

from console.model import Ref, Tone
from console.plugin import Act, Action, Cell, Column, Effect, Pane
from pilothouse_ports.model import PORTS, Port


def _state(row: Port, _now: float) -> Cell:
    return Cell("open", Tone.OK) if row.open else Cell("closed", Tone.BAD)


async def _look_again(act: Act, row: Port) -> str:
    found = await act.client.look(row.host, row.port)
    return f"{row.name} is {'open' if found.open else f'closed: {found.why}'}"


PANES = (
    Pane(
        name="ports",
        title="ports",
        table=PORTS,
        columns=(
            Column("ADDRESS", lambda row: row.name),
            Column("STATE", lambda row: "open" if row.open else "closed", _state),
            Column("TOOK", lambda row: row.took, lambda row, _now: Cell(f"{1000 * row.took:.0f} ms"), align="right"),
            Column("WHY", lambda row: row.why, grow=True, hide_below=60),
        ),
        ref=lambda row: Ref("port", row.name),
        fault=lambda row: not row.open,
        actions=(Action("look", "Look again", _look_again, key="r", effect=Effect.READ),),
        help="TCP ports that were asked for in the configuration",
    ),
)
