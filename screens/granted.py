"""Finding out which keys would be refused before a person presses them: the rights for the row under the cursor.

The gate keeps what it found missing (`Gate.lacking`), and row commands look there. Owns when it is asked: in the
background, for few kinds of rows of a page, and never again by itself. Whether something is done is the gate's alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from console.errors import ConsoleError
from console.plugin import Right

if TYPE_CHECKING:
    from screens.browse import PanePage

MOST = 8
"""Sets of rights a page asks for: rows of more namespaces than that are judged when a key is pressed."""


class Granted:
    """What one page has asked about."""

    def __init__(self, page: PanePage) -> None:
        self._page = page
        self._asked: set[frozenset[Right]] = set()
        self._asking = False

    def look(self, row: Any) -> None:
        """The cursor is on this row now."""
        kernel = self._page.desk.kernel
        if self._asking or len(self._asked) >= MOST or kernel.settings.read_only or not kernel.context:
            return
        rights = kernel.fence.call(f"{self._page.pane.name} rights", frozenset[Right](), self._wanted, row)
        if rights and rights not in self._asked:
            self._asked.add(rights)
            self._asking = True
            self._page.stand(self._ask(rights))

    def _wanted(self, row: Any) -> frozenset[Right]:
        return frozenset(self._rights(row))

    def _rights(self, row: Any) -> Iterator[Right]:
        pane = self._page.pane
        for action in pane.actions:
            if action.key:
                yield from action.rights(row)
        for ability in (pane.shell, pane.forward, pane.manifest):
            if ability is not None:
                yield from ability.rights(row)

    async def _ask(self, rights: frozenset[Right]) -> None:
        desk = self._page.desk
        before = desk.kernel.lacking
        try:
            await (await desk.kernel.gate()).missing(sorted(rights, key=str))
        except ConsoleError:
            return  # then nothing is known to be missing, and a key says it when it is pressed
        finally:
            self._asking = False
        if desk.kernel.lacking != before:
            self._page.post_message(self._page.Changed())
