"""Fault injection in the stand-in's requests, and the record of them: with Attio's errors."""

from collections.abc import Mapping
from http import HTTPStatus

from flask import Response, g, request

from alc_app.attio.host import trace
from alc_app.mock_attio.api.auth import OWN_REQUEST
from alc_app.mock_attio.store.errors import AttioError, reply
from alc_app.mock_attio.store.services import services
from mock_alc.base.clock import monotonic
from mock_alc.double.fault import Fault
from mock_alc.double.fault_injection import INJECTED, damage_response, find_fault, replace_response
from mock_alc.double.faults import ActiveFault
from mock_alc.double.request_log import record_answer

MESSAGES = {429: ("rate_limit_exceeded", "Rate limit exceeded, please try again later")}
"""By status: Attio's own code and message."""


def record_request() -> None:
    """Record a request to Attio's API; `record_response` adds what was answered."""
    g.started = monotonic()
    if request.path.startswith(services().faults.paths) and OWN_REQUEST not in request.environ:
        g.received = services().received.add(
            at=services().clock(),
            method=request.method,
            path=request.path,
            query=request.query_string.decode("utf-8", "replace"),
            headers=dict(request.headers),
            body=request.get_data(),
            trace_id=trace.trace_id() or None,
        )


def record_response(response: Response) -> Response:
    """Add what was answered to the record of the request."""
    again_at = response.retry_after
    waits = (again_at - services().clock.real()).total_seconds() if again_at else 0.0
    record_answer(response, started=g.get("started", 0.0), retry_after=max(waits, 0.0))
    return response


def inject_fault() -> Response | None:
    """Find the fault for this request; return its response if the request is not to be handled, else None."""
    if OWN_REQUEST in request.environ:
        return None
    record_id = (request.view_args or {}).get("record_id")
    armed = find_fault(**({"recordId": record_id} if record_id else {}))
    return None if armed is None or armed.fault.takes_effect else _fault_response(armed.fault)


def alter_response(response: Response) -> Response:
    """Apply the fault of this request, if there is one, to the response."""
    armed: ActiveFault | None = g.get("fault")
    if armed is None:
        return response
    if armed.fault.takes_effect and armed.fault.replaces_the_answer:
        response = _fault_response(armed.fault)
    return damage_response(response, armed)


def _fault_response(fault: Fault) -> Response:
    return replace_response(fault, _error, retry_after_as="http-date")


def _error(status: int, headers: Mapping[str, str]) -> Response:
    code, message = MESSAGES.get(status, (_code(status), INJECTED))
    return reply(AttioError(status, code, message, headers=dict(headers)))


def _code(status: int) -> str:
    try:
        return HTTPStatus(status).phrase.lower().replace(" ", "_").replace("-", "_")
    except ValueError:
        return "asked_for"
