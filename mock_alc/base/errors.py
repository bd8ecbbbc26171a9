"""Errors of the API, which all have the shape `{"error": {"code", "message", "fields"?, "request_id"}}`."""

from collections.abc import Mapping

from flask import Response, g, jsonify


class ApiError(Exception):
    """An error response: an HTTP status, a code for programs, and a sentence for people."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        fields: Mapping[str, str] | None = None,
        extra: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Take what the response will contain.

        `fields` maps wrong fields to sentences; `extra` is added to the error object, `headers` to the response.
        """
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.fields, self.extra, self.headers = fields, extra or {}, headers or {}


def error_response(error: ApiError) -> Response:
    """Return the HTTP response for an ApiError."""
    body: dict[str, object] = {"code": error.code, "message": error.message}
    if error.fields:
        body["fields"] = dict(error.fields)
    response = jsonify(error={**body, **error.extra, "request_id": g.get("request_id", "")})
    response.status_code = error.status
    response.headers.update(error.headers)
    return response


def invalid(fields: Mapping[str, str]) -> ApiError:
    """Return a 422 for a body with wrong fields; `fields` maps each to a sentence."""
    return ApiError(422, "validation_failed", "Some fields are missing or wrong: see `fields`.", fields=fields)


def not_found(what: str) -> ApiError:
    """Return a 404; the same for things that do not exist and things of another account (A20)."""
    return ApiError(404, "not_found", f"There is no {what} with this id in your account.")
