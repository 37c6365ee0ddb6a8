"""The console's own log: a file, never stderr, which is the screen. Two files of 2 MiB at most."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

from console import paths
from console.errors import ConfigError

BYTES, KEPT = 2 * 1024 * 1024, 1
_QUIET = ("httpx", "httpcore", "websockets", "asyncio", "urllib3", "kubernetes", "client")


def path() -> Path:
    """Where it is when nobody says otherwise."""
    return paths.state_dir() / "pilothouse.log"


def current() -> Path:
    """The file that is written to; where none is yet, the one that would be."""
    files = (
        handler.baseFilename for handler in logging.getLogger().handlers if isinstance(handler, RotatingFileHandler)
    )
    return Path(next(files, path()))


def start(file: Path | None = None, level: str = "info") -> Path:
    """Send everything that is logged to the file. Raises ConfigError where it cannot be written."""
    target = file or path()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(target, maxBytes=BYTES, backupCount=KEPT, encoding="utf-8", delay=False)
        target.chmod(0o600)
    except OSError as error:
        raise ConfigError(f"the log cannot be written: {error.strerror}", where=str(target)) from error
    handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    for old in root.handlers[:]:
        if isinstance(old, RotatingFileHandler):
            root.removeHandler(old)
            old.close()
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    return target
