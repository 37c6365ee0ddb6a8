"""The palette (`ctrl-p`): the same commands, found by name."""

from __future__ import annotations

from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from screens.commands import Command, fenced_why
from screens.desk import Desk


class CommandProvider(Provider):
    """Offers what can be done on the page in front."""

    def _commands(self) -> tuple[Desk, tuple[Command, ...]] | None:
        screen = self.screen
        return (screen, screen.commands) if isinstance(screen, Desk) and screen.opened else None

    async def discover(self) -> Hits:
        if (found := self._commands()) is not None:
            desk, commands = found
            for command in commands:
                yield DiscoveryHit(
                    Content(_title(command)), partial(desk.run_command, command), command.title, _help(command)
                )

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        if (found := self._commands()) is not None:
            desk, commands = found
            for command in commands:
                if (score := matcher.match(command.title)) > 0:
                    yield Hit(
                        score,
                        Content(_title(command)),
                        partial(desk.run_command, command),
                        command.title,
                        _help(command),
                    )


def _title(command: Command) -> str:
    return f"{command.title}  ({command.key_label})" if command.key else command.title


def _help(command: Command) -> str:
    reason = fenced_why(command)
    return Content(f"cannot be used: {reason}" if reason else command.help).markup
