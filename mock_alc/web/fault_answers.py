"""Fault injection in HTTP requests: instead of handling one, or in the response to it."""

from http import HTTPStatus
from typing import Any

from flask import Response, g, jsonify, request
from werkzeug.http import http_date

from mock_alc.base.errors import ApiError, error_response
from mock_alc.faults.fault import PATHS, Fault
from mock_alc.faults.store import ActiveFault
from mock_alc.services import alc

CONNECTION_FAULT = "mock_alc.connection_fault"
"""Key of the WSGI environment with a dict of the server, which a fault of the connection is written to."""
INJECTED = "This answer was asked for at the control API."
OAUTH_ERROR_DESCRIPTIONS = {
    "access_denied": "The person denied the request.",
    "invalid_grant": "The code or the refresh token is unknown, expired, revoked or was used before.",
}


def inject_fault() -> Response | None:
    """Find the fault for this request; return its response if the request is not to be handled, else None."""
    if not request.path.startswith(PATHS):
        return None
    armed = alc().faults.for_request(request.method, request.path, _request_fields())
    if armed is None:
        return None
    g.fault = armed
    if "received" in g:
        g.received["fault"] = armed.id
    if armed.fault.takes_effect or _at_authorize(armed.fault):
        return None
    return _fault_response(armed.fault)


def alter_response(response: Response) -> Response:
    """Apply the fault of this request, if there is one, to the response."""
    armed: ActiveFault | None = g.get("fault")
    if armed is None:
        return response
    fault = armed.fault
    if fault.takes_effect and fault.trouble in ("answer", "rate_limited", "oauth_error") and not _at_authorize(fault):
        response = _fault_response(fault)
    armed.delay()
    if fault.trouble == "garbage":
        response.set_data(b"<html>\x00\xff<body>upstream said no")
    elif fault.trouble == "truncated":
        response.set_data(response.get_data()[: len(response.get_data()) // 2])
    elif fault.trouble in ("drop", "cut", "slow"):
        request.environ.get(CONNECTION_FAULT, {}).update(
            trouble=fault.trouble, seconds=fault.seconds or 1.0, until=armed.released
        )
    return response


def oauth_error() -> tuple[str, str] | None:
    """Return the injected OAuth error and its description for the redirect of the authorize page, or None."""
    armed: ActiveFault | None = g.get("fault")
    if armed is None or not _at_authorize(armed.fault):
        return None
    return armed.fault.error, OAUTH_ERROR_DESCRIPTIONS.get(armed.fault.error, INJECTED)


def lifetime_seconds(trouble: str, usual: int) -> int:
    """Return the lifetime of a code or token in seconds: `usual`, or that of the fault `trouble` if it is injected."""
    armed: ActiveFault | None = g.get("fault")
    if armed is None or armed.fault.trouble != trouble:
        return usual
    return int(armed.fault.seconds or 0)


def _at_authorize(fault: Fault) -> bool:
    """Return whether the fault belongs into the redirect of the authorize page, which checks the redirect first."""
    return fault.trouble == "oauth_error" and request.path == "/oauth/authorize"


def _request_fields() -> dict[str, Any]:
    body = request.get_json(silent=True) if request.is_json else None
    own = body if isinstance(body, dict) else {}
    return {**request.args.to_dict(), **request.form.to_dict(), **own}


def _fault_response(fault: Fault) -> Response:
    """Return the response of a fault that replaces ALC's own."""
    if fault.trouble == "oauth_error":
        status = 401 if fault.error == "invalid_client" else 400
        return _json(
            status, {"error": fault.error, "error_description": OAUTH_ERROR_DESCRIPTIONS.get(fault.error, INJECTED)}
        )
    if fault.trouble == "rate_limited":
        return _error_response(429, {"Retry-After": _retry_after(fault)})
    if fault.answer is None:
        return _error_response(503, {})
    if fault.answer.body is None:
        return _error_response(fault.answer.status, fault.answer.headers)
    if isinstance(fault.answer.body, str):
        response = Response(fault.answer.body, fault.answer.status, content_type="text/plain; charset=utf-8")
    else:
        response = _json(fault.answer.status, fault.answer.body)
    response.headers.update(fault.answer.headers)
    return response


def _error_response(status: int, headers: dict[str, str]) -> Response:
    if status in (204, 304):
        return Response(status=status, headers=headers)
    try:
        code = HTTPStatus(status).phrase.lower().replace(" ", "_").replace("-", "_")
    except ValueError:
        code = "asked_for"
    if request.path.startswith("/oauth/"):
        response = _json(status, {"error": "temporarily_unavailable", "error_description": INJECTED})
        response.headers.update(headers)
        return response
    return error_response(ApiError(status, code, INJECTED, headers=headers))


def _json(status: int, body: Any) -> Response:
    response = jsonify(body)
    response.status_code = status
    return response


def _retry_after(fault: Fault) -> str:
    """Return the value of Retry-After; a date is in real time, because the caller compares it with its own clock."""
    seconds = int(1 if fault.seconds is None else fault.seconds)
    if fault.retry_after_as == "seconds":
        return str(seconds)
    return http_date(alc().clock.real().timestamp() + seconds)
