"""From a chosen action to its report: questions, what it will touch, the gate, and how it went for each object.

Owns the order of the questions. Whether it may be done is the gate's decision; doing it is the plugin's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from console.errors import Refused
from console.gate import Consent, Deed
from console.performing import phrase
from console.plugin import Action, Effect, Right
from screens.dialogs import Confirm, Report, Touch, question

if TYPE_CHECKING:
    from screens.browse import PanePage
    from screens.desk import Desk


async def act(page: PanePage, action: Action[Any], rows: Sequence[Any]) -> None:
    """Ask, confirm, perform on each row, report. `rows` are those chosen when the key was pressed."""
    subjects = [page.pane.ref(row) for row in rows]
    if len(rows) == 1:  # several may need different rights, and each is reported
        await may(page.desk, action.rights(rows[0]), f"{action.id} {subjects[0]}")
    answers = await _answers(page, action, rows[0])
    if answers is None:
        return
    deed = Deed(action.id, subjects[0], action.effect)
    names = tuple(str(subject) for subject in subjects)
    wanted = phrase(action.title, [subject.name for subject in subjects])
    title = f"{action.title} {names[0]}" if len(names) == 1 else f"{action.title} {count(len(names))}"
    typed = await agreed(page.desk, deed, title, names, wanted)
    if typed is None:
        return
    page.desk.say(f"{action.title}: at work on {count(len(rows))}")
    outcomes = await page.desk.kernel.perform(page.instance, page.pane, action, rows, answers, typed)
    if len(outcomes) == 1:
        page.desk.say(outcomes[0].text, "information" if outcomes[0].ok else "error")
    else:
        lines = [(str(outcome.subject), outcome.ok, outcome.text) for outcome in outcomes]
        await page.desk.ask(Report(f"{action.title}: {count(len(rows))}", lines))


async def may(desk: Desk, rights: Sequence[Right], what: str) -> None:
    """Raise Refused with a ready role where a right is missing, before anything is asked."""
    missing = await (await desk.kernel.gate()).missing(rights)
    desk.changed()
    if missing:
        raise Refused(f"you may not {what}", next_step=missing)


def count(number: int) -> str:
    """`1 object`, `3 objects`."""
    return "1 object" if number == 1 else f"{number} objects"


async def _answers(page: PanePage, action: Action[Any], row: Any) -> dict[str, str] | None:
    """The action's questions, asked once for all rows; None when one was dismissed."""
    answers: dict[str, str] = {}
    where = f"{page.pane.name} action {action.id} asks"
    for ask in page.desk.kernel.fence.call(where, (), action.asks, row, page.facts):
        answer = await page.desk.ask(question(ask))
        if answer is None:
            return None
        answers[ask.id] = answer
    return answers


async def agreed(desk: Desk, deed: Deed, title: str, names: tuple[str, ...], wanted: str) -> str | None:
    """Show what will be touched and ask as much as the gate wants. What was typed, empty for a yes; None: no."""
    gate = await desk.kernel.gate()
    consent = gate.consent(deed)
    if consent is Consent.NONE:
        return ""
    context = desk.kernel.context
    warnings: list[str] = []
    if gate.rules.production:
        warnings.append(f"{context} is a production context")
    if deed.effect is Effect.DESTROY:
        warnings.append("this cannot be undone")
    typed = wanted if consent is Consent.NAME else ""
    sentence = f"{title} in {context}" if context else title
    return await desk.ask(Confirm(Touch(title, sentence, names, tuple(warnings), typed)))
