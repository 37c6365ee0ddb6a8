"""The error tree of the console. Libraries' errors become one of these in a plugin's client.

ConsoleError                    what, where, and what to do next, in words for an operator
├── ConfigError                 a file of ours or of the user is wrong: names file, table and key
├── UsageError                  the command line asks for something that does not exist
├── Refused                     the gate or a plan says no; carries the reasons
├── SourceError                 a system did not give an answer that can be used
│   ├── Unreachable             no connection, time-out, TLS, name not known
│   ├── Unauthorized            the server does not know us (401), or a login helper failed
│   ├── Forbidden               known, but without the right; carries the missing Right where it is known
│   ├── NotFound                the thing asked for is not there
│   ├── Absent                  the server has nothing of the kind: a fact, not a failure
│   ├── Conflict                somebody else changed it first (409, a failed precondition)
│   ├── Expired                 the position of a list or watch is too old (410)
│   ├── Throttled               asked to come later (429); carries retry_after in seconds
│   ├── Rejected                the server understood and refuses (400, 403 by admission, 422)
│   ├── ServerFault             the server failed (5xx)
│   └── BadAnswer               truncated, not JSON, or not what the API promises
├── Temporary                   a step's act should be tried again; carries delay in seconds
└── Permanent                   a step's act cannot work: ask a person
"""

from __future__ import annotations


class ConsoleError(Exception):
    """Base of all errors that a person may see.

    `what` is a sentence without a full stop; `where` names the file, URL or object; `next_step` says what to do.
    """

    def __init__(self, what: str, *, where: str = "", next_step: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.next_step = next_step

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        advice = f"; {self.next_step}" if self.next_step else ""
        return f"{place}{self.what}{advice}"


class ConfigError(ConsoleError):
    """A configuration or kubeconfig that cannot be used."""


class UsageError(ConsoleError):
    """A command, pane, node or option that does not exist."""


class Refused(ConsoleError):
    """An act that may not be done now; nothing was changed."""


class SourceError(ConsoleError):
    """A system gave no answer that can be used."""


class Unreachable(SourceError):
    """No connection, or none in time."""


class Unauthorized(SourceError):
    """The server does not accept our credentials, or there are none."""


class Forbidden(SourceError):
    """We are known but lack a right."""


class NotFound(SourceError):
    """The object or path does not exist."""


class Absent(SourceError):
    """What a source lists does not exist on this server (a feature is off or too new): no rows, and the reason."""


class Conflict(SourceError):
    """A precondition failed: the object is not what we saw."""


class Expired(SourceError):
    """The position of a list or watch is too old; list again."""


class Throttled(SourceError):
    """The server asks us to come again later, `retry_after` seconds from now."""

    def __init__(self, what: str, *, where: str = "", next_step: str = "", retry_after: float = 0.0) -> None:
        super().__init__(what, where=where, next_step=next_step)
        self.retry_after = retry_after


class Rejected(SourceError):
    """The server understood the request and refuses it."""


class ServerFault(SourceError):
    """The server failed while it answered."""


class BadAnswer(SourceError):
    """An answer that is truncated, not JSON, or not of the promised form."""


class Temporary(ConsoleError):
    """An act that should be tried again after `delay` seconds; with `watched`, also when the facts change."""

    def __init__(
        self, what: str, *, where: str = "", next_step: str = "", delay: float = 5.0, watched: bool = False
    ) -> None:
        super().__init__(what, where=where, next_step=next_step)
        self.delay = delay
        self.watched = watched


class Permanent(ConsoleError):
    """An act that will not work however often it is tried."""
