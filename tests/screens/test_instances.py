"""Several instances of one system: each has its own word, the plain one means the first."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from console.config import Settings
from console.runtime import Runtime
from screens.colon import complete, parse
from screens.knowing import known
from screens.trail import Place
from tests import dummy
from tests.dummy import EAST, WEST, Warehouse


@pytest.fixture
async def runtime() -> AsyncIterator[Runtime]:
    dummy.WAREHOUSES.update(east=Warehouse(), west=Warehouse())
    async with Runtime(Settings(), plugins=[dummy.PLUGIN]) as opened:
        yield opened
    dummy.WAREHOUSES.clear()


@pytest.mark.parametrize(
    ("word", "instance"), [("widgets", EAST), ("east.widgets", EAST), ("west.widgets", WEST), ("WEST.widgets", WEST)]
)
async def test_a_word_opens_the_pane_of_its_instance(runtime: Runtime, word: str, instance: object) -> None:
    place = parse(f":{word}", known(runtime))
    assert isinstance(place, Place)
    found = runtime.find_pane(place.name)
    assert found is not None
    assert (found[0], found[1].name) == (instance, "widgets")


async def test_the_line_completes_them(runtime: Runtime) -> None:
    assert complete(":west.w", known(runtime)) == ("west.widgets",)
