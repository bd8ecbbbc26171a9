"""The page of scenarios: what each does and how it ends for a correct app; begins one, and ends all."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from mock_alc.console.pages import backstage, login_required
from mock_alc.scenarios import SCENARIOS, deliveries, sending, verdicts, webhooks
from mock_alc.scenarios.scenario import Scenario
from mock_alc.services import alc

CHAPTERS = {
    "Results": verdicts.SCENARIOS,
    "Deliveries": deliveries.SCENARIOS,
    "Sending": sending.SCENARIOS,
    "Webhooks": webhooks.SCENARIOS,
}


@backstage.get("/scenarios")
@login_required
def scenarios() -> ResponseReturnValue:
    """Show all scenarios by chapter, and the running ones on top."""
    return render_template(
        "scenarios.html", chapters=CHAPTERS, user_actions=user_actions, runs=alc().scenarios.runs()[::-1]
    )


@backstage.post("/scenarios/<name>")
@login_required
def begin(name: str) -> ResponseReturnValue:
    """Begin a scenario for the next lead."""
    if name not in SCENARIOS:
        raise NotFound("There is no such scenario.")
    run = alc().scenarios.begin(name)
    alc().worker.wake()
    flash(f"{name} has started. Now {user_actions(run.scenario)} in your app.")
    return redirect(url_for("backstage.scenarios"), 303)


@backstage.post("/scenarios/end")
@login_required
def end_scenarios() -> ResponseReturnValue:
    """End every scenario and remove its faults; queued deliveries are still sent."""
    alc().scenarios.end()
    return redirect(url_for("backstage.scenarios"), 303)


def user_actions(scenario: Scenario) -> str:
    """Return what the person does, such as `send, then disconnect`."""
    return ", then ".join(scenario.person)
