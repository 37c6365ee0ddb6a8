"""Commands on rows: a pane's actions, jumps and abilities, each with its key and the reason where it cannot be used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from console.plugin import Action, Effect, Right
from screens.commands import Command
from screens.trail import Place

if TYPE_CHECKING:
    from screens.browse import PanePage

NO_ROW = "there is no row under the cursor"


class _Needs(NamedTuple):
    """What an ability needs, and whether it changes something."""

    rights: Callable[[Any], Sequence[Right]]
    effect: Effect = Effect.READ


def _nothing(_row: Any) -> Sequence[Right]:
    return ()


_NOTHING = _Needs(_nothing)


def row_commands(page: PanePage) -> tuple[Command, ...]:
    """Everything that works on the row under the cursor, or on the marked ones; most wanted first."""
    return (*_entering(page), *_plugin_actions(page), *_abilities(page), *_jumps(page), _menu(page))


def _selected(page: PanePage) -> Callable[[], str | None]:
    return lambda: None if page.rows.selected is not None else NO_ROW


def _place(page: PanePage, kind: str, **more: Any) -> Place:
    return Place(kind, page.pane.name, page.instance, subject=page.rows.selected_key or "", **more)


def _entering(page: PanePage) -> tuple[Command, ...]:
    """`enter` opens the board of a run, or takes the first jump that this row has, or opens the detail panel."""

    def enter() -> None:
        row = page.rows.selected
        if row is not None and page.pane.ref(row).kind == "run":
            page.desk.go(Place("run", page.pane.ref(row).name))
            return
        for jump in page.pane.jumps:
            where = f"{page.pane.name} jump {jump.title}"
            if page.desk.kernel.fence.call(where, None, jump.facets, row, page.facts) is not None:
                page.jump(jump, row)
                return
        page.rows.action_describe()

    about = page.pane.jumps[0].title if page.pane.jumps else "open the detail panel"
    return (Command("enter", "open", enter, help=about, group="row", hint=True, row=True, why=_selected(page)),)


def _plugin_actions(page: PanePage) -> list[Command]:
    return [_action(page, action) for action in page.pane.actions]


def _action(page: PanePage, action: Action[Any]) -> Command:
    def why() -> str | None:
        targets = page.rows.targets
        if not targets:
            return NO_ROW
        where = f"{page.pane.name} action {action.id} when"
        reasons = [
            page.desk.kernel.fence.call(where, "its condition failed", action.when, row, page.facts)
            for _, row in targets
        ]
        return reasons[0] if all(reasons) else None

    def run() -> object:
        from screens.acting import act

        return act(page, action, [row for _, row in page.rows.targets])

    return Command(
        action.id,
        action.title,
        run,
        key=action.key,
        help=action.help,
        group="actions",
        effect=action.effect,
        why=why,
        hint=bool(action.key) and not _lacks(page, f"action {action.id}", action.rights),
        row=True,
    )


def _lacks(page: PanePage, part: str, rights: Callable[[Any], Sequence[Right]]) -> bool:
    """Whether a right for the row is known to be missing: then the footer does not name the key, which says why."""
    row, lacking = page.rows.selected, page.desk.kernel.lacking
    if row is None or not lacking:
        return False
    return not lacking.isdisjoint(page.desk.kernel.fence.call(f"{page.pane.name} {part} rights", (), rights, row))


def _abilities(page: PanePage) -> list[Command]:
    pane, made = page.pane, list[Command]()

    def offer(name: str, title: str, run: Callable[[], object], about: str, needs: _Needs = _NOTHING) -> None:
        effect, hint = needs.effect, not _lacks(page, name, needs.rights)
        made.append(
            Command(name, title, run, help=about, group="row", effect=effect, hint=hint, row=True, why=_selected(page))
        )

    if page.rows.selected is not None and pane.ref(page.rows.selected).kind == "node":
        offer("plan", "plan a drain", lambda: page.desk.go(_plan(page, "drain")), "what it would meet; changes nothing")
        offer("rejoin", "plan a rejoin", lambda: page.desk.go(_plan(page, "rejoin")), "bring a node back")
    if pane.logs is not None:
        offer("logs", "logs", lambda: page.desk.go(_place(page, "logs")), "follow the logs of the row")
        before = (("previous", "yes"),)
        offer("previous", "previous", lambda: page.desk.go(_place(page, "logs", options=before)), "the last life's log")
    if pane.shell is not None:
        about = "an interactive shell; the terminal comes back at its end"
        offer("shell", "shell", partial(_shell, page), about, _Needs(pane.shell.rights, Effect.CHANGE))
    if pane.manifest is not None:
        offer("yaml", "YAML", lambda: page.desk.go(_place(page, "yaml")), "the object as YAML, secrets masked")
        if pane.manifest.write is not None:
            about = "in your editor, then a dry run, then a question"
            offer("edit", "edit", partial(_edit, page), about, _Needs(pane.manifest.rights, Effect.CHANGE))
    if pane.forward is not None:
        about = "a port on this machine's loopback"
        offer("forward", "forward", partial(_forward, page), about, _Needs(pane.forward.rights))
    return made


def _plan(page: PanePage, kind: str) -> Place:
    nodes = [page.pane.ref(row).name for _, row in page.rows.targets]
    return Place("plan", kind, page.instance, subject=",".join(nodes))


def _shell(page: PanePage) -> object:
    from screens.handing import open_shell

    return open_shell(page, page.rows.selected)


def _edit(page: PanePage) -> object:
    from screens.handing import edit

    return edit(page, page.rows.selected)


def _forward(page: PanePage) -> object:
    from screens.forwards import open_forward

    return open_forward(page, page.rows.selected)


def _jumps(page: PanePage) -> list[Command]:
    return [
        Command(
            f"jump-{jump.pane}-{at}",
            jump.title,
            lambda jump=jump: page.jump(jump, page.rows.selected),
            help=f"to {jump.pane}",
            group="row",
            row=True,
            why=_selected(page),
        )
        for at, jump in enumerate(page.pane.jumps)
    ]


def _menu(page: PanePage) -> Command:
    async def menu() -> None:
        from screens.menu import RowMenu

        commands: Sequence[Command] = [c for c in page.desk.commands if c.row]
        marked = len(page.rows.marked)
        title = f"{marked} marked" if marked else page.rows.selected_key or ""
        chosen = await page.desk.ask(RowMenu(title, commands))
        if chosen is not None:
            page.desk.run_command(chosen)

    return Command("menu", "menu", menu, help="what can be done with this row", group="row", why=_selected(page))
