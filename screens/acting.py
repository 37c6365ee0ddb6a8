"""From a chosen action to its report: questions, what it will touch, the gate, and how it went for each object.

Owns the order of the questions. Whether it may be done is the gate's decision; doing it is the plugin's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from console.performing import phrase
from console.plugin import Action, Effect
from screens.dialogs import Confirm, Report, Touch, question

if TYPE_CHECKING:
    from screens.browse import PanePage


async def act(page: PanePage, action: Action[Any], rows: Sequence[Any]) -> None:
    """Ask, confirm, perform on each row, report. `rows` are those chosen when the key was pressed."""
    answers = await _answers(page, action, rows[0])
    typed = None if answers is None else await _agreed(page, action, rows)
    if answers is None or typed is None:
        return
    page.desk.say(f"{action.title}: at work on {_count(rows)}")
    outcomes = await page.desk.kernel.perform(page.instance, page.pane, action, rows, answers, typed)
    lines = [(str(outcome.subject), outcome.ok, outcome.text) for outcome in outcomes]
    if len(lines) == 1:
        _, ok, text = lines[0]
        page.desk.say(text, "information" if ok else "error")
    else:
        await page.desk.ask(Report(f"{action.title}: {_count(rows)}", lines))


def _count(rows: Sequence[Any]) -> str:
    return "1 object" if len(rows) == 1 else f"{len(rows)} objects"


async def _answers(page: PanePage, action: Action[Any], row: Any) -> dict[str, str] | None:
    """The action's questions, asked once for all rows; None when one was dismissed."""
    answers: dict[str, str] = {}
    for ask in action.asks(row, page.facts):
        answer = await page.desk.ask(question(ask))
        if answer is None:
            return None
        answers[ask.id] = answer
    return answers


async def _agreed(page: PanePage, action: Action[Any], rows: Sequence[Any]) -> str | None:
    """Show what will be touched and ask; gives what was typed where a name is wanted, None when the answer was no."""
    if action.effect is Effect.READ:
        return ""
    kernel = page.desk.kernel
    context = kernel.platform.name
    production = kernel.settings.is_production(context)
    names = tuple(str(page.pane.ref(row)) for row in rows)
    typed = ""
    if action.effect is Effect.DESTROY or production:
        typed = phrase(action.title, [page.pane.ref(row).name for row in rows])
    warnings = [f"{context} is a production context"] if production else []
    if action.effect is Effect.DESTROY:
        warnings.append("this cannot be undone")
    touch = Touch(f"{action.title} in {context}", f"{action.title}: {_count(rows)}", names, tuple(warnings), typed)
    return typed if await page.desk.ask(Confirm(touch)) else None
