"""A run of node1 that a person began on the screen, and facts in its journal. No runner is started."""

from __future__ import annotations

from console.workflow import journal as journals
from console.workflow.codec import Entry
from console.workflow.events import Fact
from tests.screens.app.steering import Driver


async def write(driver: Driver, run: str, *facts: Fact) -> None:
    """What a runner would have written."""
    store = driver.sea.journals
    page = journals.page(await store.read(run))
    entries = [*page.entries, *(Entry(page.last + at, 1, fact) for at, fact in enumerate(facts, start=1))]
    await store.write(page.stored, journals.text_of(run, entries))


async def begin(driver: Driver, reason: str = "kernel update") -> str:
    """From the nodes to the board; the run's name."""
    await driver.order("nodes")
    await driver.sees("node1")
    await driver.press("r")
    await driver.sees("plan: drain node1", "SAFE")
    await driver.press("s")
    await driver.type(reason)
    await driver.press("enter")
    await driver.sees("cordon node1", "move anna", "agree")
    await driver.press("enter")
    await driver.sees("of 2 steps")
    return next(iter(driver.sea.journals.runs))
