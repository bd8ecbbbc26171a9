"""Fault injection in ALC's requests: errors in ALC's form, and the faults of OAuth."""

from collections.abc import Mapping
from http import HTTPStatus

from flask import Response, g, jsonify, request

from mock_alc.base.errors import ApiError, error_response
from mock_alc.double.fault import Fault
from mock_alc.double.fault_injection import INJECTED, damage_response, find_fault, replace_response
from mock_alc.double.faults import ActiveFault

OAUTH_ERROR_DESCRIPTIONS = {
    "access_denied": "The person denied the request.",
    "invalid_grant": "The code or the refresh token is unknown, expired, revoked or was used before.",
}


def inject_fault() -> Response | None:
    """Find the fault for this request; return its response if the request is not to be handled, else None."""
    armed = find_fault()
    if armed is None or armed.fault.takes_effect or _at_authorize(armed.fault):
        return None
    return _fault_response(armed.fault)


def alter_response(response: Response) -> Response:
    """Apply the fault of this request, if there is one, to the response."""
    armed: ActiveFault | None = g.get("fault")
    if armed is None:
        return response
    fault = armed.fault
    if fault.takes_effect and fault.replaces_the_answer and not _at_authorize(fault):
        response = _fault_response(fault)
    return damage_response(response, armed)


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


def _fault_response(fault: Fault) -> Response:
    """Return the response of a fault that replaces ALC's own."""
    if fault.trouble == "oauth_error":
        description = OAUTH_ERROR_DESCRIPTIONS.get(fault.error, INJECTED)
        return _oauth_response(401 if fault.error == "invalid_client" else 400, fault.error, description)
    return replace_response(fault, _error_response)


def _error_response(status: int, headers: Mapping[str, str]) -> Response:
    try:
        code = HTTPStatus(status).phrase.lower().replace(" ", "_").replace("-", "_")
    except ValueError:
        code = "asked_for"
    if request.path.startswith("/oauth/"):
        response = _oauth_response(status, "temporarily_unavailable", INJECTED)
        response.headers.update(headers)
        return response
    return error_response(ApiError(status, code, INJECTED, headers=headers))


def _oauth_response(status: int, error: str, description: str) -> Response:
    response = jsonify(error=error, error_description=description)
    response.status_code = status
    return response
