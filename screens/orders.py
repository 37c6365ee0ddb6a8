"""What the desk itself can do on every page: navigate, filter the command line, split, help, themes, quit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from screens.commands import Command
from screens.paint import app_of
from screens.trail import OVERVIEW, Place

if TYPE_CHECKING:
    from screens.desk import Desk


def desk_commands(desk: Desk) -> tuple[Command, ...]:
    """The desk's commands; a page's own shadow those on the same key."""
    if not desk.opened:
        return (Command("quit", "quit", desk.leave, help="leave", hint=True),)
    return (*_moving(desk), *_looking(desk))


def _moving(desk: Desk) -> tuple[Command, ...]:
    def back() -> object:
        page = desk.page
        return None if page is not None and page.escape() else desk.ways.step(-1)

    def show_help() -> None:
        desk.left = desk.commands
        desk.go(Place("help"))

    trail, app = desk.ways.half.trail, app_of(desk)
    return (
        Command("command", "command", lambda: command_line(desk), hint=True, help="go to any pane or kind, :q to quit"),
        Command("help", "help", show_help, hint=True, help="every key that works here"),
        Command("back", "back", back, hint=trail.at > 0, help="close the filter, or back to the place before"),
        Command("last", "last place", desk.ways.swap, help="the place shown before this one"),
        Command("older", "older place", lambda: desk.ways.step(-1), help="back on the trail"),
        Command("newer", "newer place", lambda: desk.ways.step(1), help="forth on the trail"),
        Command("palette", "palette", app.action_command_palette, help="every command by name"),
        Command("split", "split", desk.ways.split, help="two pages side by side, or one again"),
        Command("other", "other side", lambda: _other(desk), help="the keyboard to the other page, or part of it"),
        Command("overview", "overview", lambda: desk.go(OVERVIEW), help="one screen for the person on call"),
        Command("quit", "quit", desk.leave, help="leave; runs go on by themselves"),
    )


def _other(desk: Desk) -> None:
    if len(desk.ways.halves) > 1:
        desk.ways.move()
    else:
        desk.focus_next()


def _looking(desk: Desk) -> tuple[Command, ...]:
    def header() -> None:
        line = desk.query_one("#header")
        line.display = not line.display

    def zone() -> None:
        desk.utc = not desk.utc
        for half in desk.ways.halves:
            if half.page is not None:
                half.page.zoned(utc=desk.utc)
        desk.say("times in UTC" if desk.utc else "times in the local zone")

    return (
        Command("header", "header", header, help="show or hide the first line"),
        Command("zone", "UTC", zone, help="times in UTC or in the local zone"),
        Command("reload", "reload", lambda: reload(desk), help="ask every source again now"),
        Command("screenshot", "picture", lambda: picture(desk), help="save the screen as an SVG file"),
    )


def command_line(desk: Desk) -> None:
    """Open the `:` line."""
    from screens.commandbar import open_bar

    open_bar(desk)


def reload(desk: Desk) -> None:
    """Ask every source again, without waiting for its back-off."""
    for instance in desk.kernel.instances:
        desk.kernel.wake(instance.id)
    desk.say("asking again")


def picture(desk: Desk) -> None:
    """Save the screen as an SVG file and say where."""
    desk.say(f"saved {app_of(desk).save_screenshot()}")
