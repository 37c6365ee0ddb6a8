"""Every failure of kafka-python as a console error: what happened, where, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from console.errors import (
    BadAnswer,
    Conflict,
    ConsoleError,
    Forbidden,
    NotFound,
    Rejected,
    ServerFault,
    SourceError,
    Unauthorized,
    Unreachable,
)
from console.text import clean

_BY_NAME: Mapping[str, type[SourceError]] = {
    "SaslAuthenticationFailedError": Unauthorized,
    "UnsupportedSaslMechanismError": Unauthorized,
    "IllegalSaslStateError": Unauthorized,
    "UnknownTopicOrPartitionError": NotFound,
    "GroupIdNotFoundError": NotFound,
    "ResourceNotFoundError": NotFound,
    "UnsupportedVersionError": NotFound,
    "IncompatibleBrokerVersion": NotFound,
    "NonEmptyGroupError": Conflict,
    "GroupSubscribedToTopicError": Conflict,
    "TopicAlreadyExistsError": Conflict,
    "RebalanceInProgressError": Conflict,
    "ReassignmentInProgressError": Conflict,
    "NoReassignmentInProgressError": NotFound,
    "UnknownError": ServerFault,
    "UnknownServerError": ServerFault,
    "KafkaConnectionError": Unreachable,
    "KafkaTimeoutError": Unreachable,
    "NodeNotReadyError": Unreachable,
    "RequestTimedOutError": Unreachable,
    "UnknownBrokerIdError": Unreachable,
    "Cancelled": Unreachable,
}
_WORDS = {
    "UnsupportedSaslMechanismError": "this listener does not have the mechanism",
    "NodeNotReadyError": "no connection, and the next attempt has to wait a moment",
    "RequestTimedOutError": "no answer in time",
    "KafkaTimeoutError": "no answer in time",
    "NoReassignmentInProgressError": "nothing of it is on its way: it has arrived already",
    "UnknownBrokerIdError": "the cluster does not name this broker now",
    "UnsupportedVersionError": "this broker has no such request: it is older, newer, or not in KRaft mode",
    "IncompatibleBrokerVersion": "this broker has no such request: it is older, newer, or not in KRaft mode",
}


def translated(error: BaseException, where: str, why: str = "") -> ConsoleError:
    """The console's error for whatever the library raised. `why`: what the connection itself said, if anything."""
    if isinstance(error, ConsoleError):
        return error
    name = type(error).__name__
    kind = next((_BY_NAME[one.__name__] for one in type(error).__mro__ if one.__name__ in _BY_NAME), None)
    if "AuthorizationError" in {one.__name__ for one in type(error).__mro__}:
        kind = Forbidden
    if kind is None:
        kind = BadAnswer if "Protocol" in name or not _of_kafka(error) else Rejected
    text = clean(_WORDS.get(name) or _said(error), 500)
    if kind is Unreachable and why:
        text = clean(why, 500)
    return kind(text, where=where, next_step=_advice(kind, f"{text} {why}"))


def _advice(kind: type[SourceError], text: str) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in text or "certificate" in text:
        return "give the cluster's CA as `ca_file`, and names that its certificates carry"
    if "SSL" in text or "Handshake" in text:
        return "does this listener speak TLS as `protocol` says?"
    if kind is Unauthorized:
        return "look at protocol, mechanism, username and password"
    if kind is Forbidden:
        return "an ACL is missing; docs/systems/kafka.md lists what is needed"
    return ""


def _of_kafka(error: BaseException) -> bool:
    return type(error).__module__.partition(".")[0] == "kafka"


def _said(error: BaseException) -> str:
    """The library's text without its `[Error 41] Name: ` in front."""
    text = str(error.args[0]) if error.args and error.args[0] else ""
    spoken = str(getattr(error, "description", "") or "")
    return text or spoken or type(error).__name__


def answer_error(code: int, message: str | None, where: str) -> ConsoleError | None:
    """An error code inside an answer, None for 0."""
    if not code:
        return None
    errors: Any = import_module("kafka.errors")
    return translated(errors.for_code(code)(message or ""), where)
