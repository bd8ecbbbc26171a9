"""`/_mock/clock`: set the time, advance it, or advance it until nothing is left to do."""

from datetime import datetime, timedelta
from typing import Any

from flask.typing import ResponseReturnValue

from mock_alc.api.bodies import json_body
from mock_alc.background.time_travel import HORIZON
from mock_alc.base.clock import iso
from mock_alc.base.errors import invalid
from mock_alc.control.guard import control_api, refuse_unknown
from mock_alc.services import alc

LONGEST = timedelta(days=3_650).total_seconds()
WAYS = "Send one of: advance (seconds), set (an instant such as 2030-01-31T12:00:00Z), until (`idle`)."


@control_api.get("/clock")
def show_clock() -> ResponseReturnValue:
    """Return the time of the mock's clock, how many seconds it is ahead of the real time, and whether work is left."""
    clock = alc().clock
    return {"now": iso(clock()), "ahead_by": round(clock.offset, 3), "idle": alc().time.is_idle()}


@control_api.post("/clock")
def move_clock() -> ResponseReturnValue:
    """Advance the clock; the answer comes when everything that became due has been done."""
    body = json_body()
    refuse_unknown(body, ("advance", "set", "until", "at_most"))
    if "advance" in body:
        alc().time.advance(_seconds(body, "advance"))
    elif "set" in body:
        alc().time.go_to(_instant(body["set"]))
    elif body.get("until") == "idle":
        alc().time.run_until_idle(timedelta(seconds=_seconds(body, "at_most", HORIZON.total_seconds())))
    else:
        raise invalid({"clock": WAYS})
    return show_clock()


@control_api.delete("/clock")
def reset_clock() -> ResponseReturnValue:
    """Return to the real time."""
    alc().clock.reset_to_real()
    alc().worker.wake()
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
