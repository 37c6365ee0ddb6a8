"""Functions, sources and sinks, as the functions workers tell of them. The chart's workers stand in the brokers.

A cycle costs one question for all assignments, one a broker for the numbers of all its instances, and a budget: the
lists of a few namespaces (they say what is a function, a source, a sink, and what runs nowhere), and the state of a few
functions, those first that were never asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from console.errors import Absent, Conflict, NotFound, ServerFault, SourceError, Unreachable
from console.text import clean
from plugins.pulsar.client.admin import Admin
from plugins.pulsar.client.brokers import Brokers
from plugins.pulsar.client.members import Member
from plugins.pulsar.client.paths import part, space
from plugins.pulsar.client.policies import Policies
from plugins.pulsar.model.functions import KINDS, FunctionRow, Known, Measured, Metrics, Status, Told, function_of, rows

_CYCLE = 8.0
_WITHIN = 5.0
_LISTED_FOR = 120.0
_TOLD_FOR = 30.0
_NAMESPACES_A_CYCLE = 5
"""Three requests each."""
_STATES_A_CYCLE = 10
_AT_ONCE = 5
STARTING = "not done initializing"


class Functions:
    """See the module."""

    def __init__(self, admin: Admin, brokers: Brokers, policies: Policies) -> None:
        self._admin = admin
        self._brokers = brokers
        self._policies = policies
        self._limit = asyncio.Semaphore(_AT_ONCE)
        self._base = ""
        self._listed: dict[str, tuple[float, Mapping[str, str]]] = {}
        self._told: dict[str, Told] = {}

    async def rows(self) -> Sequence[FunctionRow]:
        """One row an instance, and one a function that none runs. Raises Absent where functions are not enabled."""
        return await self._admin.kept.get("functions", _CYCLE, self._asked)

    async def _asked(self) -> Sequence[FunctionRow]:
        assigned = await self._assigned()
        (measured, fault), kinds = await asyncio.gather(self._measured(), self._kinds(assigned))
        await self._ask_states(assigned, kinds)
        return rows(Known(assigned, kinds, measured, self._told, fault))

    async def _assigned(self) -> Mapping[str, str]:
        """Full name of an instance -> its worker: said by the first broker that has a worker, which is kept."""
        path, without, silent = "/admin/v2/worker/assignments", None, None
        bases = [member.url for member in await self._brokers.places()]
        for base in sorted(bases, key=lambda one: one != self._base):
            try:
                told = await self._assignments(path, base)
            except (Conflict, NotFound) as error:
                without = error
            except Unreachable as error:
                silent = error
            else:
                self._base = base
                return {name: worker for worker, names in told.items() for name in names}
        if silent is not None and (self._base or without is None):
            raise silent  # it may be the one that has a worker
        raise Absent("functions are not enabled in these brokers (functionsWorkerEnabled)", where=path) from without

    async def _assignments(self, path: str, base: str) -> dict[str, list[str]]:
        try:
            return await self._admin.get(path, dict[str, list[str]], base=base, deadline=_WITHIN)
        except ServerFault as error:
            if STARTING not in error.what:
                raise
            step = "wait, or see whether functionsWorkerEnabled is set: brokers before 2.8 say the same where it is not"
            raise ServerFault(error.what, where=path, next_step=step) from error

    async def _measured(self) -> tuple[Mapping[str, Metrics], str]:
        """The numbers of all instances, each asked of the broker that runs it; and why some are missing."""
        answers = await asyncio.gather(*(self._numbers(one) for one in await self._brokers.places()))
        found = {one.name: one.metrics for some, _ in answers for one in some if one.metrics is not None}
        return found, next((fault for _, fault in answers if fault), "")

    async def _numbers(self, member: Member) -> tuple[Sequence[Measured], str]:
        path = "/admin/v2/worker-stats/functionsmetrics"
        try:
            return await self._admin.get(path, list[Measured], base=member.url, deadline=_WITHIN), ""
        except (Conflict, NotFound):
            return (), ""  # it has no worker, and runs nothing
        except SourceError as error:
            return (), clean(f"{member.name} tells no numbers: {error.what}", 300)

    async def _kinds(self, assigned: Mapping[str, str]) -> Mapping[str, str]:
        """Full name -> function, source or sink, as far as namespaces were listed; where something runs comes first."""
        now = self._admin.kept.now()
        try:
            names = await self._policies.names()
        except SourceError:
            names = list(self._listed)  # no right to list: what runs is shown all the same
        busy = {"/".join(name.split("/", 2)[:2]) for name in assigned}
        wanted = dict.fromkeys([*names, *sorted(busy)])
        self._listed = {one: known for one, known in self._listed.items() if one in wanted}
        running = {function_of(name)[0] for name in assigned}
        due = [one for one, known in self._heard(wanted) if known is None or _old(known, now, running)]
        due.sort(key=lambda one: (one in self._listed, one not in busy, self._listed.get(one, (0.0, {}))[0]))
        due = due[:_NAMESPACES_A_CYCLE]
        for one, kinds in zip(due, await asyncio.gather(*map(self._of_namespace, due)), strict=True):
            self._listed[one] = (now, self._listed.get(one, (0.0, {}))[1] if kinds is None else kinds)
        return {name: kind for _, kinds in self._listed.values() for name, kind in kinds.items()}

    def _heard(self, namespaces: Iterable[str]) -> Iterable[tuple[str, tuple[float, Mapping[str, str]] | None]]:
        return ((one, self._listed.get(one)) for one in namespaces)

    async def _of_namespace(self, namespace: str) -> Mapping[str, str] | None:
        """None where it could not be listed: what was known stays."""
        found: dict[str, str] = {}
        try:
            for kind in KINDS:
                async with self._limit:
                    listed = await self._admin.get(f"/admin/v3/{kind}s/{space(namespace)}", list[str], base=self._base)
                found |= {f"{namespace}/{name}": kind for name in listed}
        except NotFound:
            return found
        except SourceError:
            return None
        return found

    async def _ask_states(self, assigned: Mapping[str, str], kinds: Mapping[str, str]) -> None:
        """Of functions whose kind is known; who runs nowhere has no state."""
        now = self._admin.kept.now()
        there = {name for name in (function_of(one)[0] for one in assigned) if name in kinds}
        self._told = {name: told for name, told in self._told.items() if name in there}
        due = [one for one in there if one not in self._told or now - self._told[one].at >= _TOLD_FOR]
        due.sort(key=lambda one: (self._told[one].at if one in self._told else float("-inf"), one))
        due = due[:_STATES_A_CYCLE]
        for one, told in zip(
            due, await asyncio.gather(*(self._state(one, kinds[one], now) for one in due)), strict=True
        ):
            self._told[one] = told

    async def _state(self, name: str, kind: str, now: float) -> Told:
        path = f"/admin/v3/{kind}s/{'/'.join(part(one) for one in name.split('/', 2))}/status"
        try:
            async with self._limit:
                return Told(now, await self._admin.get(path, Status, base=self._base, deadline=_WITHIN))
        except SourceError as error:
            return Told(now, fault=clean(f"its state could not be asked: {error.what}", 300))


def _old(known: tuple[float, Mapping[str, str]], now: float, running: AbstractSet[str]) -> bool:
    """Whether to list again; at once where something runs nowhere, since it may just have been deleted."""
    return now - known[0] >= _LISTED_FOR or any(name not in running for name in known[1])
