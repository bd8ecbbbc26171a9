"""The runner of workflows: takes a run's turns, one after the other, until it waits or has ended.

What it does for a turn is the app's: a block's `execute` or `finish`, whose calls through the doors are durable steps.
The rows (workflow_runs.py) say when there is something to do, and a relay asks for it, as for all upkeep.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from pydantic import ValidationError

from alc_app.attio.errors import SerializableError
from alc_app.attio.host.context import current
from alc_app.attio.http import Request
from alc_app.attio.types import Upkeep
from alc_app.attio.workflows import Defer, Error, Outcome, StepBlock, StepMetadata, call_finish, read_config
from alc_app.runtime.jobs.workflow_activations import WorkflowSwitches
from alc_app.runtime.stores.workflow_runs import Json, WorkflowRuns

if TYPE_CHECKING:
    from alc_app.runtime.services import House

WORKFLOW = "Workflow"
"""What the runner is called in the sequence diagram."""
UNFORESEEN = "Something unexpected happened. The log of the worker says what."
log = logging.getLogger(__name__)


class Workflows:
    """Everything of workflows that the house holds: the runs, the switches, and who brings them forward."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._url = f"{house.config.base_url}/workflows"
        self.runs = WorkflowRuns(house.database, house.now)
        self.switches = WorkflowSwitches(house, self.runs)
        self.upkeep = [
            Upkeep("run_workflow", due=self.runs.due, run=self.go_on, trace=self.runs.trace_of, acts_as=WORKFLOW),
            Upkeep("switch_workflow", due=self.switches.due, run=self.switches.settle, acts_as=WORKFLOW),
        ]

    def start(self, workflow_id: str, record_id: str) -> str:
        """A person starts a workflow for a record, or joins the run that is under way; returns the run's id.

        Raises: LookupError.
        """
        workflow = self._house.manifest.workflow(workflow_id)
        if workflow.trigger:
            raise LookupError(f"{workflow.title} is started by its trigger.")
        self._house.exchanges.note("User", WORKFLOW, "Runs a workflow", title=workflow.title)
        run_id = self.runs.under_way(workflow_id, record_id) or uuid4().hex
        return self.runs.start(run_id, workflow, workflow.first, {"record_id": record_id})

    def post_callback(self, url: str, callback_id: str, body: Mapping[str, Any]) -> None:
        """Tell the step that waits at this address; one of somebody else's is nobody's."""
        ours, _, execution_id = url.rpartition("/")
        run_id, _, number = execution_id.partition(".")
        if ours == f"{self._url}/callbacks" and number.isdigit():
            self.runs.call_back(run_id, int(number), callback_id, body)

    def go_on(self, run_id: str) -> None:
        """Bring a run forward as far as it goes."""
        while turn := current().step("take_turn", partial(self.runs.take_turn, run_id)):
            current().step("keep_outcome", partial(self.runs.keep, run_id, turn, self._do(run_id, turn)))

    def _do(self, run_id: str, turn: Json) -> Json:
        try:
            return self._checked(turn, self._call(run_id, turn))
        except (ValidationError, LookupError) as error:
            return _as_json(Error(f"The block {turn['block_id']} cannot be run: {error}"))
        except SerializableError as error:
            return _as_json(Error(error.message))
        except Exception as error:
            from dbos import error as engine_error  # late: the web process never gets here

            if isinstance(error, engine_error.DBOSException):
                raise  # the engine's own affairs
            log.exception("A step of the workflow run %s failed.", run_id)
            return _as_json(Error(UNFORESEEN))

    def _call(self, run_id: str, turn: Json) -> Any:
        block = self._house.manifest.block(turn["block_id"])
        if not isinstance(block, StepBlock):
            raise LookupError("It is a trigger.")
        config, metadata = read_config(block.block, turn["config"]), self._metadata(run_id, turn)
        if callback := turn["callback"]:
            return call_finish(block, Request(callback["body"].encode()), config, metadata)
        return block.execute(config=config, metadata=metadata)

    def _checked(self, turn: Json, result: Any) -> Json:
        """A result whose outcome is one of the block's."""
        known = self._house.manifest.block(turn["block_id"]).block.outcomes
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
            workflow_url=f"{self._url}#{turn['workflow_id']}",
            run_url=f"{self._url}#run-{run_id}",
            finish_callback_url=f"{self._url}/callbacks/{execution_id}",
        )


def _as_json(result: Any) -> Json:
    """A block's result as the SDK spells it, in snake case."""
    if isinstance(result, Outcome):
        return {"type": "outcome", "id": result.id, "data": result.data}
    if isinstance(result, Defer):
        return {"type": "defer", "give_up_after": result.give_up_after.total_seconds(), "then": _as_json(result.then)}
    if isinstance(result, Error):
        return {"type": "error", "error_message": result.error_message, "retryable": result.retryable}
    return {"type": {"NoOp": "no-op"}.get(type(result).__name__, type(result).__name__.lower())}
