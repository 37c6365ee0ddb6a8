"""Where the person is and was: places as values, and the way back and forth between them. Pure.

A place can be opened again at any time, so that history, favourites, jumps and the command line all speak of the same
thing. The page that shows a place is made by `pages.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from console.model import InstanceId

LIMIT = 100


class Place(Struct, frozen=True):
    """One page: what kind (`pane`, `overview`, `logs`, `yaml`, `plan`, `run`, `help`, `forwards`), and of what.

    `name` is a pane, run or topic; `subject` a row's key; `scope` the facets that limit a pane; `filter` what stands
    after `/`; `options` what only that kind of page understands.
    """

    kind: str
    name: str = ""
    instance: InstanceId | None = None
    scope: tuple[tuple[str, str], ...] = ()
    filter: str = ""
    subject: str = ""
    options: tuple[tuple[str, str], ...] = ()

    @property
    def facets(self) -> Mapping[str, str]:
        """The scope as a mapping."""
        return dict(self.scope)

    @property
    def title(self) -> str:
        """A few words for history and messages."""
        inside = " ".join(value if key == "namespace" else f"{key}={value}" for key, value in self.scope)
        words = [self.kind if self.kind != "pane" else "", self.name, self.subject, inside]
        return " ".join(word for word in words if word)


OVERVIEW = Place("overview")


def scoped(facets: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Facets in a form that compares equal whatever their order was."""
    return tuple(sorted((key, value) for key, value in facets.items() if value))


class Trail(Struct):
    """The places that were visited, oldest first, and the one that is shown."""

    places: list[Place] = field(default_factory=list[Place])
    at: int = -1
    before: Place | None = None

    @property
    def here(self) -> Place | None:
        return self.places[self.at] if 0 <= self.at < len(self.places) else None

    def go(self, place: Place) -> None:
        """Visit a place; what lay ahead is forgotten, as in a browser."""
        if place == self.here:
            return
        self.before = self.here
        del self.places[self.at + 1 :]
        self.places.append(place)
        del self.places[: max(0, len(self.places) - LIMIT)]
        self.at = len(self.places) - 1

    def step(self, by: int) -> Place | None:
        """One place back (-1) or forth (1); None where there is none."""
        if not 0 <= self.at + by < len(self.places):
            return None
        self.before = self.here
        self.at += by
        return self.here

    def swap(self) -> Place | None:
        """The place shown before this one, whichever way it was left."""
        if self.before is None:
            return None
        target = self.before
        self.go(target)
        return target

    def amend(self, place: Place) -> None:
        """The shown place is now this one (its filter changed), without a new entry."""
        if self.here is not None:
            self.places[self.at] = place
