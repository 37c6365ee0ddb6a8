"""May this person do this now? Every change passes here, is allowed or refused with the reason, and is recorded.

Owns read-only mode, production contexts, how much consent an effect needs, the check of rights beforehand, and both
audit records. Refuses to do anything by itself and to know any system: what is done is a callable, what is needed a
`Right`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from typing import TypeVar

from msgspec import Struct

from console.audit import AuditLog, Person
from console.clock import Clock
from console.errors import ConsoleError, Refused, SourceError
from console.model import Ref
from console.offers import AuditEntry, AuditSink, Rights
from console.plugin import Effect, Right
from console.text import clean

T = TypeVar("T")
YES = "yes"
PLANNED = "planned"
"""Given for the steps of a run: the person consented to the whole plan when it was started."""
LOOKING = "read-only: this console was started to look, not to change"
_WORDS = 500
_DRAIN = 10.0


class Consent(StrEnum):
    """What a person must give before it is done: nothing, a yes, or the name of the thing typed in."""

    NONE = "none"
    YES = "yes"
    NAME = "name"


class Deed(Struct, frozen=True):
    """One change somebody wants to make to one thing."""

    action: str
    subject: Ref
    effect: Effect
    rights: tuple[Right, ...] = ()
    reason: str = ""
    run: str = ""


class Rules(Struct, frozen=True):
    """What the configuration says about changes in this context."""

    read_only: bool = False
    production: bool = False


class Gate:
    """See the module. One a process and context; `aclose` waits for the shared record."""

    def __init__(  # noqa: PLR0913 - made in one place, from what the runtime has
        self,
        *,
        rules: Rules,
        log: AuditLog,
        clock: Clock,
        who: Person,
        identity: Callable[[], Awaitable[str]],
        rights: Rights | None = None,
        sink: AuditSink | None = None,
    ) -> None:
        self.rules = rules
        self.who = who
        self.trouble = ""
        """Why the shared record could not be written; the change itself was made and is in the local one."""
        self.lacking: frozenset[Right] = frozenset()
        """Rights that were found missing when they were last asked about; they are asked about again each time."""
        self._log = log
        self._clock = clock
        self._identity = identity
        self._known = ""
        self._rights = rights
        self._sink = sink
        self._recording: set[asyncio.Task[None]] = set()

    def refusal(self, deed: Deed) -> str:
        """Why this can never be done here and now, empty where it can: what a disabled key says."""
        if deed.effect is Effect.READ:
            return ""
        return LOOKING if self.rules.read_only else ""

    def consent(self, deed: Deed) -> Consent:
        """How much a person must say. Production contexts want the name for every change."""
        if deed.effect is Effect.READ:
            return Consent.NONE
        if deed.effect is Effect.DESTROY or self.rules.production:
            return Consent.NAME
        return Consent.YES

    async def missing(self, rights: Sequence[Right]) -> str:
        """Empty when all rights are there, else a sentence and a ready role that grants what is missing."""
        if self._rights is None or not rights:
            return ""
        lacking = await self._rights.missing(tuple(dict.fromkeys(rights)))
        self.lacking = self.lacking.difference(rights).union(lacking)
        if not lacking:
            return ""
        return f"missing: {', '.join(str(right) for right in lacking)}\n{self._rights.role(lacking)}"

    async def standing(self) -> tuple[Right, ...]:
        """What a run needs beside the rights of its steps: journal, leases, record."""
        return tuple(await self._rights.own()) if self._rights is not None else ()

    async def identity(self) -> str:
        """Who the server takes us for, asked once; a question mark while it does not say."""
        if not self._known:
            try:
                self._known = clean(await self._identity(), 200)
            except SourceError:
                return "?"
        return self._known

    async def perform(self, deed: Deed, act: Callable[[], Awaitable[T]], *, given: str = "") -> T:
        """Do it, or raise Refused with the reason. `given`: YES, the typed name, or PLANNED.

        What the act raises is recorded and goes on up. Raises OSError when the local record cannot be written.
        """
        await self._admit(deed, given)
        if deed.effect is Effect.READ:
            return await act()
        if not deed.run:  # a run's intent is in its journal
            await self._note(deed, "begun", shared=False)
        try:
            result = await act()
        except asyncio.CancelledError:
            await self._note(deed, "no answer: it may have been done")
            raise
        except Exception as error:
            await self._note(deed, f"failed: {error}")
            raise
        await self._note(deed, clean(f"done: {result}" if isinstance(result, str) and result else "done", _WORDS))
        return result

    async def _admit(self, deed: Deed, given: str) -> None:
        refusal = self.refusal(deed)
        if refusal:
            raise Refused(refusal, where=f"{deed.action} {deed.subject}")
        if given == PLANNED and deed.run:
            return
        consent = self.consent(deed)
        if consent is Consent.NAME and given != deed.subject.name:
            why = "it destroys" if deed.effect is Effect.DESTROY else "this is production"
            raise Refused(f"{deed.action} {deed.subject} needs its name typed: {why}")
        if consent is Consent.YES and given not in {YES, deed.subject.name}:
            raise Refused(f"{deed.action} {deed.subject} needs a yes", next_step="confirm it, or give --yes")
        missing = await self.missing(deed.rights)
        if missing:
            raise Refused(f"you may not {deed.action} {deed.subject}", next_step=missing)

    async def _note(self, deed: Deed, outcome: str, *, shared: bool = True) -> None:
        entry = AuditEntry(
            at=self._clock.now(),
            identity=await self.identity(),
            person=self.who.name,
            origin=self.who.origin,
            action=deed.action,
            subject=deed.subject,
            outcome=clean(outcome, _WORDS),
            reason=clean(deed.reason, _WORDS),
            run=deed.run,
        )
        await asyncio.to_thread(self._log.append, entry)
        if shared and self._sink is not None:
            task = asyncio.create_task(self._share(self._sink, entry))
            self._recording.add(task)
            task.add_done_callback(self._recording.discard)

    async def _share(self, sink: AuditSink, entry: AuditEntry) -> None:
        try:
            await sink.record(entry)
        except ConsoleError as error:
            self.trouble = f"the shared record was not written: {error}"

    async def aclose(self) -> None:
        """Wait until the shared record holds everything, at most ten seconds."""
        if self._recording:
            await asyncio.wait(self._recording, timeout=_DRAIN)
