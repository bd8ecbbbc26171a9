"""Strikes requests: before ALC acts on one, or after it has and the answer is on its way."""

from http import HTTPStatus
from typing import Any

from flask import Response, g, jsonify, request
from werkzeug.http import http_date

from mock_alc.base.errors import ApiError, error_response
from mock_alc.faults.fault import PATHS, Fault
from mock_alc.faults.store import ActiveFault
from mock_alc.services import alc

WIRE = "mock_alc.wire"
"""Key of the WSGI environment where a server leaves a dict, to be told how the connection is to end."""
ASKED_FOR = "This answer was asked for at the control door."
ASKED_ERRORS = {
    "access_denied": "The person denied the request.",
    "invalid_grant": "The code or the refresh token is unknown, expired, revoked or was used before.",
}


def strike() -> Response | None:
    """Return the answer of a fault that keeps ALC from acting, if one strikes this request."""
    if not request.path.startswith(PATHS):
        return None
    armed = alc().faults.for_request(request.method, request.path, _fields())
    if armed is None:
        return None
    g.fault = armed
    if "received" in g:
        g.received["fault"] = armed.id
    if armed.fault.takes_effect or _at_authorize(armed.fault):
        return None
    return _instead(armed.fault)


def spoil(response: Response) -> Response:
    """Let the fault that struck this request do what it does to the answer."""
    armed: ActiveFault | None = g.get("fault")
    if armed is None:
        return response
    fault = armed.fault
    if fault.takes_effect and fault.trouble in ("answer", "rate_limited", "oauth_error") and not _at_authorize(fault):
        response = _instead(fault)
    armed.delay()
    if fault.trouble == "garbage":
        response.set_data(b"<html>\x00\xff<body>upstream said no")
    elif fault.trouble == "truncated":
        response.set_data(response.get_data()[: len(response.get_data()) // 2])
    elif fault.trouble in ("drop", "cut", "slow"):
        request.environ.get(WIRE, {}).update(trouble=fault.trouble, seconds=fault.seconds or 1.0, until=armed.released)
    return response


def oauth_error() -> tuple[str, str] | None:
    """Return the error and its description that authorize is to redirect with, if that was asked for."""
    armed: ActiveFault | None = g.get("fault")
    if armed is None or not _at_authorize(armed.fault):
        return None
    return armed.fault.error, ASKED_ERRORS.get(armed.fault.error, ASKED_FOR)


def lifetime(trouble: str, usual: int) -> int:
    """Return how many seconds a code or token lives: as usual, or as the fault of this request has it."""
    armed: ActiveFault | None = g.get("fault")
    if armed is None or armed.fault.trouble != trouble:
        return usual
    return int(armed.fault.seconds or 0)


def _at_authorize(fault: Fault) -> bool:
    """An error there goes into the redirect, once the redirect has been checked."""
    return fault.trouble == "oauth_error" and request.path == "/oauth/authorize"


def _fields() -> dict[str, Any]:
    body = request.get_json(silent=True) if request.is_json else None
    own = body if isinstance(body, dict) else {}
    return {**request.args.to_dict(), **request.form.to_dict(), **own}


def _instead(fault: Fault) -> Response:
    """Make the answer that comes instead of ALC's own."""
    if fault.trouble == "oauth_error":
        status = 401 if fault.error == "invalid_client" else 400
        return _json(status, {"error": fault.error, "error_description": ASKED_ERRORS.get(fault.error, ASKED_FOR)})
    if fault.trouble == "rate_limited":
        return _refusal(429, {"Retry-After": _retry_after(fault)})
    if fault.answer is None:
        return _refusal(503, {})
    if fault.answer.body is None:
        return _refusal(fault.answer.status, fault.answer.headers)
    if isinstance(fault.answer.body, str):
        response = Response(fault.answer.body, fault.answer.status, content_type="text/plain; charset=utf-8")
    else:
        response = _json(fault.answer.status, fault.answer.body)
    response.headers.update(fault.answer.headers)
    return response


def _refusal(status: int, headers: dict[str, str]) -> Response:
    if status in (204, 304):
        return Response(status=status, headers=headers)
    try:
        code = HTTPStatus(status).phrase.lower().replace(" ", "_").replace("-", "_")
    except ValueError:
        code = "asked_for"
    if request.path.startswith("/oauth/"):
        response = _json(status, {"error": "temporarily_unavailable", "error_description": ASKED_FOR})
        response.headers.update(headers)
        return response
    return error_response(ApiError(status, code, ASKED_FOR, headers=headers))


def _json(status: int, body: Any) -> Response:
    response = jsonify(body)
    response.status_code = status
    return response


def _retry_after(fault: Fault) -> str:
    """Write the wait as asked; a date is one of the real clock, which is the caller's."""
    seconds = int(1 if fault.seconds is None else fault.seconds)
    if fault.retry_after_as == "seconds":
        return str(seconds)
    return http_date(alc().clock.real().timestamp() + seconds)
