"""Run workflows: take a run's turns, one after the other, until it waits or ends.

A turn calls the app: a block's `execute` or `finish`, whose calls to ALC and Attio are durable steps. The rows
(stores/workflow_runs.py) say when a run has something to do, and the relay asks for it as for every recurring job.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import uuid4

from pydantic import ValidationError

from alc_app.attio.host.context import current
from alc_app.attio.host.errors import SerializableError
from alc_app.attio.host.operations import RecurringJob
from alc_app.attio.http import Request
from alc_app.attio.workflows import Defer, Error, Outcome, StepBlock, StepMetadata, call_finish, read_config
from alc_app.runtime.services import Services
from alc_app.runtime.sign_in.people import acting
from alc_app.runtime.storage.database import UNAVAILABLE, report
from alc_app.runtime.stores.workflow_runs import Json
from alc_app.runtime.workflows.activations import WorkflowActivations

WORKFLOW = "Workflow"
"""The runner's name in the sequence diagram."""
log = logging.getLogger(__name__)


class WorkflowRunner:
    """Runs the steps of workflows. The rows of a run are in `Services.workflow_runs`."""

    def __init__(self, services: Services) -> None:
        """Work on these services."""
        self._services = services
        self.runs = services.workflow_runs
        self.activations = WorkflowActivations(services)
        self.jobs = [
            RecurringJob(
                "run_workflow", due=self.runs.due, run=self.advance, trace=self.runs.trace_of, acts_as=WORKFLOW
            ),
            RecurringJob(
                "switch_workflow",
                due=self.activations.due,
                run=self.activations.reconcile,
                acts_as=WORKFLOW,
                exclusive=True,  # a webhook that is registered while its connection goes would be left at ALC
            ),
        ]

    def start(self, workflow_id: str, record_id: str) -> str:
        """Start a workflow for a record, or join the run that is under way. Returns the run's id.

        Raises: LookupError, if there is no such workflow or a trigger starts it.
        """
        workflow = self._services.manifest.workflow(workflow_id)
        if workflow.trigger:
            raise LookupError(f"The trigger of {workflow.title} starts it.")
        self._services.exchanges.add("User", WORKFLOW, "Runs a workflow", title=workflow.title, record_id=record_id)
        return self.runs.start(uuid4().hex, workflow, workflow.first, {"record_id": record_id}, by_user=True)

    def advance(self, run_id: str) -> None:
        """Take the turns of a run until it waits or ends."""
        while turn := current().step("take_turn", partial(self.runs.take_turn, run_id)):
            current().step("save_outcome", partial(self.runs.save_result, run_id, turn, self._run_turn(run_id, turn)))

    def _run_turn(self, run_id: str, turn: Json) -> Json:
        """Call the block and return its result as JSON; whatever goes wrong becomes the result `error`."""
        try:
            with acting(self._services.people.find(turn.get("started_by"))):
                return self._check_outcome(turn, self._call_block(run_id, turn))
        except (ValidationError, LookupError) as error:
            return _as_json(Error(f"The block {turn['block_id']} cannot be run: {error}"))
        except SerializableError as error:
            return _as_json(Error(error.message))
        except Exception as error:
            from dbos import error as engine_error  # late: the web process never needs it

            if isinstance(error, engine_error.DBOSException):
                raise  # an error of DBOS itself, such as a cancelled run, must reach it
            what = report(log, f"A step of the workflow run {run_id} failed.", error)
            return _as_json(Error(what, retryable=isinstance(error, UNAVAILABLE)))

    def _call_block(self, run_id: str, turn: Json) -> Any:
        block = self._services.manifest.block(turn["block_id"])
        if not isinstance(block, StepBlock):
            raise LookupError("It is a trigger.")
        config, metadata = read_config(block.block, turn["config"]), self._metadata(run_id, turn)
        if callback := turn["callback"]:
            return call_finish(block, Request(callback["body"].encode()), config, metadata)
        return block.execute(config=config, metadata=metadata)

    def _check_outcome(self, turn: Json, result: Any) -> Json:
        """Return the result as JSON. Raises: LookupError, if the block has no such outcome."""
        known = self._services.manifest.block(turn["block_id"]).block.outcomes
        named = result.then if isinstance(result, Defer) else result
        if isinstance(named, Outcome) and named.id not in known:
            raise LookupError(f"It has no outcome {named.id!r}.")
        return _as_json(result)

    def _metadata(self, run_id: str, turn: Json) -> StepMetadata:
        execution_id = f"{run_id}.{turn['number']}"
        return StepMetadata(
            workflow_id=turn["workflow_id"],
            workflow_version_id=turn["version_id"],
            workflow_block_id=turn["block_id"],
            workflow_run_id=run_id,
            unique_execution_id=execution_id,
            workflow_title=turn["title"],
            workflow_url=f"{self.runs.url}#{turn['workflow_id']}",
            run_url=f"{self.runs.url}#run-{run_id}",
            finish_callback_url=f"{self.runs.callbacks_url}/{execution_id}",
            started_at=datetime.fromtimestamp(turn.get("started_at", 0.0), UTC),  # an older version did not store it
        )


def recurring_jobs(services: Services) -> list[RecurringJob]:
    """Return every recurring job: those of the app, and those that advance workflows."""
    return [*services.manifest.operations.jobs, *WorkflowRunner(services).jobs]


def _as_json(result: Any) -> Json:
    """Return a block's result as the SDK writes it, with keys in snake case."""
    if isinstance(result, Outcome):
        return {"type": "outcome", "id": result.id, "data": result.data}
    if isinstance(result, Defer):
        return {"type": "defer", "give_up_after": result.give_up_after.total_seconds(), "then": _as_json(result.then)}
    if isinstance(result, Error):
        return {"type": "error", "error_message": result.error_message, "retryable": result.retryable}
    return {"type": {"NoOp": "no-op"}.get(type(result).__name__, type(result).__name__.lower())}
