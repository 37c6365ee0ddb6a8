"""Findings kept up to date: rules are evaluated again for the subjects that changed, and for all in a slow full pass.

A rule sees one row and the facts around it; what stands in other tables, and what only time makes true ("for 5 min"),
is caught by the full pass. All work is done in slices, and none while nobody wants findings.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from console.model import Finding, InstanceId
from console.plugin import Rule
from console.rows import Rows
from console.store import SLICE, Store

FULL_PASS = 30.0
Subject = tuple[InstanceId, Rule[Any], str]


class Triage:
    """Evaluates the rules of all watched instances."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._found: dict[Subject, tuple[Finding, ...]] = {}
        self._dirty: dict[Subject, None] = {}
        self._watched: dict[tuple[InstanceId, Rule[Any]], Callable[[], None]] = {}
        self._generation = 0
        self._sorted: tuple[int, tuple[Finding, ...]] = (0, ())

    def watch(self, instance: InstanceId, rules: Sequence[Rule[Any]]) -> None:
        """Begin to keep findings of these rules; their tables are fed by whoever wants them."""
        for rule in rules:
            if (instance, rule) not in self._watched:
                rows: Rows[Any] = self._store.rows(instance, rule.reads)
                listener = self._listener(instance, rule)
                rows.listeners.append(listener)
                self._watched[instance, rule] = lambda rows=rows, listener=listener: rows.listeners.remove(listener)
                self._dirty.update(dict.fromkeys((instance, rule, key) for key in rows.live))

    def _listener(self, instance: InstanceId, rule: Rule[Any]) -> Callable[[Any, Any], None]:
        def touched(old: object, new: object) -> None:
            row = new if new is not None else old
            self._dirty[instance, rule, rule.reads.key(row)] = None

        return touched

    def forget(self, instance: InstanceId) -> None:
        """Drop an instance that was left."""
        for key in [key for key in self._watched if key[0] == instance]:
            del self._watched[key]
        for subject in [subject for subject in self._found if subject[0] == instance]:
            del self._found[subject]
        self._dirty = {subject: None for subject in self._dirty if subject[0] != instance}
        self._generation += 1

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Worst first; the same tuple while nothing changed."""
        if self._sorted[0] != self._generation:
            found = [finding for some in self._found.values() for finding in some]
            found.sort(key=lambda finding: (-finding.severity, finding.since or 0.0, str(finding.subject)))
            self._sorted = (self._generation, tuple(found))
        return self._sorted[1]

    async def run(self) -> None:
        """Evaluate what changed after each publication, everything every `FULL_PASS` seconds, until cancelled."""
        full_at = self._store.clock.monotonic() + FULL_PASS
        while True:
            await self.work()
            waiting = [
                asyncio.ensure_future(self._store.changed()),
                asyncio.ensure_future(self._store.clock.sleep(5.0)),
            ]
            try:
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in waiting:
                    task.cancel()
            if self._store.clock.monotonic() >= full_at:
                full_at = self._store.clock.monotonic() + FULL_PASS
                self._everything()

    def _everything(self) -> None:
        for instance, rule in self._watched:
            live = self._store.rows(instance, rule.reads).live
            self._dirty.update(dict.fromkeys((instance, rule, key) for key in live))

    async def work(self) -> None:
        """Evaluate everything that is due, in slices."""
        until = self._store.clock.monotonic() + SLICE
        while self._dirty:
            subject, _ = self._dirty.popitem()  # the last, for a dictionary emptied from its front is searched anew
            self._evaluate(subject)
            if self._store.clock.monotonic() >= until:
                await asyncio.sleep(0)
                until = self._store.clock.monotonic() + SLICE

    def _evaluate(self, subject: Subject) -> None:
        instance, rule, key = subject
        row = self._store.rows(instance, rule.reads).live.get(key)
        found: tuple[Finding, ...] = ()
        if row is not None:
            facts = self._store.facts(instance)
            where = f"{instance} rule {rule.id}"
            found = self._store.fence.call(where, (), lambda: tuple(rule.check(facts, row, facts.now)))
        before = self._found.get(subject, ())
        if found != before:
            self._generation += 1
            if found:
                self._found[subject] = found
            else:
                del self._found[subject]
