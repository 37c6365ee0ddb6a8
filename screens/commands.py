"""What a person can do now, once declared and used five times: key, footer, palette, row menu and help.

Owns `Command` and the lists made of a pane's declarations. Refuses to do anything itself: running a command, and the
questions around it, belong to `acting.py` and to the pages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from console.gate import LOOKING
from console.plugin import Effect
from screens.keymap import Keymap, label


def _allowed() -> str | None:
    return None


class Command(Struct, frozen=True):
    """One thing to do. `why` gives None or the reason, in one line, for which it cannot be used now.

    `run` is called without arguments; what it returns is awaited when it can be. `hint` puts it into the footer,
    `row` into the menu of the row under the cursor. `group` is its heading in help.
    """

    id: str
    title: str
    run: Callable[[], object]
    key: str = ""
    help: str = ""
    group: str = "console"
    effect: Effect = Effect.READ
    why: Callable[[], str | None] = _allowed
    hint: bool = False
    row: bool = False

    @property
    def key_label(self) -> str:
        """The key as people write it, empty where there is none."""
        return label(self.key) if self.key else ""


def keyed(commands: Iterable[Command], keymap: Keymap) -> tuple[Command, ...]:
    """The same commands with the keys that the person's keymap gives them; the first of two on one key keeps it."""
    taken: set[str] = set()
    out: list[Command] = []
    for command in commands:
        key = keymap.key(command.id, command.key)
        out.append(replace(command, key="" if key in taken else key))
        taken.add(key)
    return tuple(out)


def looking(commands: Iterable[Command]) -> tuple[Command, ...]:
    """The commands of a console that was started to look: what changes something is not offered, and says why."""
    return tuple(
        command if command.effect is Effect.READ else replace(command, hint=False, why=lambda: LOOKING)
        for command in commands
    )


def by_key(commands: Sequence[Command], key: str) -> Command | None:
    """The command on a key."""
    return next((command for command in commands if key and command.key == key), None)


def fenced_why(command: Command) -> str | None:
    """`why` of a command; a plugin's predicate that raises disables the command and says so."""
    try:
        return command.why()
    except Exception as error:  # noqa: BLE001  # plugin code must not end the program
        return f"cannot be judged: {type(error).__name__}: {error}"
