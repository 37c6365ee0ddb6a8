"""Handing the terminal over and taking it back: a shell in a row, and a row's YAML in the person's editor.

Owns the order (rights, suspend, what is shown before and after). The bytes are `console.terminal`'s business.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from textual.app import SuspendNotSupported

from console import terminal
from console.errors import ConsoleError, Refused
from console.gate import Consent, Deed
from console.plugin import Effect
from console.text import clean
from screens.acting import agreed, may
from screens.dialogs import Choice, Confirm, Touch
from screens.paint import app_of

if TYPE_CHECKING:
    from screens.browse import PanePage
    from screens.desk import Desk


@contextmanager
def handed_over(desk: Desk) -> Generator[None]:
    """The terminal belongs to somebody else inside; nothing of ours is painted. Raises Refused where that cannot be."""
    try:
        app = app_of(desk)
        with app.batch_update(), app.suspend():
            yield
    except SuspendNotSupported as error:
        raise Refused("this terminal cannot be handed over") from error


async def open_shell(page: PanePage, row: Any) -> None:
    """A shell in the row's container; the console is back when it ends."""
    desk, shell = page.desk, page.pane.shell
    if shell is None:
        return
    targets = desk.kernel.fence.call(f"{page.pane.name} shell targets", (), shell.targets, row, page.facts)
    if not targets:
        raise Refused("there is nothing here in which a shell could run")
    target = targets[0] if len(targets) == 1 else await desk.ask(Choice("shell in", list(targets)))
    if target is None:
        return
    subject = page.pane.ref(row)
    deed = Deed("shell", subject, Effect.CHANGE, tuple(shell.rights(row)), target)
    gate = await desk.kernel.gate()
    if refusal := gate.refusal(deed):
        raise Refused(refusal)
    await may(desk, deed.rights, f"open a shell in {subject}")
    given = "yes"
    if gate.consent(deed) is Consent.NAME:
        typed = await agreed(desk, deed, f"shell in {target}", (str(subject),), subject.name)
        if typed is None:
            return
        given = typed
    client = await desk.kernel.client(page.instance)

    async def session() -> str:
        far = await shell.open(client, row, target)
        with handed_over(desk):
            _say(f"shell in {subject} {target}; it ends with exit, or with ctrl-] when it does not answer")
            code = await terminal.interact(far)
        return f"ended with {code}" if code is not None else "ended"

    desk.say(f"{subject.name}: shell {await gate.perform(deed, session, given=given)}")


def _say(text: str) -> None:
    sys.stdout.write(f"\x1b[2J\x1b[H{clean(text)}\r\n")
    sys.stdout.flush()


async def edit(page: PanePage, row: Any) -> None:
    """The row's YAML in the editor, then a dry run on the server, then a question, then the write through the gate."""
    desk, manifest = page.desk, page.pane.manifest
    if manifest is None or manifest.write is None:
        return
    subject = page.pane.ref(row)
    deed = Deed("edit", subject, Effect.CHANGE, tuple(manifest.rights(row)))
    gate = await desk.kernel.gate()
    if refusal := gate.refusal(deed):
        raise Refused(refusal)
    await may(desk, deed.rights, f"edit {subject}")
    client = await desk.kernel.client(page.instance)
    write, before = manifest.write, await manifest.read(client, row, True)
    text, problem = before, ""
    while True:
        header = _commented(problem)
        with handed_over(desk):
            changed = await terminal.edited(header + text, suffix=".yaml", environ=os.environ)
        text = _without(changed, header)
        if text == before or not text.strip():
            desk.say("nothing was changed")
            return
        try:
            await write(client, row, text, True)
        except ConsoleError as error:
            problem = str(error)
            again = Touch("the server refuses", clean(problem, 400), warnings=("enter opens the editor again",))
            if await desk.ask(Confirm(again)) is None:
                desk.say("nothing was changed", "warning")
                return
        else:
            break
    typed = await agreed(desk, deed, f"edit {subject}", _difference(before, text), subject.name)
    if typed is None:
        desk.say("nothing was changed")
        return
    said = await gate.perform(deed, lambda: write(client, row, text, False), given=typed or "yes")
    desk.say(said)


def _commented(text: str) -> str:
    lines = [f"# {clean(line, 400)}" for line in text.splitlines()]
    return "\n".join([*lines, ""]) if lines else ""


def _without(text: str, header: str) -> str:
    """The text without the words that were put above it."""
    return text.removeprefix(header)


def _difference(before: str, after: str) -> tuple[str, ...]:
    """The lines that differ, as a person reads them: `- old`, `+ new`."""
    import difflib

    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return tuple(clean(line, 200) for line in lines if not line.startswith(("---", "+++", "@@")))
