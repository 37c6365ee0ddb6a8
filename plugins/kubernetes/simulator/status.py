"""The API server's errors as values: code, reason, wording and details of a metav1.Status. It knows no transport."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from plugins.kubernetes.simulator.kinds import Kind

Object = dict[str, Any]
OK = 200


class ApiError(Exception):
    """A request that ends in a Status with status Failure."""

    def __init__(self, code: int, reason: str, message: str, *, details: Object | None = None) -> None:
        super().__init__(message)
        self.code, self.reason, self.message, self.details = code, reason, message, details

    def status(self) -> Object:
        """The Status object, with its fields in the server's order."""
        body: Object = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
        }
        if self.reason:
            body["reason"] = self.reason
        if self.details is not None:
            body["details"] = self.details
        return body | {"code": self.code}

    def headers(self) -> list[tuple[str, str]]:
        """Retry-After where the details ask for it."""
        seconds = self.details.get("retryAfterSeconds") if self.details else None
        return [("Retry-After", str(seconds))] if seconds else []


def success(code: int = OK, **more: Any) -> Object:
    """A Status with status Success."""
    head: Object = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
    body = head | more
    return body | {"code": code} if code != OK else body


def encode(body: Any) -> bytes:
    """Compact JSON, keys in the order of the dictionary."""
    return msgspec.json.encode(body)


def _named(kind: Kind, name: str) -> Object:
    details: Object = {"name": name} if name else {}
    if kind.group:
        details["group"] = kind.group
    return details | {"kind": kind.plural}


def not_found(kind: Kind, name: str) -> ApiError:
    """404 for an object that is not there."""
    return ApiError(404, "NotFound", f'{kind.resource} "{name}" not found', details=_named(kind, name))


def already_exists(kind: Kind, name: str) -> ApiError:
    """409 for a name that is taken."""
    return ApiError(409, "AlreadyExists", f'{kind.resource} "{name}" already exists', details=_named(kind, name))


def conflict(kind: Kind, name: str, why: str = "") -> ApiError:
    """409 for a stale resourceVersion or a precondition that does not hold."""
    why = why or "the object has been modified; please apply your changes to the latest version and try again"
    message = f'Operation cannot be fulfilled on {kind.resource} "{name}": {why}'
    return ApiError(409, "Conflict", message, details=_named(kind, name))


def not_the_one(kind: Kind, name: str, what: tuple[str, str], wanted: str, found: str) -> ApiError:
    """409 for a precondition of a deletion; `what` is the field and what the difference may mean."""
    field, guess = what
    dotted = f"{kind.kind}.{kind.group}" if kind.group else kind.kind
    why = f"the {field} in the precondition ({wanted}) does not match the {field} in record ({found}). {guess}"
    details: Object = {"name": name} | ({"group": kind.group} if kind.group else {}) | {"kind": kind.kind}
    return ApiError(409, "Conflict", f'Operation cannot be fulfilled on {dotted} "{name}": {why}', details=details)


def forbidden(kind: Kind, name: str, why: str) -> ApiError:
    """403 in the words of admission: the request was understood and is not allowed."""
    quoted = f' "{name}"' if name else ""
    return ApiError(403, "Forbidden", f"{kind.resource}{quoted} is forbidden: {why}", details=_named(kind, name))


def invalid(kind: Kind, name: str, causes: list[tuple[str, str, str]]) -> ApiError:
    """422; a cause is (reason such as FieldValueRequired, message, field)."""
    texts = [f"{field}: {message}" for _, message, field in causes]
    joined = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    details: Object = {"name": name} if name else {}
    if kind.group:
        details["group"] = kind.group
    details["kind"] = kind.kind
    details["causes"] = [{"reason": reason, "message": message, "field": field} for reason, message, field in causes]
    dotted = f"{kind.kind}.{kind.group}" if kind.group else kind.kind
    return ApiError(422, "Invalid", f'{dotted} "{name}" is invalid: {joined}', details=details)


def bad_request(message: str) -> ApiError:
    """400."""
    return ApiError(400, "BadRequest", message)


def expired(message: str) -> ApiError:
    """410: a continue token or resourceVersion older than the history that is kept."""
    return ApiError(410, "Expired", message)


def unauthorized() -> ApiError:
    """401: no valid credential."""
    return ApiError(401, "Unauthorized", "Unauthorized")


def no_such_path() -> ApiError:
    """404 for a resource that the server does not serve."""
    return ApiError(404, "NotFound", "the server could not find the requested resource", details={})


def no_such_method() -> ApiError:
    """405 for a verb that the resource does not have."""
    return ApiError(
        405,
        "MethodNotAllowed",
        "the server does not allow this method on the requested resource",
        details={},
    )


def too_many_requests(message: str, *, retry_after: int, causes: list[Object] | None = None) -> ApiError:
    """429; a retry_after of 0 is left out, as the server does."""
    details: Object = {"causes": causes} if causes else {}
    if retry_after:
        details["retryAfterSeconds"] = retry_after
    return ApiError(429, "TooManyRequests", message, details=details)
