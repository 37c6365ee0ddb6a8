"""Every state of a pane as a picture, at the smallest screen and at a large one (`pytest --renew-pictures`)."""

from __future__ import annotations

import pytest

from console.model import SourceState
from screens.pane import PaneView
from tests.clock import FakeClock
from tests.screens.pictures import compare
from tests.screens.table.ship import NOW, PANE, TREE, Host, Ship, ShipView, broken_pane, fleet
from tests.values import replace

SMALL, LARGE = (80, 24), (160, 50)
SHIPS = (
    Ship("kaiser-0", state="waiting", cargo=12_000, captain="oncall"),
    Ship("kaiser-1", state="sunk", cargo=None, built=None),
    Ship("kaiser-10", state="loading", port="oslo", built=NOW - 90),
    Ship("kaiser-2"),
    Ship("中文船-名字", captain="李船长", built=NOW - 4000),
    Ship("evil\x1b]52;c;eA==\x07[/b]", captain="[@click=app.quit]x[/]"),
    Ship("x" * 10_000, captain="مرحبا e\u0301 ไทยดี"),
)
TREE_SHIPS = (
    Ship("fleet-b"),
    Ship("fleet-b-0", flagship="kiel/fleet-b"),
    Ship("fleet-a", cargo=3),
    Ship("fleet-a-10", flagship="kiel/fleet-a", state="waiting"),
    Ship("fleet-a-9", flagship="kiel/fleet-a"),
)


def loading(*ships: Ship) -> ShipView:
    return ShipView(ships, state=SourceState.LOADING)


def stale(*ships: Ship) -> ShipView:
    view = ShipView(ships)
    why = "no answer from 10.0.0.1:6443 in 5 s (connection refused)"
    view.snapshot = replace(view.snapshot, state=SourceState.STALE, since=NOW - 600, error=why)
    return view


def forbidden() -> ShipView:
    view = ShipView(state=SourceState.FORBIDDEN)
    view.snapshot = replace(view.snapshot, error="it needs the right list ships")
    return view


STATES = {
    "loading": (PANE, loading(), ()),
    "loading-rows": (PANE, loading(*SHIPS), ()),
    "empty": (PANE, ShipView(), ()),
    "filtered-away": (PANE, ShipView(SHIPS), ("slash", *"nothing", "enter")),
    "refused-filter": (PANE, ShipView(SHIPS), ("slash", *"kaiser", "left_square_bracket")),
    "full": (PANE, ShipView(SHIPS), ("down", "space", "space")),
    "detail": (PANE, ShipView(SHIPS), ("down", "down", "d")),
    "stale": (PANE, stale(*SHIPS), ()),
    "forbidden": (PANE, forbidden(), ()),
    "broken": (broken_pane(), ShipView(SHIPS), ("d",)),
    "huge": (PANE, ShipView(fleet(10_000)), ("end", "C", "C")),
    "tree": (TREE, ShipView(TREE_SHIPS), ("down",)),
    "paused": (PANE, ShipView(SHIPS), ("z",)),
}


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x50"])
@pytest.mark.parametrize("state", STATES)
async def test_state(request: pytest.FixtureRequest, state: str, size: tuple[int, int]) -> None:
    pane, source, keys = STATES[state]
    await draw(request, PaneView(pane, source, clock=FakeClock(NOW)), keys, size, name=f"{state}-{size[0]}x{size[1]}")


@pytest.mark.parametrize("theme", ["light", "high-contrast", "ansi"])
async def test_theme(request: pytest.FixtureRequest, theme: str) -> None:
    view = PaneView(PANE, ShipView(SHIPS), clock=FakeClock(NOW))
    await draw(request, view, ("down", "space"), SMALL, name=f"theme-{theme}", theme=theme)


async def test_without_colour(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    view = PaneView(PANE, ShipView(SHIPS), clock=FakeClock(NOW))
    await draw(request, view, ("down", "space"), SMALL, name="no-colour", theme="ansi")


async def test_with_ascii_only(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "C")
    view = PaneView(PANE, ShipView(SHIPS[:4]), clock=FakeClock(NOW))
    await draw(request, view, ("down", "space", "d"), SMALL, name="ascii", theme="ansi")


async def draw(
    request: pytest.FixtureRequest,
    view: PaneView[Ship],
    keys: tuple[str, ...],
    size: tuple[int, int],
    *,
    name: str,
    theme: str = "dark",
) -> None:
    app = Host(view, theme)
    async with app.run_test(size=size) as pilot:
        view.take_focus()
        for key in ((), *((key,) for key in keys)):  # a key means the rows that stand there, so all must be
            await pilot.press(*key)
            await pilot.pause()
            while view.table.busy:
                await pilot.pause()
        view.table.measure()
        await pilot.pause()
        compare(request, app, name)
