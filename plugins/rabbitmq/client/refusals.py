"""What the management API says when it refuses: `{"error": ..., "reason": ...}`, in the console's words."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import msgspec

from console.errors import Forbidden, SourceError, Unauthorized
from console.http import status_error
from console.text import clean


class _Refusal(msgspec.Struct):
    error: str = ""
    reason: str = ""


def explain(status: int, body: bytes, headers: Mapping[str, str], where: str) -> SourceError:
    """A wrong password and a missing tag are both 401: only the reason tells them apart."""
    try:
        refusal = msgspec.json.decode(body, type=_Refusal)
        text = clean(refusal.reason or refusal.error, 500)
    except (msgspec.DecodeError, UnicodeDecodeError):
        text = clean(body.decode("utf-8", "replace"), 500)
    if status == HTTPStatus.UNAUTHORIZED:
        said = text.lower()
        if "login failed" in said or not said:
            return Unauthorized(
                "user or password is wrong", where=where, next_step="check username and password of [[rabbitmq]]"
            )
        return Forbidden(
            f"the user may not: {text}", where=where, next_step="give it the tag monitoring, or administrator to change"
        )
    return status_error(status, text, headers, where)
