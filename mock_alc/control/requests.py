"""What came in: every request, or those that fit a description, with the nearest misses when none does."""

from flask.typing import ResponseReturnValue

from mock_alc.api.bodies import json_body
from mock_alc.base.errors import invalid
from mock_alc.control.guard import control_api
from mock_alc.control.matching import differences
from mock_alc.services import alc

PARTS = ("method", "path", "query", "headers", "body", "status", "fault")
SHOWN = 5


@control_api.get("/requests")
def list_requests() -> ResponseReturnValue:
    """List the API and OAuth requests since the reset, oldest first, with secrets masked."""
    return {"requests": alc().received.all()}


@control_api.post("/requests/find")
def find_requests() -> ResponseReturnValue:
    """Find the requests that have all that is given, at any depth; if none has, the nearest, and how they differ."""
    wanted = json_body()
    if unknown := set(wanted) - set(PARTS):
        raise invalid({name: f"A request has: {', '.join(PARTS)}." for name in sorted(unknown)})
    seen = [(differences(wanted, request), request) for request in alc().received.all()]
    found = [request for differs, request in seen if not differs]
    near = sorted(((differs, request) for differs, request in seen if differs), key=lambda miss: len(miss[0]))
    misses = [{"differs": differs, "request": request} for differs, request in near[:SHOWN]]
    return {"found": found, "near_misses": [] if found else misses}
