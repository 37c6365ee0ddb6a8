"""Where the watches of one feed stand, so that a feed is resumed after a failure instead of being listed again."""

from __future__ import annotations

from plugins.kubernetes.client.listing import Selection


class Position:
    """The version that each watched collection has reached. `complete`: the feed holds one whole list.

    `lost`: it held one before, and the position in it was lost.
    """

    def __init__(self) -> None:
        self.complete = False
        self.lost = False
        self._versions: dict[Selection, str] = {}

    @property
    def scopes(self) -> list[Selection]:
        """The collections that make up the list: one, or one a namespace."""
        return list(self._versions)

    def version(self, scope: Selection) -> str:
        """Where the watch of `scope` goes on."""
        return self._versions[scope]

    def reached(self, scope: Selection, version: str) -> None:
        """Everything up to `version` is in the feed."""
        self._versions[scope] = version

    def forget(self) -> None:
        """The position is worth nothing any more: list again."""
        self.lost = self.lost or self.complete
        self.complete = False
        self._versions.clear()
