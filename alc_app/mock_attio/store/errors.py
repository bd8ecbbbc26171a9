"""Attio's error bodies. Views raise `AttioError`; the handlers here convert every other exception to one."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Problem:
    """One entry of `validation_errors`: the path in the body, what is wrong there, and what was expected."""

    path: Sequence[str | int]
    message: str
    code: str = "custom"
    expected: str | None = None
    received: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the entry as JSON, without keys that are None."""
        entry = {"code": self.code, "path": list(self.path), "message": self.message}
        extra = {"expected": self.expected, "received": self.received}
        return entry | {key: value for key, value in extra.items() if value is not None}


class AttioError(Exception):
    """A request that Attio refuses. Contains everything that the error response needs."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        problems: Sequence[Problem] = (),
        path: Sequence[str] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        """Store the HTTP status, Attio's error code and message, the path in a filter, and extra response headers."""
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.problems, self.path, self.headers = problems, path, headers or {}

    def to_json(self) -> dict[str, Any]:
        """Return the error body of Attio's API."""
        kind = {401: "auth_error", 403: "auth_error", 429: "rate_limit_error"}.get(self.status, "invalid_request_error")
        body: dict[str, Any] = {
            "status_code": self.status, "type": kind, "code": self.code, "message": self.message
        }  # fmt: skip
        if self.path:
            body["path"] = list(self.path)
        if self.problems:
            return body | {"validation_errors": [problem.to_json() for problem in self.problems]}
        return body


def body_error(*problems: Problem) -> AttioError:
    """Return the error for a body with the wrong shape."""
    return AttioError(400, "validation_type", "Body payload validation error.", problems=problems)


def query_params_error(*problems: Problem) -> AttioError:
    """Return the error for query parameters with the wrong shape."""
    return AttioError(400, "validation_type", "Query params validation error.", problems=problems)


def path_params_error(*problems: Problem) -> AttioError:
    """Return the error for parameters of the path with the wrong shape."""
    return AttioError(400, "validation_type", "Path params validation error.", problems=problems)


def not_found(message: str) -> AttioError:
    """Return the error for a resource that does not exist."""
    return AttioError(404, "not_found", message)


def value_not_found(message: str) -> AttioError:
    """Return the error for a body that names an attribute, option, status or record that does not exist."""
    return AttioError(400, "value_not_found", message)


def register(app: Flask) -> None:
    """Register handlers that answer every error in Attio's shape."""
    app.register_error_handler(AttioError, reply)
    app.register_error_handler(HTTPException, _from_http)
    app.register_error_handler(Exception, _from_bug)


def reply(error: AttioError) -> Response:
    """Return the HTTP response for an AttioError."""
    response = jsonify(error.to_json())
    response.status_code = error.status
    response.headers.update(error.headers)
    return response


def _from_http(error: HTTPException) -> Response:
    if isinstance(error, NotFound | MethodNotAllowed):
        return reply(not_found(f'Could not find endpoint "{request.method} {request.path}".'))
    if isinstance(error, RequestEntityTooLarge):
        return reply(AttioError(413, "validation_type", "The request body is too large. Send less than 11 MB."))
    return reply(AttioError(error.code or 400, "validation_type", error.description or "The request is not valid."))


def _from_bug(error: Exception) -> Response:
    logger.error("The stand-in failed to handle a request: %s %s", request.method, request.path, exc_info=error)
    return reply(AttioError(500, "internal_error", "The stand-in failed. Its log has the reason."))
