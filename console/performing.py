"""An action done to rows: each through the gate, each with its own outcome, one failure never stopping the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from console.errors import ConsoleError
from console.fence import Fence
from console.gate import YES, Deed, Gate
from console.model import Ref
from console.plugin import Act, Action, Pane


class Outcome(Struct, frozen=True):
    """How it ended for one object, in one sentence."""

    subject: Ref
    ok: bool
    text: str


def phrase(title: str, names: Sequence[str]) -> str:
    """What must be typed where consent by name is wanted: the name of one object, `delete 3` for several."""
    return names[0] if len(names) == 1 else f"{title} {len(names)}"


async def perform(  # noqa: PLR0913, PLR0917 - what is done, to what, and under whose consent
    gate: Gate, fence: Fence, act: Act, pane: Pane[Any], action: Action[Any], rows: Sequence[Any], *, typed: str = ""
) -> list[Outcome]:
    """Do `action` to each row. `typed`: what the person typed to agree (see `phrase`), empty for a plain yes."""
    named = bool(rows) and typed == phrase(action.title, [pane.ref(row).name for row in rows])
    outcomes: list[Outcome] = []
    for row in rows:
        subject = pane.ref(row)
        why_not = fence.call(f"{pane.name} action {action.id}", "its plugin failed", action.when, row, act.facts)
        if why_not:
            outcomes.append(Outcome(subject, ok=False, text=why_not))
            continue
        deed = Deed(action.id, subject, action.effect, tuple(action.rights(row)), act.answers.get("reason", ""))
        try:
            text = await gate.perform(deed, lambda row=row: action.run(act, row), given=subject.name if named else YES)
        except ConsoleError as error:
            outcomes.append(Outcome(subject, ok=False, text=str(error)))
        except Exception as error:  # noqa: BLE001 - plugin code: named, and the other objects still get their turn
            fence.caught(f"{pane.name} action {action.id}", error)
            outcomes.append(Outcome(subject, ok=False, text=f"the plugin failed: {type(error).__name__}: {error}"))
        else:
            outcomes.append(Outcome(subject, ok=True, text=text))
    return outcomes
