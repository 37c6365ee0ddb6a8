"""Kubeconfig files as they lie on disk: read, checked for shape, merged. Never writes one, never shows a secret.

Merge rule (kubectl's): the first file that defines a cluster, user or context wins as a whole, and the first file that
sets current-context wins; a relative path belongs to the folder of the file that names it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from msgspec import Struct

from console.errors import ConfigError
from console.text import clean

_KINDS = (("clusters", "cluster"), ("users", "user"), ("contexts", "context"))


@dataclass(frozen=True, slots=True)
class Entry:
    """One named cluster, user, context or part of it: its fields, the file, and its place in it for messages."""

    file: Path
    place: str
    fields: Mapping[str, Any] = field(repr=False)

    def wrong(self, key: str, what: str, next_step: str = "") -> ConfigError:
        """An error that names file and key, and no value: values may be secrets."""
        return ConfigError(what, where=f"{self.file}: {self.place}.{key}", next_step=next_step)

    def text(self, key: str) -> str:
        """The text under `key`, "" where there is none."""
        value = self.fields.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self.wrong(key, f"must be text, not {_kind(value)}", "put it in quotes")
        return value

    def flag(self, key: str) -> bool:
        value = self.fields.get(key)
        if value is None or isinstance(value, bool):
            return bool(value)
        raise self.wrong(key, "must be true or false")

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.fields.get(key)
        if value is None:
            return ()
        items = cast("list[object]", value) if isinstance(value, list) else None
        if items is None or not all(isinstance(item, str) for item in items):
            raise self.wrong(key, "must be a list of texts")
        return tuple(cast("list[str]", items))

    def path(self, key: str) -> Path | None:
        """The file named by `key`, relative to the kubeconfig's own folder."""
        text = self.text(key)
        return self.file.parent / Path(text).expanduser() if text else None

    def decoded(self, key: str) -> bytes:
        """The bytes of a base64 field, b"" where there is none."""
        text = "".join(self.text(key).split())
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as error:
            raise self.wrong(key, "is not base64") from error

    def part(self, key: str) -> Entry | None:
        """The mapping under `key`."""
        value = self.fields.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.wrong(key, f"must be a mapping, not {_kind(value)}")
        return Entry(self.file, f"{self.place}.{key}", cast("dict[str, Any]", value))

    def parts(self, key: str) -> tuple[Entry, ...]:
        """The mappings of the list under `key`."""
        value = self.fields.get(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise self.wrong(key, f"must be a list, not {_kind(value)}")
        found: list[Entry] = []
        for number, item in enumerate(cast("list[object]", value)):
            if not isinstance(item, dict):
                raise self.wrong(f"{key}[{number}]", f"must be a mapping, not {_kind(item)}")
            found.append(Entry(self.file, f"{self.place}.{key}[{number}]", cast("dict[str, Any]", item)))
        return tuple(found)


class Merged(Struct, frozen=True):
    """All files as one. `secret_files` are those that hold keys or tokens themselves."""

    files: tuple[Path, ...]
    clusters: Mapping[str, Entry]
    users: Mapping[str, Entry]
    contexts: Mapping[str, Entry]
    current: str
    current_file: Path | None


def read_files(paths: Iterable[Path], *, must_exist: bool) -> Merged:
    """Read and merge. Missing files are skipped unless `must_exist`. Raises ConfigError with file and line or key."""
    tables: dict[str, dict[str, Entry]] = {plural: {} for plural, _ in _KINDS}
    files: list[Path] = []
    current, current_file = "", None
    for path in paths:
        document = _read(path, must_exist=must_exist)
        if document is None:
            continue
        files.append(path)
        top = Entry(path, "", document)
        for plural, single in _KINDS:
            _collect(top, plural, single, tables[plural])
        named = Entry(path, "(top)", document).text("current-context")
        if named and current_file is None:
            current, current_file = named, path
    return Merged(tuple(files), tables["clusters"], tables["users"], tables["contexts"], current, current_file)


def _collect(top: Entry, plural: str, single: str, table: dict[str, Entry]) -> None:
    for item in top.parts(plural):
        name = item.text("name")
        if not name:
            raise item.wrong("name", "is missing")
        body = item.part(single) or Entry(item.file, f"{item.place}.{single}", {})
        table.setdefault(name, Entry(body.file, f"{plural}[{clean(name, 80)}].{single}", body.fields))


def _read(path: Path, *, must_exist: bool) -> Mapping[str, Any] | None:
    try:
        text = path.read_bytes()
    except FileNotFoundError as error:
        if must_exist:
            raise ConfigError("there is no such kubeconfig", where=str(path)) from error
        return None
    except OSError as error:
        advice = "run as a user who may read it, or set KUBECONFIG" if isinstance(error, PermissionError) else ""
        raise ConfigError(
            f"the kubeconfig cannot be read: {error.strerror}", where=str(path), next_step=advice
        ) from error
    document = _parse(text, path)
    if document is None:  # an empty file is a kubeconfig without anything in it
        return {}
    if not isinstance(document, dict):
        raise ConfigError(f"the kubeconfig must be a mapping, not {_kind(document)}", where=str(path))
    return cast("dict[str, Any]", document)


def _parse(text: bytes, path: Path) -> object:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one reads 200 contexts in 18 ms, not 340
    try:
        return yaml.load(text, Loader=loader)  # noqa: S506 (both are safe loaders)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise ConfigError(
            f"the kubeconfig is not YAML: {clean(error.problem or 'cannot be read', 200)}", where=f"{path}{line}"
        ) from None  # the library's own text quotes the line, which may hold a key
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"the kubeconfig is not YAML ({type(error).__name__})", where=str(path)) from None


_KIND_NAMES: dict[type, str] = {
    dict: "a mapping",
    list: "a list",
    str: "text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    type(None): "nothing",
}


def _kind(value: object) -> str:
    return _KIND_NAMES.get(type(value), f"a {type(value).__name__}")
