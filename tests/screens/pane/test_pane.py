from __future__ import annotations

import csv
import io
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Input, Static

from console.model import Delta, Snapshot, SourceState
from console.plugin import Action, Pane
from screens.pane import PaneView
from screens.widgets.detail import DetailPanel
from tests.clock import FakeClock
from tests.screens.table.ship import NOW, PANE, Host, Ship, ShipView, fleet, plain
from tests.values import replace


async def idle(pilot: Pilot[None], view: PaneView[Ship]) -> None:
    await pilot.pause()
    while view.table.busy:
        await pilot.pause()


async def _nothing(_act: Any, _row: Ship) -> str:
    return "done"


@asynccontextmanager
async def opened(
    *ships: Ship, pane: Pane[Ship] = PANE, size: tuple[int, int] = (100, 20), **scope: str
) -> AsyncGenerator[tuple[Pilot[None], PaneView[Ship], ShipView]]:
    source = ShipView(ships)
    view = PaneView(pane, source, scope=scope, clock=FakeClock(NOW))
    async with Host(view).run_test(size=size) as pilot:
        view.take_focus()
        await idle(pilot, view)
        yield pilot, view, source


def top(view: PaneView[Ship]) -> str:
    return plain(view.query_one("TopLine"))[0].strip()


def names(view: PaneView[Ship]) -> list[str]:
    return [key.removeprefix("kiel/") for key in view.table.contents.order]


def why(view: PaneView[Ship]) -> str:
    return str(view.query_one("#why", Static).render()).strip()


async def test_the_filter_works_while_it_is_typed_and_a_broken_one_keeps_the_old() -> None:
    async with opened(*fleet(12)) as (pilot, view, _):
        await pilot.press("slash", *"ship-1")
        await idle(pilot, view)
        assert names(view) == ["ship-1", "ship-10", "ship-11"]
        assert top(view).startswith("ships (3 of 12)  /ship-1")
        await pilot.press("left_square_bracket")
        await idle(pilot, view)
        assert "is no regular expression" in why(view)
        assert names(view) == ["ship-1", "ship-10", "ship-11"]
        await pilot.press("backspace", "enter")
        await idle(pilot, view)
        assert view.table.has_focus
        assert view.filter_line == "ship-1"
        assert why(view) == ""
        await pilot.press("slash")
        assert view.query_one(Input).value == "ship-1"
        await pilot.press("escape")
        await idle(pilot, view)
        assert (view.filter_line, len(names(view))) == ("", 12)
        assert view.table.has_focus


async def test_escape_takes_the_filter_then_the_panel_and_then_is_somebody_elses() -> None:
    async with opened(*fleet(3)) as (pilot, view, _):
        view.set_filter("ship")
        await pilot.press("d")
        assert view.escape()
        assert view.filter_line == ""
        assert view.escape()
        assert not view.query_one(DetailPanel).display
        assert not view.escape()


async def test_a_scope_limits_the_rows_and_an_empty_pane_says_how_to_see_more() -> None:
    async with opened(*fleet(3), Ship("far", port="oslo"), namespace="oslo") as (pilot, view, _):
        assert names(view) == ["oslo/far"]
        assert top(view).startswith("ships (1 of 4)  oslo")
        view.set_scope({"namespace": "bergen"})
        await idle(pilot, view)
        assert [line.strip() for line in plain(view.table)[2:4]] == [
            "None of 4 ships is in bergen.",
            "0 shows all again.",
        ]
        view.set_scope({})
        await idle(pilot, view)
        assert len(names(view)) == 4


async def test_the_panel_describes_the_row_under_the_cursor_beside_or_below_the_table() -> None:
    async with opened(Ship("a", state="waiting"), Ship("b"), size=(140, 20)) as (pilot, view, source):
        panel = view.query_one(DetailPanel)
        await pilot.press("d")
        await idle(pilot, view)
        text = str(panel.query_one(Static).render())
        assert text.splitlines()[0] == "ship kiel/a"
        assert "▲ waiting" in text
        assert "berths port=kiel" in text
        assert panel.region.x > view.table.region.x
        await pilot.press("down")
        await idle(pilot, view)
        assert "none for this row" in str(panel.query_one(Static).render())
        source.publish(Ship("b", captain="eve"))
        await idle(pilot, view)
        assert "eve" in str(panel.query_one(Static).render())
        await pilot.resize_terminal(80, 24)
        await idle(pilot, view)
        assert panel.region.y > view.table.region.y
        await pilot.press("d")
        assert not panel.display


def _raises(*_: Any) -> Any:
    raise KeyError("nothing here")


async def test_a_description_that_raises_says_so_in_its_place() -> None:
    async with opened(*fleet(1), pane=replace(PANE, describe=_raises)) as (pilot, view, _):
        await pilot.press("d")
        await idle(pilot, view)
        assert "cannot be described" in str(view.query_one(DetailPanel).query_one(Static).render())
        assert "ships describe" in view.fence.breakages


async def test_faults_only_keeps_what_is_broken() -> None:
    async with opened(*fleet(3), Ship("wreck", state="sunk")) as (pilot, view, source):
        await pilot.press("ctrl+z")
        await idle(pilot, view)
        assert names(view) == ["wreck"]
        assert "faults only" in top(view)
        source.publish(Ship("wreck", state="sailing"))
        await idle(pilot, view)
        assert "None of 4 ships has a fault." in plain(view.table)[2]
        await pilot.press("ctrl+z")
        await idle(pilot, view)
        assert len(names(view)) == 4


async def test_wide_mode_shows_the_columns_that_are_otherwise_left_out() -> None:
    async with opened(*fleet(3), size=(60, 10)) as (pilot, view, _):
        assert "BUILT" not in plain(view.table)[0]
        await pilot.press("ctrl+w")
        titles = [view.pane.columns[column.index].title for column in view.table.ruler.placed]
        assert titles == [column.title for column in PANE.columns]
        await pilot.press("ctrl+w")
        assert "BUILT" not in plain(view.table)[0]


async def test_a_pause_freezes_the_rows_and_says_so() -> None:
    async with opened(*fleet(2)) as (pilot, view, source):
        await pilot.press("z")
        source.publish(Ship("new"), gone=("kiel/ship-0",))
        await idle(pilot, view)
        assert names(view) == ["ship-0", "ship-1"]
        assert "◌ paused since 22:13:20" in top(view)
        await pilot.press("z")
        await idle(pilot, view)
        assert names(view) == ["new", "ship-1"]
        assert top(view).endswith("● live")


async def test_shift_and_a_letter_sorts_by_its_column_and_shift_o_by_the_next() -> None:
    async with opened(*fleet(3), Ship("x", cargo=50)) as (pilot, view, _):
        assert view.sort_keys["C"] == "CARGO"
        await pilot.press("C")
        await idle(pilot, view)
        assert names(view)[-1] == "x"
        await pilot.press("C")
        await idle(pilot, view)
        assert names(view)[0] == "x"
        await pilot.press("O")
        await idle(pilot, view)
        assert "PORT↑" in plain(view.table)[0]
        assert not view.sort("NO SUCH COLUMN")


async def test_copying_takes_the_name_then_the_row_then_the_cell() -> None:
    async with opened(Ship("a", cargo=7), pane=replace(PANE, sort="CARGO")) as (pilot, _view, _):
        taken: list[str] = []
        for _ in range(4):
            await pilot.press("c")
            taken.append(pilot.app.clipboard)
        assert taken == ["a", "a\tsailing\t7\tkiel\tmara\t1.69741e+09\t30d", "7", "a"]


async def test_a_key_that_an_action_holds_is_left_to_it() -> None:
    cordon = Action[Ship]("seize", "seize", _nothing, key="c")
    sink = Action[Ship]("sink", "sink", _nothing, key="shift+n")
    async with opened(*fleet(1), pane=replace(PANE, actions=(cordon, sink))) as (pilot, view, _):
        await pilot.press("c")
        assert pilot.app.clipboard == ""
        assert "N" not in view.sort_keys
        await pilot.press("ctrl+y")
        assert pilot.app.clipboard == "ship-0"


async def test_the_shown_rows_are_saved_as_csv_that_no_spreadsheet_runs() -> None:
    async with opened(Ship("b", captain="=1+1"), Ship("a"), Ship("c,d")) as (pilot, view, _):
        saved: list[tuple[str, str]] = []

        def save(name: str, text: str) -> str:
            saved.append((name, text))
            return f"saved {name}"

        view.save = save
        view.set_filter("!c,d")
        await pilot.press("ctrl+s")
        await idle(pilot, view)
        while not saved:
            await pilot.pause()
        ((name, text),) = saved
        assert name == "ships-2023-11-14T221320Z.csv"
        assert list(csv.reader(io.StringIO(text))) == [
            ["NAME", "STATE", "CARGO", "PORT", "CAPTAIN", "AGE"],
            ["a", "sailing", "0", "kiel", "mara", "30d"],
            ["b", "sailing", "0", "kiel", "'=1+1", "30d"],
        ]


async def test_a_file_that_cannot_be_written_is_said() -> None:
    async with opened(*fleet(1)) as (pilot, view, _):

        def save(_name: str, _text: str) -> str:
            raise PermissionError(13, "Permission denied")

        view.save = save
        await view.save_table()
        await pilot.pause()
        host = pilot.app
        assert isinstance(host, Host)
        assert any("was not saved" in text and "Permission denied" in text for text in host.said)


async def test_what_actions_work_on_is_the_marked_rows_else_the_one_under_the_cursor() -> None:
    async with opened(*fleet(4)) as (pilot, view, source):
        assert [key for key, _ in view.targets] == ["kiel/ship-0"]
        await pilot.press("space", "down", "space")
        assert [key for key, _ in view.targets] == ["kiel/ship-0", "kiel/ship-2"]
        source.publish(Ship("ship-2", captain="eve"))
        assert [ship.captain for _, ship in view.targets] == ["mara", "eve"]
        assert "2 marked" in top(view) or await _after(pilot, view, "2 marked")
        source.publish(gone=tuple(f"kiel/ship-{number}" for number in range(4)))
        await idle(pilot, view)
        assert view.targets == []
        assert (view.selected, view.selected_key) == (None, None)


async def _after(pilot: Pilot[None], view: PaneView[Ship], words: str) -> bool:
    await idle(pilot, view)
    return words in top(view)


async def test_the_cursor_comes_back_to_where_somebody_was_once_that_row_is_there() -> None:
    async with opened() as (pilot, view, source):
        view.seek("kiel/ship-7")
        source.publish(*fleet(5))
        await idle(pilot, view)
        assert view.selected_key == "kiel/ship-0"
        source.publish(*fleet(9))
        await idle(pilot, view)
        assert view.selected_key == "kiel/ship-7"


async def test_stale_rows_stay_are_dimmed_and_say_since_when() -> None:
    async with opened(*fleet(3)) as (pilot, view, source):
        source.publish(state=SourceState.STALE, since=NOW - 60, error="connection refused")
        await idle(pilot, view)
        assert names(view) == ["ship-0", "ship-1", "ship-2"]
        assert top(view).endswith("▲ stale since 22:12:20: connection refused")
        assert all(segment.style and segment.style.dim for segment in list(view.table.render_line(2))[:-1])
        source.publish(state=SourceState.LIVE, error="")
        await idle(pilot, view)
        assert not any(segment.style and segment.style.dim for segment in view.table.render_line(2))


async def test_a_closed_pane_no_longer_listens() -> None:
    async with opened(*fleet(1)) as (pilot, view, source):
        assert len(source.subscribers) == 1
        await view.remove()
        assert source.subscribers == []
        source.publish(Ship("late"))
        view.table.take(Snapshot(), Delta())
        await pilot.pause()
