"""Label selectors in Kubernetes' own grammar: `a=b, c!=d, e in (x, y), f notin (z), g, !h`.

Semantics as the API server has them (k8s.io/apimachinery labels.Parse): `!=` and `notin` also hold where the label is
missing; an empty value (`a=`) asks for the empty string; a comma means and. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from console.errors import UsageError

_TOKEN = re.compile(r"\s*(==|!=|=|!|\(|\)|,|[^\s=!(),]+)")
_KEY = re.compile(r"(?:[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$")
_SIGNS = frozenset({"=", "==", "!=", "!", "(", ")", ","})


class Requirement(Struct, frozen=True):
    """One demand on a label: `key` is (or, `inverse`, is not) one of `values`; None: it merely exists."""

    key: str
    values: frozenset[str] | None
    inverse: bool = False

    def holds(self, labels: Mapping[str, str]) -> bool:
        if self.values is None:
            return (self.key in labels) is not self.inverse
        return (self.key in labels and labels[self.key] in self.values) is not self.inverse


class Selector(Struct, frozen=True):
    """All of these demands together."""

    requirements: tuple[Requirement, ...]

    def matches(self, labels: Mapping[str, str]) -> bool:
        return all(requirement.holds(labels) for requirement in self.requirements)


def parse_selector(text: str) -> Selector:
    """The selector that `text` writes. Raises UsageError that names what is wrong and where."""
    tokens = _tokens(text)
    found: list[Requirement] = []
    at = 0
    while at < len(tokens):
        requirement, at = _requirement(tokens, at)
        found.append(requirement)
        if at < len(tokens):
            if tokens[at] != ",":
                raise UsageError(f"label selector: expected a comma before {tokens[at]}")
            at += 1
            if at == len(tokens):
                raise UsageError("label selector: nothing stands behind the last comma")
    if not found:
        raise UsageError("label selector: it is empty")
    return Selector(tuple(found))


def _tokens(text: str) -> list[str]:
    return [match[1] for match in _TOKEN.finditer(text.strip())]


def _requirement(tokens: list[str], at: int) -> tuple[Requirement, int]:
    if tokens[at] == "!":
        return Requirement(_key(tokens, at + 1), None, inverse=True), at + 2
    key = _key(tokens, at)
    sign = tokens[at + 1] if at + 1 < len(tokens) else ","
    if sign == ",":
        return Requirement(key, None), at + 1
    if sign in {"=", "==", "!="}:
        value = tokens[at + 2] if at + 2 < len(tokens) else ","
        if value == ",":
            return Requirement(key, frozenset({""}), inverse=sign == "!="), at + 2
        if value in _SIGNS:
            raise UsageError(f"label selector: expected a value behind {key}{sign}, found {value}")
        return Requirement(key, frozenset({value}), inverse=sign == "!="), at + 3
    if sign in {"in", "notin"}:
        values, after = _values(tokens, at + 2, f"{key} {sign}")
        return Requirement(key, values, inverse=sign == "notin"), after
    raise UsageError(f"label selector: {sign} behind {key} is none of =, ==, !=, in, notin")


def _key(tokens: list[str], at: int) -> str:
    key = tokens[at] if at < len(tokens) else ""
    if not _KEY.match(key):
        raise UsageError(f"label selector: {key or 'nothing'} cannot be the name of a label")
    return key


def _values(tokens: list[str], at: int, where: str) -> tuple[frozenset[str], int]:
    if at >= len(tokens) or tokens[at] != "(":
        raise UsageError(f"label selector: {where} needs values in parentheses")
    values: set[str] = set()
    wants_value = True
    for index in range(at + 1, len(tokens)):
        part = tokens[index]
        if part in {",", ")"}:
            if wants_value:
                values.add("")
            if part == ")":
                return frozenset(values), index + 1
            wants_value = True
        elif part in _SIGNS or not wants_value:
            raise UsageError(f"label selector: {part} does not belong into the values of {where}")
        else:
            values.add(part)
            wants_value = False
    raise UsageError(f"label selector: the values of {where} are not closed by a parenthesis")
