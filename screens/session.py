"""From an open kernel to a working desk: the first place, the header's values as time passes, `:` orders, contexts."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from msgspec.structs import replace

from console.errors import ConsoleError, UsageError
from console.format import clock_time
from console.model import SourceState
from screens.colon import Known, Order, parse
from screens.keymap import Keymap
from screens.noticing import notice
from screens.outlook import connection, nodes_out
from screens.paint import app_of
from screens.trail import OVERVIEW, Place, scoped

if TYPE_CHECKING:
    from console.runtime import Runtime
    from screens.app import Opening
    from screens.desk import Desk

_log = logging.getLogger("pilothouse.screens")
TICK = 1.0
SLOW_TICK = 5.0


async def attach(desk: Desk, kernel: Runtime, opening: Opening) -> None:
    """Give the desk its kernel and show the first place."""
    from screens.commandbar import make_bar

    desk.kernel = kernel
    desk.keymap = Keymap(kernel.settings.keys)
    desk.utc = kernel.settings.utc
    desk.again = None
    desk.opened = True
    desk.low_bandwidth = opening.low_bandwidth or kernel.settings.low_bandwidth
    await make_bar(desk)
    tick(desk)
    desk.set_interval(SLOW_TICK if desk.low_bandwidth else TICK, lambda: tick(desk))
    desk.start(identify(desk))
    desk.keep(notice(desk))
    for broken in kernel.broken:
        desk.say(f"plugin {broken.name} cannot be used: {broken.reason}", "warning")
    for instance in kernel.instances:
        for remark in instance.remarks:
            desk.say(remark, "warning")
    kernel.search()
    await obey(desk, opening.start or kernel.settings.start)
    if opening.tour:
        from screens.tour import begin

        await begin(desk)


async def fail(desk: Desk, error: ConsoleError) -> None:
    """The kernel could not be opened: a page says why; what works without a kernel still does."""
    desk.headline = replace(desk.headline, opening=False, error="not opened")
    desk.draw_lines()
    await desk.ways.show(Place("message", "the cluster cannot be opened", subject=str(error)), desk.ways.half)


async def identify(desk: Desk) -> None:
    """Find out who we are for the server; it is only shown, so failures say nothing."""
    try:
        name = await (await desk.kernel.offer(lambda offers: offers.identity))
    except ConsoleError as error:
        _log.warning("the identity is not known: %s", error)
        return
    desk.headline = replace(desk.headline, identity=name)
    desk.draw_lines()


def tick(desk: Desk) -> None:
    """The header's values as they are now. Coarse on purpose: an idle screen writes nothing."""
    kernel = desk.kernel
    settings = kernel.settings
    now = kernel.clock.now()
    context = kernel.context
    instance = next((one for one in kernel.instances if one.id.name == context), None)
    here = connection(kernel)
    desk.headline = replace(
        desk.headline,
        context=context,
        opening=here.state is SourceState.LOADING,
        error=here.error,
        since=here.since,
        read_only=settings.read_only,
        production=settings.is_production(context),
        marks=tuple((mark.text, mark.tone.value) for mark in instance.marks) if instance else (),
        out=nodes_out(kernel),
        clock="" if desk.low_bandwidth else clock_time(now, utc=desk.utc, seconds=False),
    )
    desk.draw_lines()


async def obey(desk: Desk, line: str, known: Known | None = None) -> None:
    """Do what a `:` line asks for. Raises UsageError with one line when that cannot be done."""
    from screens.knowing import known as gather

    asked = parse(line, known or gather(desk.kernel))
    if isinstance(asked, str):
        raise UsageError(asked)
    if isinstance(asked, Order):
        await _order(desk, asked)
    else:
        await desk.ways.show(located(desk, asked), desk.ways.half)


def located(desk: Desk, place: Place) -> Place:
    """A pane's place with the instance that has the pane."""
    if place.kind != "pane" or place.instance is not None:
        return place
    found = desk.kernel.find_pane(place.name)
    if found is None:
        raise UsageError(f"there is no pane `{place.name}`", next_step=": completes what there is")
    return replace(place, name=found[1].name, instance=found[0])


async def _order(desk: Desk, order: Order) -> None:
    match order.verb:
        case "quit":
            desk.leave()
        case "ctx":
            await switch(desk, order.name)
        case "theme":
            set_theme(desk, order.name)
        case "ns":
            await set_namespace(desk, order.name)
        case _:
            await _find(desk, order)


async def _find(desk: Desk, order: Order) -> None:
    desk.say(f"looking for {order.name}")
    found = await desk.kernel.look_up(order.name)
    if found is None or order.place is None:
        raise UsageError(f"there is no pane and no kind `{order.name}`", next_step=": completes what there is")
    await desk.ways.show(replace(order.place, name=found[1].name, instance=found[0]), desk.ways.half)


async def switch(desk: Desk, context: str) -> None:
    """Another context, without a restart; without a name the known ones are listed."""
    from screens.knowing import forget_kinds

    names = [instance.id.name for instance in desk.kernel.contexts]
    if context not in names:
        what = f"there is no context `{context}`" if context else "name a context"
        raise UsageError(what, next_step="known: " + ", ".join(names))
    await desk.ways.clear()
    desk.marks.clear()
    await desk.kernel.switch(context)
    forget_kinds(desk.kernel)
    desk.headline = replace(desk.headline, identity="", opening=True)
    tick(desk)
    desk.start(identify(desk))
    await desk.ways.show(OVERVIEW, desk.ways.half)


def set_theme(desk: Desk, name: str) -> None:
    """Another theme, for this session; the configuration keeps its own."""
    from themes import LOOKS

    if name not in LOOKS:
        raise UsageError(f"there is no theme `{name}`", next_step="known: " + ", ".join(LOOKS))
    app_of(desk).theme = name
    desk.changed()


async def set_namespace(desk: Desk, name: str) -> None:
    """Limit the shown pane to a namespace, or lift the limit (`all`)."""
    page = desk.page
    if page is None or page.place.kind != "pane":
        raise UsageError("this page is not limited to a namespace")
    facets = {**page.here().facets, "namespace": "" if name in {"", "all", "-", "*"} else name}
    await desk.ways.show(replace(page.here(), scope=scoped(facets)), desk.ways.half)
