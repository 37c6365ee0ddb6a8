"""Label and field selectors: parse once, ask often. What the server refuses is refused in its words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from plugins.kubernetes.simulator.fields import child, rows, texts, words
from plugins.kubernetes.simulator.kinds import (
    EVENTS,
    JOBS,
    NAMESPACES,
    NODES,
    PODS,
    REPLICA_SETS,
    SECRETS,
    Kind,
)
from plugins.kubernetes.simulator.status import ApiError, bad_request
from plugins.kubernetes.simulator.store import Entry

Object = dict[str, Any]
LabelTest = Callable[[Mapping[str, str]], bool]
EntryTest = Callable[[Entry], bool]

_SET = re.compile(r"^\s*(\S+)\s+(in|notin)\s*\(([^)]*)\)\s*$")
_PLAIN = re.compile(r"^\s*([^\s!=]+)\s*(==|=|!=)\s*([^\s,]*)\s*$")
_EXISTS = re.compile(r"^\s*(!?)\s*([A-Za-z0-9][-A-Za-z0-9_./]*)\s*$")


def _equals(key: str, value: str) -> LabelTest:
    return lambda labels: labels.get(key) == value


def _differs(key: str, value: str) -> LabelTest:
    return lambda labels: labels.get(key) != value


def _within(key: str, values: frozenset[str]) -> LabelTest:
    return lambda labels: labels.get(key) in values


def _outside(key: str, values: frozenset[str]) -> LabelTest:
    return lambda labels: labels.get(key) not in values


def _present(key: str) -> LabelTest:
    return lambda labels: key in labels


def _absent(key: str) -> LabelTest:
    return lambda labels: key not in labels


def _beyond(key: str, limit: int, sign: int) -> LabelTest:
    def test(labels: Mapping[str, str]) -> bool:
        value = labels.get(key, "")
        return value.lstrip("-").isdigit() and (int(value) - limit) * sign > 0

    return test


def split_top(text: str) -> list[str]:
    """Split at commas that are not inside parentheses."""
    return [part for part in re.split(r",(?![^(]*\))", text) if part.strip()]


def _term(part: str) -> LabelTest | None:
    if found := _SET.match(part):
        values = frozenset(value.strip() for value in found[3].split(","))
        return (_within if found[2] == "in" else _outside)(found[1], values)
    if found := _PLAIN.match(part):
        return (_differs if found[2] == "!=" else _equals)(found[1], found[3])
    if found := _EXISTS.match(part):
        return (_absent if found[1] else _present)(found[2])
    return None


def label_test(text: str) -> LabelTest:
    """The test of a labelSelector parameter."""
    tests: list[LabelTest] = []
    for part in split_top(text):
        test = _term(part)
        if test is None:
            found = part.split()[1] if len(part.split()) > 1 else part.strip()
            raise bad_request(f"unable to parse requirement: found '{found}', expected: in, notin, =, ==, !=, gt, lt")
        tests.append(test)
    return lambda labels: all(test(labels) for test in tests)


def requirement(item: Object) -> LabelTest:
    """The test of one matchExpressions entry: key, operator, values."""
    key, values = item["key"], words(item, "values")
    match item["operator"]:
        case "In":
            return _within(key, frozenset(values))
        case "NotIn":
            return _outside(key, frozenset(values))
        case "Exists":
            return _present(key)
        case "DoesNotExist":
            return _absent(key)
        case "Gt":
            return _beyond(key, int(values[0]), 1)
        case _:
            return _beyond(key, int(values[0]), -1)


def object_test(selector: Object | None) -> LabelTest:
    """The test of a LabelSelector field; an empty one matches everything, None nothing."""
    if selector is None:
        return lambda _: False
    tests = [_equals(key, value) for key, value in texts(selector, "matchLabels").items()]
    tests += [requirement(item) for item in rows(selector, "matchExpressions")]
    return lambda labels: all(test(labels) for test in tests)


_FIELDS: dict[Kind, tuple[str, ...]] = {
    PODS: (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    ),
    NODES: ("spec.unschedulable",),
    NAMESPACES: ("status.phase",),
    SECRETS: ("type",),
    EVENTS: (
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "source",
        "type",
    ),
    JOBS: ("status.successful",),
    REPLICA_SETS: ("status.replicas",),
}
_BOOLEANS = ("spec.unschedulable", "spec.hostNetwork")


def _field(entry: Entry, path: str) -> str:
    if path == "source":
        return child(entry.body, "source").get("component", "")
    at: Any = entry.body
    for part in path.split("."):
        if not isinstance(at, dict):
            return ""
        at = at.get(part)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    if isinstance(at, bool) or path in _BOOLEANS:
        return "true" if at else "false"
    return "" if at is None else str(at)  # pyright: ignore[reportUnknownArgumentType]


def _field_is(path: str, value: str, *, wanted: bool) -> EntryTest:
    return lambda entry: (_field(entry, path) == value) is wanted


def field_test(kind: Kind, text: str) -> EntryTest:
    """The test of a fieldSelector parameter; 400 for a field that the kind does not index."""
    known = (*_FIELDS.get(kind, ()), "metadata.name", *(("metadata.namespace",) if kind.namespaced else ()))
    tests: list[EntryTest] = []
    for part in text.split(","):
        found = re.match(r"^\s*([^!=\s]+)\s*(==|=|!=)\s*(.*?)\s*$", part)
        if not found:
            raise bad_request(f"invalid selector: '{text}'; can't understand '{part}'")
        if found[1] not in known:
            raise _unknown_field(kind, found[1])
        tests.append(_field_is(found[1], found[3], wanted=found[2] != "!="))
    return lambda entry: all(test(entry) for test in tests)


def _unknown_field(kind: Kind, path: str) -> ApiError:
    if kind in _FIELDS:
        return bad_request(f"field label not supported: {path}")
    known = '"metadata.name", "metadata.namespace"' if kind.namespaced else '"metadata.name"'
    return bad_request(f'"{path}" is not a known field selector: only {known}')


def selection(kind: Kind, labels: str, fields: str) -> EntryTest | None:
    """Both selectors of a request as one test; None when there is nothing to test."""
    if not labels and not fields:
        return None
    by_label = label_test(labels) if labels else None
    by_field = field_test(kind, fields) if fields else None
    return lambda entry: (by_label is None or by_label(entry.labels)) and (by_field is None or by_field(entry))
