"""Reads fields of JSON objects that may be absent or null, with the type that the API says they have. Pure."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]


def child(body: Object, name: str) -> Object:
    """The object in a field, empty where there is none."""
    return body.get(name) or {}


def rows(body: Object, name: str) -> list[Object]:
    """The list of objects in a field."""
    return body.get(name) or []


def words(body: Object, name: str) -> list[str]:
    """The list of strings in a field."""
    return body.get(name) or []


def texts(body: Object, name: str) -> dict[str, str]:
    """The map of strings in a field, such as labels or data."""
    return body.get(name) or {}
