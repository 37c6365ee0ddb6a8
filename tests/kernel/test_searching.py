"""Systems are looked for on the platform: a new one is entered, a failing search is said, and nobody else suffers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

import pytest

from console.clock import SYSTEM_CLOCK
from console.config import Settings
from console.errors import Forbidden
from console.model import InstanceId
from console.plugin import Deferred, Instance, Platform, Plugin
from console.runtime import Runtime
from console.searching import Searching
from console.store import Store
from tests.dummy import PLUGIN
from tests.values import replace

GROUND = cast("Platform", object())
FOUND: list[str] = []
SEARCHED: list[Any] = []


async def search(settings: Any, platform: Platform) -> Sequence[Instance]:
    SEARCHED.append((settings, platform))
    return [Instance(InstanceId("dummy", name), None) for name in FOUND]


async def forbidden(_settings: Any, _platform: Platform) -> Sequence[Instance]:
    raise Forbidden("may not list statefulsets")


async def broken(_settings: Any, _platform: Platform) -> Sequence[Instance]:
    raise ZeroDivisionError("never")


def plugin(name: str) -> Plugin:
    return replace(PLUGIN, system=name, search=Deferred(f"tests.kernel.test_searching:{name}"))


@pytest.fixture(autouse=True)
def nothing() -> Iterator[None]:
    yield
    FOUND.clear()
    SEARCHED.clear()


@pytest.fixture
def entered() -> list[str]:
    return []


def searching(entered: list[str], *names: str, ground: Platform | None = GROUND) -> Searching:
    async def enter(_plugin: Plugin, instance: Instance) -> None:
        entered.append(str(instance.id))

    async def platform() -> Platform | None:
        return ground

    async def plugins() -> list[tuple[Plugin, str]]:
        return [(plugin(name), f"settings of {name}") for name in names]

    return Searching(Store(SYSTEM_CLOCK), plugins, ground=platform, enter=enter)


async def test_what_is_found_is_entered_with_the_plugins_own_settings(entered: list[str]) -> None:
    FOUND.extend(["a", "b"])
    looking = searching(entered, "search")
    await looking.first()
    await looking.first()
    assert entered == ["dummy:a", "dummy:b"]
    assert SEARCHED == [("settings of search", GROUND)], "first asks once"
    FOUND.append("c")
    await looking.once()
    assert entered[-1] == "dummy:c"


async def test_a_failing_search_is_named_and_the_others_are_entered(entered: list[str]) -> None:
    FOUND.append("a")
    looking = searching(entered, "forbidden", "broken", "search")
    await looking.once()
    assert entered == ["dummy:a"]
    assert looking.failed == {"forbidden": "may not list statefulsets", "broken": "ZeroDivisionError: never"}
    looking.forget()
    assert (looking.failed, looking.looked) == ({}, False)


async def test_without_a_platform_nobody_is_asked(entered: list[str]) -> None:
    looking = searching(entered, "search", ground=None)
    await looking.first()
    assert looking.looked
    assert not SEARCHED


async def test_a_plugin_that_is_only_looked_for_is_not_imported_before(monkeypatch: pytest.MonkeyPatch) -> None:
    configured: list[str] = []

    def configure(table: dict[str, object]) -> dict[str, object]:
        configured.append("now")
        return table

    monkeypatch.setattr("tests.dummy.configure", configure)
    async with Runtime(Settings(), plugins=[plugin("search")]) as runtime:
        assert not configured
        await runtime.searching.first()
        assert configured == ["now"]
    async with Runtime(Settings(plugins={"search": {}}), plugins=[plugin("search")]):
        assert configured == ["now", "now"], "what the configuration names is checked at once"
