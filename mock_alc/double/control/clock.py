"""`/_mock/clock`: set the time, advance it, or advance it until nothing is left to do."""

from datetime import datetime, timedelta
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue

from mock_alc.base.bodies import json_body
from mock_alc.base.clock import iso
from mock_alc.base.errors import invalid
from mock_alc.double.control.guard import refuse_unknown
from mock_alc.double.control.shared import shared_api
from mock_alc.double.services import double
from mock_alc.double.time_travel import HORIZON

LONGEST = timedelta(days=3_650).total_seconds()
WAYS = "Send one of: advance (seconds), set (an instant such as 2030-01-31T12:00:00Z), until (`idle`)."


@shared_api.get("/clock")
def show_clock() -> ResponseReturnValue:
    """Return the time of the mock's clock, how many seconds it is ahead of the real time, and whether work is left.

    With `idle=no`, the last is left out: to know it takes several queries.
    """
    clock = double().clock
    shown = {"now": iso(clock()), "ahead_by": round(clock.offset, 3)}
    return shown if request.args.get("idle") == "no" else {**shown, "idle": double().time.is_idle()}


@shared_api.post("/clock")
def move_clock() -> ResponseReturnValue:
    """Advance the clock; the answer comes when everything that became due has been done."""
    body = json_body()
    refuse_unknown(body, ("advance", "set", "until", "at_most"))
    if len(body.keys() & {"advance", "set", "until"}) != 1:
        raise invalid({"clock": WAYS})
    if "advance" in body:
        double().time.advance(_seconds(body, "advance"))
    elif "set" in body:
        double().time.go_to(_instant(body["set"]))
    elif body.get("until") == "idle":
        double().time.run_until_idle(timedelta(seconds=_seconds(body, "at_most", HORIZON.total_seconds())))
    else:
        raise invalid({"clock": WAYS})
    return show_clock()


@shared_api.delete("/clock")
def reset_clock() -> ResponseReturnValue:
    """Return to the real time."""
    double().time.return_to_real()
    return show_clock()


def _seconds(body: dict[str, Any], name: str, usual: float = 0) -> float:
    value = body.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LONGEST:
        raise invalid({name: f"This field must be a number of seconds from 0 to {LONGEST:.0f}, which is ten years."})
    return float(value)


def _instant(value: object) -> datetime:
    try:
        instant = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise invalid({"set": "This field must be an instant such as 2030-01-31T12:00:00Z."}) from error
    if instant.tzinfo is None or not 2000 <= instant.year <= 2999:
        raise invalid({"set": "This field must be an instant of this millennium with its zone, such as Z."})
    return instant
