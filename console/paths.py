"""Where the console keeps things: XDG directories, made on first use with the owner's rights only."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

APP = "pilothouse"


def config_file(environ: Mapping[str, str] | None = None) -> Path:
    """The configuration: `$PILOTHOUSE_CONFIG`, else `pilothouse/config.toml` under the XDG configuration directory."""
    environ = os.environ if environ is None else environ
    if named := environ.get("PILOTHOUSE_CONFIG"):
        return Path(named).expanduser()
    return _base(environ, "XDG_CONFIG_HOME", ".config") / APP / "config.toml"


def state_dir(environ: Mapping[str, str] | None = None) -> Path:
    """Logs, the local audit file and journal mirrors (0700)."""
    return _made(_base(os.environ if environ is None else environ, "XDG_STATE_HOME", ".local/state") / APP)


def runtime_dir(environ: Mapping[str, str] | None = None) -> Path:
    """Short-lived files: key files while they are loaded, the sandbox's kubeconfig (0700)."""
    environ = os.environ if environ is None else environ
    named = environ.get("XDG_RUNTIME_DIR")
    if named and os.access(named, os.W_OK):
        return _made(Path(named) / APP)
    return _made(state_dir(environ) / "run")


def saved(name: str, text: str, environ: Mapping[str, str] | None = None) -> Path:
    """Write what a person saves from a screen (0600) under the state directory; where it is now. Raises OSError."""
    path = _made(state_dir(environ) / "saved") / name
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    return path


def _base(environ: Mapping[str, str], variable: str, default: str) -> Path:
    named = environ.get(variable, "")
    if named.startswith("/"):
        return Path(named)
    return Path(environ.get("HOME") or Path.home()) / default


def _made(path: Path) -> Path:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path
