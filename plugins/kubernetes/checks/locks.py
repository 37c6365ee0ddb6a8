"""Locks of other tools: who else works on these nodes, and on others meanwhile. Honoured, never broken.

A tool that holds this very node is a NO (it drains, reboots or deletes the node by itself, and would undo or repeat
what we do); a lock that has run out, a mark that may be old, and a tool at work on another node are decisions.
"""

from __future__ import annotations

from collections.abc import Iterator

from console.format import duration
from console.model import Answer, Reason, Ref
from console.plugin import Facts
from plugins.kubernetes.checks.standing import Standing
from plugins.kubernetes.checks.words import listed, pod_ref, pods
from plugins.kubernetes.model import marks, tables
from plugins.kubernetes.model.locks import Lock
from plugins.kubernetes.model.nodes import Node

FOREIGN_LOCK, DO_NOT_DISRUPT = "foreign-lock", "do-not-disrupt"
_TOPIC = "locks"


def lock_reasons(stand: Standing, facts: Facts) -> Iterator[Reason]:
    """Lines for every lock that concerns these nodes."""
    for name in sorted(stand.nodes):
        node = facts.get(tables.NODES, name)
        yield from _marked(node) if node is not None else ()
    for lock in held(facts):
        yield from _lock(lock, stand, facts)
    asking = [pod for pod in stand.evicted if pod.protected]
    if asking:
        names = listed([f"{pod.key} ({pod.protected})" for pod in asking])
        text = f"{pods(len(asking))} that ask not to be disturbed: {names}"
        yield Reason(Answer.DECIDE, _TOPIC, text, pod_ref(asking[0]), DO_NOT_DISRUPT)


def held(facts: Facts) -> list[Lock]:
    """All locks that name a node, by tool and object."""
    kured = [lock for row in facts.by(tables.WORKLOADS_WITH_LOCKS, "") for lock in row.locks]
    found = [lock for lock in facts.rows(tables.LOCKS).values() if lock.node]
    return sorted([*found, *kured], key=lambda lock: (lock.tool, lock.what, lock.node))


def holders(node: Node, facts: Facts) -> tuple[str, ...]:
    """The tools that hold a node now, for the column `OUT BY`."""
    tools = [lock.tool for lock in held(facts) if lock.node == node.name and not _over(lock, facts.now)]
    return tuple(dict.fromkeys([*tools, *(tool for tool, _, _ in marks.taint_marks(node.taints))]))


def _lock(lock: Lock, stand: Standing, facts: Facts) -> Iterator[Reason]:
    since = f" since {duration(facts.now - lock.since)}" if lock.since else ""
    note = f" ({lock.note})" if lock.note else ""
    subject = Ref("node", lock.node)
    if lock.node == "?":
        text = f"{lock.tool} holds a lock that cannot be read: {lock.what}"
        yield Reason(Answer.UNKNOWN, _TOPIC, text, Ref("lock", lock.what))
    elif _over(lock, facts.now):
        if lock.node in stand.nodes:
            text = (
                f"{lock.what} of {lock.tool} on {lock.node} ran out {duration(facts.now - (lock.until or 0))} ago{note}"
            )
            yield Reason(Answer.DECIDE, _TOPIC, text, subject, FOREIGN_LOCK)
    elif lock.node in stand.nodes:
        text = f"{lock.tool} holds {lock.node}{since}: {lock.what}{note}; wait until it lets go, or take its lock away"
        yield Reason(Answer.NO, _TOPIC, text, subject)
    else:
        text = f"{lock.tool} works on {lock.node}{since}: {lock.what}{note}; {lock.node} may be out at the same time"
        yield Reason(Answer.DECIDE, _TOPIC, text, subject, FOREIGN_LOCK)


def _marked(node: Node) -> Iterator[Reason]:
    """Annotations and taints on the node itself."""
    subject = Ref("node", node.name, uid=node.uid)
    for mark in node.marks:
        if mark.by == "pilothouse":
            continue
        text = f"{mark.by} has marked {node.name}: {mark.name}={mark.value or 'set'}"
        if mark.name in marks.HARMLESS:
            yield Reason(Answer.SAFE, _TOPIC, f"{text}: {marks.HARMLESS[mark.name]}", subject)
        elif mark.name in marks.AT_WORK:
            yield Reason(Answer.NO, _TOPIC, f"{text}: it is at work on the node now", subject)
        else:
            yield Reason(Answer.DECIDE, _TOPIC, text, subject, FOREIGN_LOCK)
    for tool, taint, meaning in marks.taint_marks(node.taints):
        text = f"{tool} has tainted {node.name} with {taint}: {meaning}"
        final = taint.effect != "PreferNoSchedule"
        yield Reason(Answer.NO if final else Answer.DECIDE, _TOPIC, text, subject, "" if final else FOREIGN_LOCK)


def _over(lock: Lock, now: float) -> bool:
    return lock.until is not None and lock.until < now
