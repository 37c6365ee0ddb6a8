"""Systems that stand on the platform: looked for soon after the start, and every minute while somebody looks.

Each plugin's `search` names its instances; a new one is entered and stays until the context is left, since its servers
may be away for a while. A search that fails says why in `failed`, by system, and takes nothing else down.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from console.errors import ConsoleError
from console.plugin import Instance, Platform, Plugin
from console.poller import reason_first
from console.store import Store

FIRST_AFTER = 1.0
"""Seconds after the start: the first paint and the first rows come before."""
EVERY = 60.0


class Searching:
    """`once` looks now; `run` goes on until it is cancelled. `ground` gives the platform, None where there is none."""

    def __init__(
        self,
        store: Store,
        plugins: Callable[[], Awaitable[Sequence[tuple[Plugin, Any]]]],
        *,
        ground: Callable[[], Awaitable[Platform | None]],
        enter: Callable[[Plugin, Instance], Awaitable[None]],
    ) -> None:
        """`plugins` are those with a `search`, each with its settings."""
        self.failed: dict[str, str] = {}
        """Why a system could not be looked for, by system."""
        self.looked = False
        """Whether every plugin was asked once, so that what is not there is not there."""
        self._plugins = plugins
        self._ground = ground
        self._enter = enter
        self._clock = store.clock
        self._fence = store.fence
        self._one_at_a_time = asyncio.Lock()
        self._importing = asyncio.Lock()

    async def run(self) -> None:
        """Look again and again."""
        pause = FIRST_AFTER
        while True:
            await self._clock.sleep(pause)
            await self.once()
            pause = EVERY

    async def first(self) -> None:
        """Return when every plugin was asked once since the context was entered; asks now where none was."""
        if not self.looked:
            await self.once()

    async def once(self) -> None:
        """Ask every plugin now, side by side."""
        async with self._one_at_a_time:
            plugins = await self._plugins()
            ground = await self._ground() if plugins else None
            if ground is not None:
                await asyncio.gather(*(self._search(plugin, settings, ground) for plugin, settings in plugins))
            self.looked = True

    def forget(self) -> None:
        """Another context was entered: nothing was looked for in it."""
        self.failed.clear()
        self.looked = False

    async def _search(self, plugin: Plugin, settings: Any, ground: Platform) -> None:
        assert plugin.search is not None  # noqa: S101 - the caller looked
        try:
            async with self._importing:  # of several threads that import, each keeps the loop waiting for its turn
                search = await asyncio.to_thread(plugin.search.load)
            found: Sequence[Instance] = await search(settings, ground)
            async with self._importing:
                for instance in found:
                    await self._enter(plugin, instance)
        except ConsoleError as error:
            self.failed[plugin.system] = reason_first(error)
        except Exception as error:  # noqa: BLE001 - plugin code: named, and the other plugins are still asked
            self._fence.caught(f"{plugin.system} search", error)
            self.failed[plugin.system] = f"{type(error).__name__}: {error}"
        else:
            self.failed.pop(plugin.system, None)
