"""`/_mock/requests`: list the requests that came in, or find those with given fields."""

from flask import request
from flask.typing import ResponseReturnValue

from mock_alc.base.bodies import json_body
from mock_alc.base.errors import invalid
from mock_alc.double.control.guard import refuse_unknown_filters
from mock_alc.double.control.shared import shared_api
from mock_alc.double.matching import differences
from mock_alc.double.services import double

PARTS = ("method", "path", "query", "headers", "body", "status", "fault")
SHOWN = 5


@shared_api.get("/requests")
def list_requests() -> ResponseReturnValue:
    """List the API and OAuth requests since the reset, oldest first, with secrets masked.

    `after` leaves out those up to this number.
    """
    refuse_unknown_filters("after")
    after = request.args.get("after", "0")
    if not (after.isascii() and after.isdigit()):
        raise invalid({"after": "This parameter must be the number of a request."})
    return {"requests": [each for each in double().received.all() if each["number"] > int(after)]}


@shared_api.post("/requests/find")
def find_requests() -> ResponseReturnValue:
    """Find the requests that have all given fields, at any depth; if there is none, the nearest and what differs."""
    wanted = json_body()
    if unknown := set(wanted) - set(PARTS):
        raise invalid({name: f"The fields of a request are: {', '.join(PARTS)}." for name in sorted(unknown)})
    seen = [(differences(wanted, each), each) for each in double().received.all()]
    found = [each for differs, each in seen if not differs]
    near = sorted(((differs, each) for differs, each in seen if differs), key=lambda miss: len(miss[0]))
    misses = [{"differs": differs, "request": each} for differs, each in near[:SHOWN]]
    return {"found": found, "near_misses": [] if found else misses}
