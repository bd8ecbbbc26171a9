"""`/_mock/scenarios`: list, begin and end scenarios."""

from flask.typing import ResponseReturnValue

from mock_alc.base.errors import ApiError, not_found
from mock_alc.control.blueprint import control_api
from mock_alc.double.control.guard import optional_texts
from mock_alc.scenarios import SCENARIOS
from mock_alc.scenarios.runner import CannotPlay
from mock_alc.services import alc


@control_api.get("/scenarios")
def list_scenarios() -> ResponseReturnValue:
    """List all scenarios, and the runs since the last reset."""
    return {
        "scenarios": [scenario.as_json() for scenario in SCENARIOS.values()],
        "runs": [run.as_json() for run in alc().scenarios.runs()],
    }


@control_api.post("/scenarios/<name>")
def begin_scenario(name: str) -> ResponseReturnValue:
    """Begin a scenario for the next lead, the next lead of `record_id`, or the undecided lead `lead_id`."""
    wanted = optional_texts("record_id", "lead_id")
    if name not in SCENARIOS:
        raise ApiError(404, "not_found", f"There is no scenario {name}. There are: {', '.join(SCENARIOS)}.")
    try:
        run = alc().scenarios.begin(name, **wanted)
    except CannotPlay as problem:
        raise ApiError(409, "cannot_play", str(problem)) from problem
    alc().worker.wake()
    return run.as_json(), 201


@control_api.get("/scenarios/runs/<run_id>")
def show_run(run_id: str) -> ResponseReturnValue:
    """Return a run, with its lead as soon as there is one."""
    run = next((run for run in alc().scenarios.runs() if run.id == run_id), None)
    if run is None:
        raise not_found("run")
    return run.as_json()


@control_api.delete("/scenarios")
def end_scenarios() -> ResponseReturnValue:
    """End every scenario and remove its faults; queued deliveries are still sent."""
    alc().scenarios.end()
    return {"runs": []}
