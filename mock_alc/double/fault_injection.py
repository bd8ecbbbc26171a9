"""Fault injection in HTTP requests: finds the fault of a request, and makes or alters the response."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from flask import Response, g, jsonify, request
from werkzeug.http import http_date

from mock_alc.double.fault import Fault
from mock_alc.double.faults import ActiveFault
from mock_alc.double.request_log import note_in_log
from mock_alc.double.services import double

CONNECTION_FAULT = "mock_alc.connection_fault"
"""Key of the WSGI environment with a dict of the server, which a fault of the connection is written to."""
INJECTED = "This answer was asked for at the control API."
RetryAfter = Literal["seconds", "http-date"]
ErrorResponse = Callable[[int, Mapping[str, str]], Response]
"""Makes an error response in the usual form of a server, from a status and additional headers."""


def find_fault(**more_fields: Any) -> ActiveFault | None:
    """Return the fault that applies to this request, if any.

    Its `match` is compared with the fields of the request and with `more_fields`.
    """
    faults = double().faults
    if not (faults.exist and request.path.startswith(faults.paths)):
        return None
    armed = faults.for_request(request.method, request.path, {**_request_fields(), **more_fields})
    if armed is not None:
        g.fault = armed
        note_in_log(fault=armed.id, trouble=armed.fault.trouble, took_effect=armed.fault.takes_effect)
    return armed


def _request_fields() -> dict[str, Any]:
    """Return the fields of the query, the form and the JSON body of this request."""
    try:
        body = request.get_json(silent=True) if request.is_json else None
    except RecursionError:  # nested too deeply: the view refuses it
        body = None
    own = body if isinstance(body, dict) else {}
    return {**request.args.to_dict(), **request.form.to_dict(), **own}


def replace_response(fault: Fault, error: ErrorResponse, *, retry_after_as: RetryAfter = "seconds") -> Response:
    """Return the response that a fault puts in the place of the server's own.

    `error` makes the errors of this server; `retry_after_as` is its own form of Retry-After.
    """
    if fault.trouble == "rate_limited":
        return error(429, {"Retry-After": _retry_after(fault, fault.retry_after_as or retry_after_as)})
    if fault.answer is None:
        return error(503, {})
    if fault.answer.body is None:
        if fault.answer.status in (204, 304):
            return Response(status=fault.answer.status, headers=fault.answer.headers)
        return error(fault.answer.status, fault.answer.headers)
    if isinstance(fault.answer.body, str):
        response = Response(fault.answer.body, fault.answer.status, content_type="text/plain; charset=utf-8")
    else:
        response = jsonify(fault.answer.body)
        response.status_code = fault.answer.status
    response.headers.update(fault.answer.headers)
    return response


def damage_response(response: Response, armed: ActiveFault) -> Response:
    """Delay the response and damage its body; the server damages the connection (`CONNECTION_FAULT`)."""
    fault = armed.fault
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


def _retry_after(fault: Fault, form: RetryAfter) -> str:
    """Return the value of Retry-After; a date is in real time, because the caller compares it with its own clock."""
    seconds = int(1 if fault.seconds is None else fault.seconds)
    return str(seconds) if form == "seconds" else http_date(double().clock.real().timestamp() + seconds)
