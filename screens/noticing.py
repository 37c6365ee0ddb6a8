"""Says what people should know of any run while the screen is open: one line, the bell, OSC 9, and their command.

Owns the watch over the rows of `runs`, on whatever page the person is. It reads the rows that are there anyway.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from console import paths
from console.own import ID, RUNS
from console.plugin import Table
from screens.paint import app_of

if TYPE_CHECKING:
    from console.own import RunRow
    from console.workflow.notices import Notice, Notices
    from screens.desk import Desk

EVERY = 5.0
_log = logging.getLogger("pilothouse.screens")


async def notice(desk: Desk) -> None:
    """Look at the runs for ever; whoever starts it cancels it."""
    notices: Notices | None = None
    kernel = desk.kernel
    table: Table[RunRow] = RUNS
    await kernel.clock.sleep(EVERY)  # the first page comes first
    want = kernel.want(ID, table)
    try:
        while True:
            rows = list(kernel.facts(ID).rows(table).values())
            if rows and notices is None:
                from console.workflow.notices import Notices  # not before there is a run: the first paint is dear

                notices = Notices(kernel.settings.notify.stalls_after)
            for row in rows if notices is not None else ():
                await _heard(desk, notices, row)
            await kernel.clock.sleep(EVERY)
    finally:
        want.close()


async def _heard(desk: Desk, notices: Notices | None, row: RunRow) -> None:
    from console.workflow.notices import Look

    if notices is None or row.problem:
        return
    title = f"{row.kind} {', '.join(row.nodes)}"
    seen = Look(row.id, title, row.status, row.waits, row.progressed, row.retried)
    for told in notices.heard(seen, desk.kernel.clock.now()):
        await _tell(desk, told)


async def _tell(desk: Desk, told: Notice) -> None:
    from console.notifying import notify, terminal_bytes

    desk.say(told.line, "warning" if told.event != "ended" or told.status != "done" else "information")
    driver = app_of(desk)._driver  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # as copying by OSC 52 does
    if driver is not None:
        driver.write(terminal_bytes(told))
    command = desk.kernel.settings.notify.command
    await notify(command, told, told=paths.state_dir() / "told", environ=os.environ)
