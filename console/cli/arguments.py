"""What can be typed: the parser of all commands. Pure; completion is made from it too."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from typing import Protocol

from console.config import THEMES
from console.connection import OPTIONS
from console.roles import ROLES
from console.version import VERSION
from console.ways import WAYS


class Commands(Protocol):
    """What `add_subparsers` returns, as far as we use it; argparse's own type is private."""

    def add_parser(
        self,
        name: str,
        *,
        parents: Sequence[argparse.ArgumentParser] = ...,
        help: str | None = ...,  # noqa: A002
    ) -> argparse.ArgumentParser: ...


def parser() -> argparse.ArgumentParser:
    """The whole command line. Every command names the module of console.cli that does it in `module`."""
    shared = _connection()
    top = argparse.ArgumentParser(
        prog="pilothouse",
        parents=[shared],
        description="Operations console for stateful systems on Kubernetes. Without a command it opens the screen.",
        epilog="Exit codes: 0 done or safe, 1 failed, 2 usage, 3 decisions needed, 4 no, 5 unknown, 6 stopped.",
    )
    top.add_argument("--version", action="version", version=f"pilothouse {VERSION}")
    _screen(top)
    top.set_defaults(module="screen", command="")
    commands: Commands = top.add_subparsers(dest="command", metavar="COMMAND")
    # A command's own connection options must not overwrite what stood before the command.
    again = _connection(default=argparse.SUPPRESS)
    _demo(commands)
    _get(commands, again)
    _act(commands, again)
    _plan(commands, again)
    _drain(commands, again)
    _runs(commands, again)
    _token(commands, again)
    _rest(commands, again)
    return top


def _connection(default: object = None) -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    group = shared.add_argument_group("connection")

    def add(*names: str, **options: object) -> None:
        group.add_argument(*names, **{"default": default, **options})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    for option in OPTIONS:
        action = "append" if option.many else "store"
        add(*option.flags, dest=option.key, metavar=option.metavar, action=action, help=option.help)
    add("--config", metavar="FILE", help="configuration file of the console")
    add("--log-file", metavar="FILE", help="the console's own log (default: under the XDG state directory)")
    add("--log-level", choices=("debug", "info", "warning", "error"), help="how much it logs")
    add("--read-only", action="store_true", help="change nothing, whatever is pressed")
    return shared


def _screen(command: argparse.ArgumentParser) -> None:
    command.add_argument("--theme", choices=THEMES, help="colours")
    command.add_argument("--low-bandwidth", action="store_true", default=None, help="few paints, for slow links")
    command.add_argument("--utc", action="store_true", default=None, help="times in UTC")
    command.add_argument("--start", metavar="LINE", help="what to open first, as after `:` (`pods kafka`)")


def _demo(commands: Commands) -> None:
    demo = commands.add_parser("demo", help="open the console on the embedded sandbox, without any cluster")
    _screen(demo)
    demo.add_argument("--scenario", metavar="NAME", help="a scripted fault; `list` names them")
    demo.add_argument("--no-tour", action="store_true", help="without the guided tour")
    demo.add_argument("--nodes", type=int, metavar="N", help="further empty nodes, to see a large cluster")
    demo.add_argument("--pods", type=int, metavar="N", help="further pods on them")
    demo.set_defaults(module="demo")


def _get(commands: Commands, shared: argparse.ArgumentParser) -> None:
    get = commands.add_parser("get", parents=[shared], help="print a pane")
    get.add_argument("pane", metavar="PANE", help="pane, alias or any kind the server has")
    get.add_argument("name", nargs="?", metavar="NAME", help="only the row of this name")
    get.add_argument("-o", "--output", choices=("table", "wide", "json", "yaml", "csv", "name"), default="table")
    get.add_argument("--filter", default="", metavar="LINE", help="as after `/`")
    get.add_argument("--sort", default="", metavar="COLUMN", help="column; `--sort=-COLUMN` for descending")
    get.add_argument("--instance", default="", metavar="NAME", help="of which instance, where there are several")
    get.add_argument("-w", "--watch", action="store_true", help="go on and print what changes")
    get.add_argument("--timeout", type=float, default=30.0, metavar="S", help="seconds to wait for the first answer")
    get.set_defaults(module="get")


def _act(commands: Commands, shared: argparse.ArgumentParser) -> None:
    act = commands.add_parser(
        "act", parents=[shared], help="do something to a row of a pane; without ACTION: what there is"
    )
    act.add_argument("pane", metavar="PANE")
    act.add_argument("object", metavar="OBJECT", help="the row's name or key")
    act.add_argument("action", nargs="?", default="", metavar="ACTION")
    act.add_argument("--set", action="append", default=[], metavar="ID=VALUE", help="an answer to one of its questions")
    act.add_argument("--instance", default="", metavar="NAME", help="of which instance, where there are several")
    act.add_argument("--yes", action="store_true", help="without asking")
    act.add_argument(
        "--name", default="", metavar="OBJECT", help="the name typed again, for what destroys and production"
    )
    act.add_argument("--dry-run", action="store_true", help="say what would be done; change nothing")
    act.add_argument("--timeout", type=float, default=30.0, metavar="S", help="seconds to wait for the first answer")
    act.add_argument("-o", "--output", choices=("text", "json"), default="text")
    act.set_defaults(module="act")


def _plan(commands: Commands, shared: argparse.ArgumentParser) -> None:
    plan = commands.add_parser("plan", help="what a run would meet and do; changes nothing")
    kinds = plan.add_subparsers(dest="run", metavar="RUN", required=True)
    for kind, text in (("drain", "take nodes out"), ("rejoin", "bring nodes back")):
        one = kinds.add_parser(kind, parents=[shared], help=text)
        _target(one, kind)
        one.add_argument("-o", "--output", choices=("text", "json"), default="text")
        one.set_defaults(module="plan")


def _target(command: argparse.ArgumentParser, kind: str) -> None:
    command.add_argument("nodes", nargs="+", metavar="NODE")
    command.add_argument(
        "--decide", action="append", default=[], metavar="ID", help="consent to a named loss or outage (see the plan)"
    )
    command.add_argument("--within", type=float, default=30.0, metavar="S", help="seconds to wait for facts")
    if kind != "drain":
        command.add_argument(
            "--way",
            choices=tuple(WAYS),
            help="how it comes back (default: rebooted); all others delete the Node and join anew",
        )
        command.add_argument("--new-name", metavar="NODE", help="with --way replaced: the name of the new machine")
        return
    like = command.add_argument_group("as for kubectl drain; the dangerous ones also need their decision")
    like.add_argument("--grace-period", type=int, metavar="S", help="seconds for each pod (-1: its own; 0: at once)")
    like.add_argument(
        "--timeout", type=span, metavar="TIME", help="for all evictions together: 90, 5m, 1h; then it asks"
    )
    like.add_argument("--pod-selector", metavar="LABELS", help="only the pods with these labels")
    like.add_argument("--delete-emptydir-data", action="store_true", default=None, help="decision `emptydir`")
    like.add_argument("--force", action="store_true", default=None, help="pods without an owner: decision `unmanaged`")
    like.add_argument(
        "--disable-eviction", action="store_true", default=None, help="delete and ask no budget: decision of that name"
    )
    like.add_argument(
        "--skip-wait-for-delete-timeout", type=span, metavar="S", help="leave pods behind that should be gone so long"
    )


def span(text: str) -> float:
    """Seconds of `90`, `90s`, `5m`, `1h` or `1h30m`, as kubectl takes them. Raises ArgumentTypeError."""
    parts = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?", text)
    if parts is None or not text:
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 90, 90s, 5m or 1h30m")
    hours, minutes, seconds = (float(part or 0) for part in parts.groups())
    return hours * 3600 + minutes * 60 + seconds


def _drain(commands: Commands, shared: argparse.ArgumentParser) -> None:
    for kind, text in (("drain", "take nodes out: plan, ask, run"), ("rejoin", "bring nodes back: plan, ask, run")):
        one = commands.add_parser(kind, parents=[shared], help=text)
        _target(one, kind)
        one.add_argument("--reason", default="", help="why; colleagues read it")
        if kind == "drain":
            announced = one.add_mutually_exclusive_group()
            announced.add_argument(
                "--until", default="", metavar="TIME", help="announced end: 18:00, or a date and time"
            )
            announced.add_argument("--for", dest="until", metavar="TIME", help="the same from now: 90m, 2h, 1d")
        one.add_argument("--yes", action="store_true", help="start without asking")
        one.add_argument("--name", default="", metavar="NODE", help="the node's name typed again, for production")
        one.add_argument("--detach", action="store_true", help="start it and return")
        _patience(one)
        one.add_argument("-o", "--output", choices=("text", "json"), default="text")
        one.set_defaults(module="drain", run=kind)


def _patience(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--wait-for-answers",
        type=span,
        metavar="TIME",
        help="how long a question of the run may wait: 30, 5m, 1h (default: for ever at a terminal, else 0)",
    )


def _runs(commands: Commands, shared: argparse.ArgumentParser) -> None:
    runs = commands.add_parser("runs", help="drains and rejoins: see, follow, answer, take over")
    verbs = runs.add_subparsers(dest="verb", metavar="VERB", required=True)
    for verb, text in (
        ("list", "all runs"),
        ("show", "one run with its steps"),
        ("follow", "print what a run does until it ends"),
        ("note", "the hand-over note for the next shift"),
        ("report", "who, what, when, evidence, before and after: Markdown"),
        ("resume", "go on with a run whose runner is gone"),
        ("pause", "let it finish what it does and wait"),
        ("continue", "go on after a pause"),
        ("skip", "leave one step as it is and go on"),
        ("abort", "stop, and undo what can be undone; says first what that is"),
        ("release", "a drained node never comes back: it no longer counts as out"),
        ("answer", "answer what a run asks: retry, skip, undo or stop"),
    ):
        one = verbs.add_parser(verb, parents=[shared], help=text)
        if verb == "release":
            one.add_argument("id", metavar="NODE")
            one.add_argument("--reason", required=True, help="why; colleagues read it")
            one.add_argument("--yes", action="store_true", required=True, help="it is meant")
        elif verb != "list":
            one.add_argument("id", metavar="RUN")
        if verb in {"pause", "abort", "answer", "skip"}:
            _said(one, verb)
        if verb in {"follow", "resume"}:
            _patience(one)
        if verb in {"list", "show", "follow", "resume"}:
            one.add_argument("-o", "--output", choices=("text", "json"), default="text")
        one.set_defaults(module="runs")


def _said(one: argparse.ArgumentParser, verb: str) -> None:
    """What a person says to a run."""
    if verb in {"answer", "skip"}:
        one.add_argument("step", metavar="STEP")
    if verb == "answer":
        one.add_argument("choice", choices=("retry", "skip", "undo", "stop"))
    if verb == "skip":
        one.add_argument("--reason", required=True, help="why; it stands in the report")
    else:
        one.add_argument("--reason", default="", help="why; colleagues read it")
    if verb == "abort":
        one.add_argument("--yes", action="store_true", help="without asking")


def _token(commands: Commands, shared: argparse.ArgumentParser) -> None:
    token = commands.add_parser("token", help="tokens with which nodes join: list, create, delete")
    verbs = token.add_subparsers(dest="verb", metavar="VERB", required=True)
    for verb, text in (
        ("list", "all tokens, without their secrets"),
        ("create", "make one that ends soon, and print it"),
        ("delete", "nobody joins with it any more"),
    ):
        one = verbs.add_parser(verb, parents=[shared], help=text)
        if verb == "create":
            one.add_argument("--ttl", default="2h", metavar="TIME", help="how long it lives: 30m, 2h, 1d (default: 2h)")
            one.add_argument("--description", default="", metavar="TEXT", help="what for; colleagues read it")
            one.add_argument("--print-join-command", action="store_true", help="the line to type on the node")
            one.add_argument("--name", default="", metavar="CONTEXT", help="the context's name, for production")
        if verb == "delete":
            one.add_argument("id", metavar="ID", help="the six characters before the dot")
        one.add_argument("-o", "--output", choices=("text", "json"), default="text")
        one.set_defaults(module="token")


def _rest(commands: Commands, shared: argparse.ArgumentParser) -> None:
    audit = commands.add_parser("audit", parents=[shared], help="what was changed, by whom, from where")
    audit.add_argument("-o", "--output", choices=("table", "json"), default="table")
    audit.set_defaults(module="audit")
    doctor = commands.add_parser("doctor", parents=[shared], help="is everything there that the console needs")
    doctor.add_argument("-o", "--output", choices=("text", "json"), default="text")
    doctor.set_defaults(module="doctor")
    setup = commands.add_parser("setup", parents=[shared], help="roles for others, ready to apply; changes nothing")
    setup.add_argument("--print", action="store_true", help="print namespace, roles and bindings")
    for role, text in ROLES.items():
        setup.add_argument(f"--{role}", action="store_true", help=text)
    setup.add_argument("--user", action="append", default=[], metavar="NAME", help="who gets them, as the API knows it")
    setup.add_argument("--group", action="append", default=[], metavar="NAME", help="a group that gets them")
    setup.set_defaults(module="setup")
    bug = commands.add_parser("bugreport", parents=[shared], help="versions, redacted configuration, last log lines")
    bug.set_defaults(module="bugreport")
    completion = commands.add_parser("completion", help="shell completion: source <(pilothouse completion bash)")
    completion.add_argument("shell", choices=("bash", "zsh", "fish"))
    completion.set_defaults(module="completion")
