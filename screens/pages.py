"""Which code shows a place. Pages are imported when they are first opened, never on the way to the first paint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.errors import UsageError
from console.plugin import Deferred

if TYPE_CHECKING:
    from screens.desk import Desk
    from screens.page import Page
    from screens.trail import Place

PAGES: dict[str, Deferred[type[Page]]] = {
    "pane": Deferred("screens.browse:PanePage"),
    "overview": Deferred("screens.overview:OverviewPage"),
    "logs": Deferred("screens.logs:LogsPage"),
    "yaml": Deferred("screens.manifest:ManifestPage"),
    "plan": Deferred("screens.plan:PlanPage"),
    "run": Deferred("screens.run:BoardPage"),
    "text": Deferred("screens.text:TextPage"),
    "forwards": Deferred("screens.forwards:ForwardsPage"),
    "help": Deferred("screens.help:HelpPage"),
    "message": Deferred("screens.message:MessagePage"),
}


def make(desk: Desk, place: Place) -> Page:
    """The page of a place. Raises UsageError for a kind that nobody shows."""
    page = PAGES.get(place.kind)
    if page is None:
        raise UsageError(f"there is no page `{place.kind}`")
    return page.load()(desk, place)
