"""References from panes to what the actions do: named here, imported when one is used."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from console.plugin import Act, Ask, Deferred, Right
from plugins.rabbitmq.model.nodes import MemberRow

APPLIES = ("queues", "exchanges", "all", "classic_queues", "quorum_queues", "streams")


def run(name: str) -> Callable[[Act, Any], Awaitable[str]]:
    """An action's code in `acts.py`."""

    async def call(act: Act, row: Any) -> str:
        code: Any = Deferred[Any](f"plugins.rabbitmq.acts:{name}").load()
        return await code(act, row)

    return call


def policy_asks(*, pattern: str, applies_to: str) -> tuple[Ask, ...]:
    """What decides which queues a policy matches."""
    return (
        Ask("pattern", "names that match this regular expression", default=pattern),
        Ask("applies_to", "of what kind", default=applies_to, choices=APPLIES),
    )


def exec_rights(row: MemberRow) -> Sequence[Right]:
    """What running a tool in the member's pod needs."""
    return (Right("create", "pods/exec", namespace=row.namespace),) if row.pod else ()
