"""Going from place to place by keys: panes, history, namespaces, what cannot be done."""

from __future__ import annotations

import time

import pytest

from console.model import Ref
from screens.browse import PanePage
from tests.screens import fleet
from tests.screens.app.steering import driving
from tests.screens.fleet import Boat
from tests.values import replace

SIZES = [(80, 24), (160, 50)]


@pytest.mark.parametrize("size", SIZES)
async def test_the_first_place_is_the_overview_with_a_tile_for_each_system(size: tuple[int, int]) -> None:
    async with driving(size=size) as driver:
        await driver.sees("fleet north", "3/3", "● live", "north")


@pytest.mark.parametrize("size", SIZES)
async def test_a_pane_is_opened_by_its_alias_limited_to_a_namespace_and_shows_changes(size: tuple[int, int]) -> None:
    async with driving(size=size) as driver:
        await driver.order("bo kiel")
        await driver.sees("anna", "bertha", "2 of 3")
        assert "clara" not in driver.text()
        driver.sea.add(type(driver.sea.boats["kiel/anna"])("dora", "kiel"))
        await driver.sees("dora")


async def test_the_line_completes_with_tab_and_remembers_what_was_typed() -> None:
    async with driving() as driver:
        await driver.press("colon")
        await driver.type("nod")
        await driver.press("tab", "enter")
        await driver.sees("node1", "node2")
        await driver.press("colon", "up")
        await driver.sees(":nodes")
        await driver.press("escape")
        await driver.until(lambda: ":nodes" not in driver.text(), "the line is closed")


async def test_back_forth_and_last_walk_the_places() -> None:
    async with driving() as driver:
        await driver.order("boats")
        await driver.order("nodes")
        await driver.press("left_square_bracket")
        await driver.sees("anna")
        await driver.press("right_square_bracket")
        await driver.sees("node1")
        await driver.press("minus")
        await driver.sees("anna")
        await driver.press("minus")
        await driver.sees("node1")


async def test_escape_closes_the_filter_first_and_then_goes_back() -> None:
    async with driving() as driver:
        await driver.order("boats /clara")
        await driver.sees("1 of 3")
        await driver.press("escape")
        await driver.sees("bertha")
        await driver.press("escape")
        await driver.sees("systems")


async def test_a_kind_that_no_pane_declares_is_found_through_the_plugin() -> None:
    async with driving() as driver:
        await driver.order("gulls")
        await driver.sees("gull-1")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("krakens", "no pane and no kind `krakens`"),
        ("ctx mars", "no context `mars`"),
        ("theme pink", "no theme `pink`"),
        ("boats kiel oslo", "only one namespace"),
    ],
)
async def test_a_line_that_leads_nowhere_says_why_and_leaves_the_page(line: str, why: str) -> None:
    async with driving() as driver:
        await driver.order(line)
        await driver.until(lambda: any(why in said for said in driver.said), why)
        await driver.sees("systems")


async def test_another_context_is_opened_without_a_restart() -> None:
    async with driving() as driver:
        await driver.order("boats")
        await driver.order("ctx south")
        await driver.sees("south", "0 boats")


async def test_two_pages_stand_side_by_side_and_tab_moves_between_them() -> None:
    async with driving(size=(160, 50)) as driver:
        await driver.order("boats")
        await driver.press("vertical_line")
        await driver.order("nodes")
        await driver.sees("anna", "node1")
        await driver.press("tab")
        await driver.order("boats oslo")
        await driver.sees("clara", "node1", "1 of 3")


async def test_a_narrow_screen_says_what_two_pages_need() -> None:
    async with driving(size=(80, 24)) as driver:
        await driver.press("vertical_line")
        assert "two pages need 140 columns, here are 80" in driver.said


async def test_a_word_after_a_pane_without_namespaces_is_its_filter() -> None:
    async with driving() as driver:
        await driver.order("nodes node1")
        await driver.sees("nodes (", "/node1", "node1")
        page = driver.app.desk.page
        assert page is not None
        assert (page.here().filter, page.here().scope) == ("node1", ())
        await driver.order("boats oslo")
        await driver.sees("1 of 3")
        assert driver.app.desk.page is not None
        assert driver.app.desk.page.here().scope == (("namespace", "oslo"),)


async def test_the_zone_of_an_open_pane_follows_the_key_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Etc/GMT-5")
    time.tzset()
    async with driving() as driver:
        await driver.order("boats")
        await driver.sees("anna")
        await driver.press("z")
        await driver.sees("paused since 03:1")
        await driver.press("ctrl+u")
        await driver.sees("paused since 22:1")


def _good(boat: Boat) -> Ref:
    return Ref("boat", f"good {boat.name}")


async def test_the_name_that_is_copied_is_the_rows_and_not_its_first_cell() -> None:
    async with driving() as driver:
        await driver.order("boats")
        await driver.sees("anna")
        page = driver.app.desk.page
        assert isinstance(page, PanePage)
        page.rows.pane = replace(page.rows.pane, ref=_good)
        await driver.press("ctrl+y")
        assert "copied the name: good anna" in driver.said


async def test_an_alias_that_limits_its_pane_is_limited_further_and_filtered() -> None:
    async with driving() as driver:
        driver.sea.add(Boat("dora", "kiel", captain="ann"))
        await driver.order("anns")
        await driver.sees("boats (2 of 4)", "clara", "dora")
        await driver.order("anns kiel /dor")
        await driver.sees("boats (1 of 4)", "dora", "/dor")
        assert driver.app.desk.page is not None
        assert driver.app.desk.page.here().facets == {"captain": "ann", "namespace": "kiel"}
        await driver.order("boats")
        await driver.sees("anna", "boats (4)")


async def test_marks_are_there_when_one_comes_back_but_those_of_rows_that_are_gone() -> None:
    async with driving() as driver:
        await driver.order("boats")
        await driver.sees("anna")
        await driver.press("space", "space", "space")
        await driver.sees("3 marked")
        await driver.order("nodes")
        await driver.sees("node1")
        del driver.sea.boats["kiel/bertha"]
        driver.sea.publish()
        await driver.order("boats")
        await driver.sees("2 marked")
        page = driver.app.desk.page
        assert isinstance(page, PanePage)
        assert [key for key, _ in page.rows.marked] == ["kiel/anna", "oslo/clara"]
        await driver.order("boats oslo")
        await driver.sees("1 of 2")
        assert "marked" not in driver.text()
        await driver.order("boats")
        await driver.press("ctrl+backslash")
        await driver.until(lambda: "marked" not in driver.text(), "no marks")
        await driver.order("nodes")
        await driver.press("minus")
        await driver.sees("anna")
        assert "marked" not in driver.text()


def _under_anna(boat: Boat) -> str | None:
    return None if boat.name == "anna" else "kiel/anna"


async def test_rows_of_a_tree_are_still_collapsed_when_one_comes_back() -> None:
    async with driving() as driver:
        await driver.order("nodes")
        kernel = driver.app.desk.kernel
        found = kernel.find_pane("boats")
        assert found is not None
        panes = kernel.panes(found[0])
        assert isinstance(panes, list)
        panes[panes.index(found[1])] = replace(found[1], parent=_under_anna)
        await driver.order("boats")
        await driver.sees("bertha")
        await driver.press("left")
        await driver.sees("anna (+2)")
        await driver.order("nodes")
        await driver.order("boats")
        await driver.sees("anna (+2)")
        assert "bertha" not in driver.text()
        await driver.press("right")
        await driver.sees("bertha")
        await driver.order("nodes")
        await driver.order("boats")
        await driver.sees("bertha")


async def test_the_kinds_that_are_completed_are_those_of_the_new_context(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["gulls"]

    async def kinds(_sea: object) -> list[str]:
        return list(words)

    monkeypatch.setattr(fleet, "kinds", kinds)
    async with driving() as driver:
        await driver.press("colon")
        await driver.type("g")
        await driver.sees("gulls")
        await driver.press("escape")
        words[:] = ["geese"]
        await driver.order("ctx south")
        await driver.sees("south", "0 boats")
        await driver.press("colon")
        await driver.type("g")
        await driver.sees("geese")
        assert "gulls" not in driver.text()
