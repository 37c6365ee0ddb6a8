"""Pulsar Manager: its first administrator is made, and this cluster is registered. Passwords are asked hidden."""

from __future__ import annotations

from console.errors import Refused
from console.plugin import Act, Action, Ask, Facts
from plugins.pulsar.acts.asking import client_of, name
from plugins.pulsar.client.manager import Environment
from plugins.pulsar.model import tables
from plugins.pulsar.model.rows import ManagerRow

_SHORTEST = 6


async def superuser(act: Act, row: ManagerRow) -> str:
    """The server asks for no login here, and refuses where there is an administrator already."""
    user, password = name(act, "name"), act.answers.get("password", "")
    if len(password) < _SHORTEST:
        raise Refused(f"the password is shorter than {_SHORTEST} characters")
    email = act.answers.get("email", "")
    await client_of(act).managers.superuser(row.url, name=user, password=password, email=email)
    return f"administrator {user} made in {row.name}"


async def register(act: Act, row: ManagerRow) -> str:
    """Has it show this cluster; nothing is done where it does so already."""
    managers, user = client_of(act).managers, name(act, "user")
    broker, bookie = (act.answers.get(key, "").strip() for key in ("broker", "bookie"))
    wanted = Environment(name(act, "name"), broker, "" if bookie == "-" else bookie)
    if not wanted.broker.startswith(("http://", "https://")):
        raise Refused(f"{wanted.broker!r} is not http(s)://HOST:PORT")
    session = await managers.login(row.url, name=user, password=act.answers.get("password", ""))
    for one in await managers.environments(row.url, session):
        if one.name == wanted.name and one.broker == wanted.broker:
            return f"{row.name} has the environment {wanted.name} at {wanted.broker} already"
        if wanted.name == one.name or wanted.broker == one.broker:
            raise Refused(f"{row.name} has an environment {one.name} at {one.broker}", next_step="choose another name")
    await managers.register(row.url, session, wanted)
    return f"{row.name} shows {wanted.broker} as the environment {wanted.name}"


def _broker(facts: Facts) -> str:
    """What a broker advertises: from where Pulsar Manager stands that is right more often than what we dial."""
    loads = [row.load for row in facts.rows(tables.BROKERS).values() if row.load is not None]
    return next((load.web_service_url for load in loads if load.web_service_url), "")


def _up(row: ManagerRow, _facts: Facts) -> str | None:
    return None if row.up else "it does not answer"


ACTIONS: tuple[Action[ManagerRow], ...] = (
    Action(
        "superuser",
        "make administrator",
        superuser,
        help="the first administrator; there can be one only",
        when=_up,
        asks=lambda _row, _facts: (
            Ask("name", "Name of the administrator", "admin"),
            Ask("password", "Password", hidden=True),
            Ask("email", "Mail address", "admin@example.com"),
        ),
    ),
    Action(
        "register",
        "register this cluster",
        register,
        help="as an environment that it shows",
        when=_up,
        asks=lambda _row, facts: (
            Ask("user", "Log in as", "admin"),
            Ask("password", "Password", hidden=True),
            Ask("name", "Name of the environment", facts.instance.name.rpartition("/")[2]),
            Ask("broker", "URL of a broker or proxy", _broker(facts), help="as Pulsar Manager itself reaches it"),
            Ask("bookie", "URL of a bookie", "-", help="`-`: none"),
        ),
    ),
)
