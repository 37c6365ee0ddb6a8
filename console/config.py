"""The user's configuration: TOML into frozen settings. Errors name file, table and key; nothing is guessed.

Secrets do not belong here: plugins take references (a file, a Secret's name). The plugins' own tables are passed on
unread and checked by each plugin's `configure`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, cast

from console.errors import ConfigError

THEMES = ("dark", "light", "high-contrast", "ansi")


@dataclass(frozen=True, slots=True)
class Notify:
    """The table `[notify]`: a command (words, no shell), and the seconds without progress that are a stall."""

    command: tuple[str, ...] = ()
    stalls_after: float = 600.0


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a person can choose. Field names are the keys of the TOML file."""

    theme: str = "dark"
    low_bandwidth: bool = False
    """No animation, no clock, few paints: for slow links."""
    utc: bool = False
    read_only: bool = False
    start: str = "overview"
    """The pane that opens first."""
    production: tuple[str, ...] = ()
    """Patterns of contexts in which every change needs the typed name."""
    shared_namespace: str = "pilothouse"
    """Where journals, leases and the shared audit record live."""
    max_out: int = 1
    """How many nodes may be out at a time."""
    keep_runs: int = 90
    """Days for which runs that have ended are kept."""
    favourites: tuple[str, ...] = ()
    """Namespaces on the keys 1 to 9."""
    notify: Notify = Notify()
    """Who is told when a run needs an answer, stalls or ends."""
    keys: Mapping[str, str] = field(default_factory=dict[str, str])
    """Action or command id -> key."""
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Pane -> titles of the columns to show, in order."""
    plugins: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    """Each plugin's own table; `[[kafka]]` beside them names one instance of a system, as `instances` of its table."""

    def is_production(self, context: str) -> bool:
        """Whether changes in this context need the typed name."""
        return any(fnmatchcase(context, pattern) for pattern in self.production)


def load(path: Path) -> Settings:
    """Read the file; defaults where there is none. Raises ConfigError that names file, table and key."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read: {error}", where=str(path)) from error
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"is not TOML: {error}", where=str(path), next_step="mend the line, or move the file"
        ) from error
    return parse(table, str(path))


def parse(table: Mapping[str, Any], where: str) -> Settings:
    """Check one TOML table. `where` is named in errors."""
    values: dict[str, Any] = {}
    listed: dict[str, Mapping[str, Any]] = {}
    for key, value in table.items():
        reader = _READERS.get(key)
        if reader is None and _is_list_of_tables(value):
            listed[key] = {"instances": value}
            continue
        if reader is None:
            known = ", ".join(sorted(_READERS))
            raise ConfigError(f"key `{key}` is not known", where=where, next_step=f"known keys: {known}")
        try:
            values[key] = reader(value)
        except ValueError as error:
            raise ConfigError(f"key `{key}`: {error}", where=where) from error
    if listed:
        values["plugins"] = listed | {
            system: {**listed.get(system, {}), **settings} for system, settings in values.get("plugins", {}).items()
        }
    return Settings(**values)


def _is_list_of_tables(value: object) -> bool:
    found = cast("list[object]", value) if isinstance(value, list) else []
    return bool(found) and all(isinstance(one, dict) for one in found)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"true or false is wanted, not {value!r}")  # noqa: TRY004 - one error type for every wrong value
    return value


def _word(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"a text is wanted, not {value!r}")
    return value


def _theme(value: object) -> str:
    if value not in THEMES:
        raise ValueError(f"one of {', '.join(THEMES)} is wanted, not {value!r}")
    return cast("str", value)


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"a whole number from 1 is wanted, not {value!r}")
    return value


def _words(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError(f"a list of texts is wanted, not {value!r}")  # noqa: TRY004 - one error type for every wrong value
    return tuple(_word(item) for item in cast("list[object]", value))


def _table(value: object, reader: Callable[[object], Any]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"a table is wanted, not {value!r}")  # noqa: TRY004 - one error type for every wrong value
    found: dict[str, Any] = {}
    for key, item in cast("dict[str, object]", value).items():
        try:
            found[key] = reader(item)
        except ValueError as error:
            raise ValueError(f"`{key}`: {error}") from error
    return found


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ValueError(f"a number of seconds is wanted (0: never), not {value!r}")
    return float(value)


def _notify(value: object) -> Notify:
    readers: Mapping[str, Callable[[object], Any]] = {"command": _words, "stalls_after": _seconds}
    found: dict[str, Any] = {}
    for key, item in _any_table(value).items():
        if key not in readers:
            raise ValueError(f"`{key}` is not known; known keys: {', '.join(sorted(readers))}")
        try:
            found[key] = readers[key](item)
        except ValueError as error:
            raise ValueError(f"`{key}`: {error}") from error
    return Notify(**found)


def _any_table(value: object) -> dict[str, Any]:
    return _table(value, lambda item: item)


_READERS: Mapping[str, Callable[[object], Any]] = {
    "theme": _theme,
    "low_bandwidth": _flag,
    "utc": _flag,
    "read_only": _flag,
    "start": _word,
    "production": _words,
    "shared_namespace": _word,
    "max_out": _count,
    "keep_runs": _count,
    "favourites": _words,
    "notify": _notify,
    "keys": lambda value: _table(value, _word),
    "columns": lambda value: _table(value, _words),
    "plugins": lambda value: _table(value, _any_table),
}
if _READERS.keys() != {item.name for item in fields(Settings)}:  # pragma: no cover - a slip of ours, seen at import
    raise AssertionError("every setting needs a reader")
