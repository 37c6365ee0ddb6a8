"""Pulsar Manager: the first administrator, this cluster as an environment, and what it refuses."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from console.clock import SYSTEM_CLOCK
from console.errors import Conflict, Refused, Rejected, Unauthorized
from console.plugin import Act, Reach
from plugins.pulsar import config
from plugins.pulsar.acts import managing
from plugins.pulsar.client import Client, connect
from plugins.pulsar.model import tables
from plugins.pulsar.simulator import Served, World, answer
from tests.plugins.pulsar.ground import Rows

PASSWORD = "n0body-knows"


@pytest.fixture
async def served() -> AsyncGenerator[Served]:
    one = Served(World(brokers=["broker-0"], managers=["manager"]), answer)
    await one.start()
    yield one
    await one.close()


@pytest.fixture
async def client(served: Served, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Client]:
    monkeypatch.delenv("PULSAR_CLIENT_CONF", raising=False)
    table = {"name": "test", "admin": served.url("broker-0"), "manager": served.url("manager")}
    one = connect(config.discover(config.configure({"instances": [table]}))[0], Reach(SYSTEM_CLOCK, "0"))
    yield one
    await one.aclose()


def act(client: Client, **answers: str) -> Act:
    return Act(client, Rows({}), answers)


async def test_an_administrator_is_made_once_and_the_cluster_is_registered_once(served: Served, client: Client) -> None:
    [row] = await client.managers.rows()
    assert row.up
    made = await managing.superuser(act(client, name="admin", password=PASSWORD, email="a@example.com"), row)
    assert served.world.administrators == {"admin": PASSWORD}
    with pytest.raises(Conflict, match="is exist"):
        await managing.superuser(act(client, name="other", password=PASSWORD, email="a@example.com"), row)
    wanted = {"user": "admin", "password": PASSWORD, "name": "east", "broker": "http://proxy:80", "bookie": "-"}
    said = await managing.register(act(client, **wanted), row)
    assert served.world.environments == [{"name": "east", "broker": "http://proxy:80", "bookie": ""}]
    again = await managing.register(act(client, **wanted), row)
    assert "already" in again
    assert len(served.world.environments) == 1
    with pytest.raises(Refused, match="has an environment"):
        await managing.register(act(client, **{**wanted, "broker": "http://other:80"}), row)
    assert PASSWORD not in made + said + again


async def test_a_wrong_password_is_told_without_it(served: Served, client: Client) -> None:
    served.world.administrators["admin"] = PASSWORD
    [row] = await client.managers.rows()
    wrong = {"user": "admin", "password": "wr0ng-one", "name": "east", "broker": "http://proxy:80"}
    with pytest.raises(Unauthorized) as caught:
        await managing.register(act(client, **wrong), row)
    assert "user name or password" in caught.value.what
    assert "wr0ng-one" not in f"{caught.value!r}{caught.value}{caught.value.next_step}"
    with pytest.raises(Refused, match="shorter than"):
        await managing.superuser(act(client, name="admin", password="short"), row)
    with pytest.raises(Unauthorized, match="is not exist"):
        await managing.register(act(client, **{**wrong, "user": "nobody"}), row)
    assert served.world.environments == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": "ad-min"}, "User name illegal"),
        ({"email": "nowhere"}, "Email address illegal"),
        ({"email": ""}, "email cannot be empty"),
    ],
)
async def test_what_the_server_takes_for_no_administrator_is_told(
    served: Served, client: Client, given: dict[str, str], words: str
) -> None:
    [row] = await client.managers.rows()
    with pytest.raises(Conflict, match=words):
        await managing.superuser(
            act(client, **{"name": "admin", "password": PASSWORD, "email": "a@example.com", **given}), row
        )
    assert served.world.administrators == {}


async def test_an_environment_is_found_on_any_page_and_one_that_is_away_is_not_made(
    served: Served, client: Client
) -> None:
    served.world.administrators["admin"] = PASSWORD
    many = [{"name": f"old-{n}", "broker": f"http://old-{n}:80", "bookie": None} for n in range(11)]
    served.world.environments = [*many]
    [row] = await client.managers.rows()
    wanted = {"user": "admin", "password": PASSWORD, "name": "old-10", "broker": "http://old-10:80", "bookie": "-"}
    assert "already" in await managing.register(act(client, **wanted), row)
    away = {**wanted, "name": "away", "broker": "http://nowhere:80"}
    with pytest.raises(Rejected, match="Please check it"):
        await managing.register(act(client, **away), row)
    assert served.world.environments == many


async def test_a_login_counts_for_its_own_session(client: Client, served: Served) -> None:
    served.world.administrators["admin"] = PASSWORD
    url = served.url("manager")
    session = await client.managers.login(url, name="admin", password=PASSWORD)
    assert await client.managers.environments(url, session) == []
    stolen = {**session, "Cookie": session["Cookie"].partition(";")[0]}
    with pytest.raises(Unauthorized, match="refuses it: Please login"):
        await client.managers.environments(url, stolen)


async def test_its_passwords_are_asked_hidden_and_nothing_is_asked_of_one_that_is_away(client: Client) -> None:
    [row] = await client.managers.rows()
    for action in managing.ACTIONS:
        hidden = {ask.id for ask in action.asks(row, Rows({tables.BROKERS: []})) if ask.hidden}
        assert hidden == {"password"}
        assert action.when(row, Rows({})) is None
