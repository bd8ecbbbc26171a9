"""The console's page `/trouble`, there only while the control door is open: stories to begin, faults, and the clock."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from mock_alc.config import is_loopback
from mock_alc.console import signed_in_only
from mock_alc.scenarios import SCENARIOS
from mock_alc.scenarios.scenario import Scenario
from mock_alc.services import alc

pages = Blueprint("trouble", __name__, url_prefix="/trouble")
LEAPS = {"hour": ("An hour", 3_600.0), "day": ("A day", 86_400.0)}


@pages.before_request
def _only_this_machine() -> None:
    """What the control door does, it does for this machine only."""
    if not is_loopback(request.remote_addr or ""):
        raise NotFound("There is nothing here.")


@pages.get("")
@signed_in_only
def page() -> ResponseReturnValue:
    """Show the scenarios, what was asked for and is still to come, and what time it is here."""
    return render_template(
        "trouble.html",
        scenarios=SCENARIOS.values(),
        deeds=deeds,
        runs=alc().director.runs(),
        faults=[fault for fault in alc().faults.listed() if fault["left"] != 0],
        now=alc().now(),
        ahead=alc().clock.offset,
        leaps=LEAPS,
    )


@pages.post("/scenarios/<name>")
@signed_in_only
def begin(name: str) -> ResponseReturnValue:
    """Begin a scenario for the next lead."""
    if name not in SCENARIOS:
        raise NotFound("There is no such scenario.")
    run = alc().director.begin(name)
    alc().worker.wake()
    flash(f"{name} has begun. Now {deeds(run.scenario)} in your app.")
    return redirect(url_for("trouble.page"), 303)


@pages.post("/end")
@signed_in_only
def end() -> ResponseReturnValue:
    """End every scenario and every fault."""
    alc().director.end()
    alc().faults.clear()
    return redirect(url_for("trouble.page"), 303)


@pages.post("/clock")
@signed_in_only
def clock() -> ResponseReturnValue:
    """Let time pass, or show the real time again."""
    leap = request.form.get("leap", "")
    if leap in LEAPS:
        alc().time.advance(LEAPS[leap][1])
    elif leap == "idle":
        alc().time.until_idle()
    elif leap == "real":
        alc().clock.back_to_real()
        alc().worker.wake()
    return redirect(url_for("trouble.page"), 303)


def deeds(scenario: Scenario) -> str:
    """Say what the person does, such as `send, then disconnect`."""
    return ", then ".join(scenario.person)
