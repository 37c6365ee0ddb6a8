"""What the `:` line may name at this moment, gathered from the kernel: panes, namespaces, contexts, kinds."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from console.errors import ConsoleError
from screens.colon import Known
from themes import LOOKS

if TYPE_CHECKING:
    from console.runtime import Runtime

_KINDS: WeakKeyDictionary[Any, tuple[str, ...]] = WeakKeyDictionary()
LOOKED_AT = 5000
"""Rows of a pane in which namespaces are looked for: the line must open at once with 100,000 rows too."""


def known(kernel: Runtime, *, kinds: Sequence[str] = ()) -> Known:
    """What there is now; `kinds` are words that only the server knows."""
    panes: dict[str, str] = {}
    limits: dict[str, Mapping[str, str]] = {}
    counted = Counter(instance.id.system for instance in kernel.instances)
    for instance in kernel.instances:
        for pane in kernel.panes(instance.id):
            for word in (pane.name, *pane.aliases):
                if panes.setdefault(word, pane.name) == pane.name and word in pane.limits:
                    limits[word] = pane.limits[word]
            if counted[instance.id.system] > 1:  # the plain name opens the first of them
                own = f"{instance.id.name}.{pane.name}".lower()
                panes[own] = own
    return Known(
        panes=panes,
        limits=limits,
        namespaces=namespaces(kernel),
        contexts=tuple(instance.id.name for instance in kernel.contexts),
        kinds=tuple(kinds) or _KINDS.get(kernel, ()),
        themes=tuple(LOOKS),
    )


def namespaces(kernel: Runtime) -> tuple[str, ...]:
    """Namespaces that occur in rows that are held anyway; nothing is asked for."""
    found: set[str] = set()
    for instance in kernel.instances:
        facts = kernel.facts(instance.id)
        for pane in kernel.panes(instance.id):
            rows = itertools.islice(facts.snapshot(pane.table).rows.values(), LOOKED_AT)
            for row in rows:
                where = f"{pane.name} facets"
                found.add(kernel.fence.call(where, dict[str, str](), pane.facets, row).get("namespace", ""))
    return tuple(sorted(found - {""}))


def forget_kinds(kernel: Runtime) -> None:
    """Another context has other kinds."""
    _KINDS.pop(kernel, None)


async def kinds(kernel: Runtime) -> tuple[str, ...]:
    """Words that the plugins' `find` knows; asked once, empty when no answer came."""
    if kernel not in _KINDS:
        context = kernel.context
        words: list[str] = []
        for instance in list(kernel.instances):
            plugin = kernel.plugin(instance.id)
            if plugin.kinds is not None:
                try:
                    words += await plugin.kinds.load()(await kernel.client(instance.id))
                except ConsoleError:
                    return ()
        if kernel.context == context:  # else the answer came too late
            _KINDS[kernel] = tuple(dict.fromkeys(words))
    return _KINDS.get(kernel, ())
