"""Functions, sources and sinks: one question for all assignments. The chart's workers stand in the brokers."""

from __future__ import annotations

from collections.abc import Sequence

from console.errors import Absent, Conflict, NotFound
from console.text import clean
from plugins.pulsar.client.admin import Admin
from plugins.pulsar.model.rows import FunctionRow


class Functions:
    """See the module."""

    def __init__(self, admin: Admin) -> None:
        self._admin = admin

    async def rows(self) -> Sequence[FunctionRow]:
        """One row an instance. Raises Absent where functions are not enabled."""
        path = "/admin/v2/worker/assignments"
        try:
            told = await self._admin.get(path, dict[str, list[str]])
        except (Conflict, NotFound) as error:
            raise Absent("functions are not enabled in these brokers (functionsWorkerEnabled)", where=path) from error
        return [FunctionRow(clean(name), clean(worker, 253)) for worker, names in told.items() for name in names]
