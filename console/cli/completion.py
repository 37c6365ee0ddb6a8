"""Shell completion, made from the parser itself: commands, options, and the panes that are known without a cluster."""

from __future__ import annotations

import argparse
import sys

from console.cli.arguments import parser
from console.cli.exits import ExitCode

_BASH = """\
_pilothouse() {{
    local word="${{COMP_WORDS[COMP_CWORD]}}" command="" n
    for ((n = 1; n < COMP_CWORD; n++)); do
        case "${{COMP_WORDS[n]}}" in -*) ;; *) command="${{COMP_WORDS[n]}}"; break ;; esac
    done
    case "$command" in
{cases}
        *) COMPREPLY=($(compgen -W "{top}" -- "$word")) ;;
    esac
}}
complete -o default -F _pilothouse pilothouse kubectl-pilothouse
"""


def main(arguments: argparse.Namespace) -> int:
    """Print the script of one shell."""
    top, commands = _words()
    if arguments.shell == "fish":
        lines = [f"complete -c pilothouse -f -n __fish_use_subcommand -a '{' '.join(commands)}'"]
        lines += [
            f"complete -c pilothouse -n '__fish_seen_subcommand_from {name}' -a '{' '.join(words)}'"
            for name, words in commands.items()
            if words
        ]
        sys.stdout.write("\n".join(lines) + "\n")
        return ExitCode.DONE
    cases = "\n".join(
        f'        {name}) COMPREPLY=($(compgen -W "{" ".join(words)}" -- "$word")) ;;'
        for name, words in commands.items()
    )
    script = _BASH.format(cases=cases, top=" ".join([*commands, *top]))
    if arguments.shell == "zsh":
        script = "autoload -U +X bashcompinit && bashcompinit\n" + script
    sys.stdout.write(script)
    return ExitCode.DONE


def _words() -> tuple[list[str], dict[str, list[str]]]:
    top = parser()
    commands: dict[str, list[str]] = {}
    for action in top._actions:  # noqa: SLF001 - argparse has no public way to list what it parses
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
            for name, command in action.choices.items():  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
                commands[str(name)] = _of(command)  # pyright: ignore[reportUnknownArgumentType]
    panes = _panes()
    for name in ("get", "act"):
        commands[name] = [*commands[name], *panes]
    return _options(top), commands


def _of(command: argparse.ArgumentParser) -> list[str]:
    words = _options(command)
    for action in command._actions:  # noqa: SLF001
        if action.choices and not action.option_strings:
            words += [str(choice) for choice in action.choices]
    return words


def _options(command: argparse.ArgumentParser) -> list[str]:
    return [text for action in command._actions for text in action.option_strings if text.startswith("--")]  # noqa: SLF001


def _panes() -> list[str]:
    from console.discovery import Broken, discover

    names: set[str] = set()
    for plugin in discover():
        if not isinstance(plugin, Broken):
            names.update(pane.name for pane in plugin.panes.load())
    return sorted(names)
