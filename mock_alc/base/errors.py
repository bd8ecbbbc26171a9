"""Every refusal of the API has one shape: `{"error": {"code", "message", "fields"?, "request_id"}}`."""

from collections.abc import Mapping

from flask import Response, g, jsonify


class ApiError(Exception):
    """A refusal: a status, a code for programs, and a whole sentence for people."""

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
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.fields, self.extra, self.headers = fields, extra or {}, headers or {}


def error_response(error: ApiError) -> Response:
    """Put a refusal on the wire."""
    body: dict[str, object] = {"code": error.code, "message": error.message}
    if error.fields:
        body["fields"] = dict(error.fields)
    response = jsonify(error={**body, **error.extra, "request_id": g.get("request_id", "")})
    response.status_code = error.status
    response.headers.update(error.headers)
    return response


def invalid(fields: Mapping[str, str]) -> ApiError:
    """Refuse a body whose fields are wrong: one sentence for each of them."""
    return ApiError(422, "validation_failed", "Some fields are missing or wrong: see `fields`.", fields=fields)


def not_found(what: str) -> ApiError:
    """Refuse what is not there, or belongs to someone else: the same answer for both (A20)."""
    return ApiError(404, "not_found", f"There is no {what} with this id in your account.")
