"""Workflows that a trigger starts: a person switches them on and off, and a recurring job makes it so.

The desired state is one row, `WorkflowSwitch`; the actual state is its rows of `WorkflowActivation`. `reconcile` makes
the second follow the first. As in Attio each version is activated once: a new version is activated before the old one
is deactivated, and a callback that reaches the old one in between is handled by the definition it was activated with.
A run's id is made of the event's unique key, so an event that reaches both versions starts one run.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from sqlalchemy import bindparam, update
from sqlmodel import Session, col, select

from alc_app.attio.host.backoff import backoff
from alc_app.attio.host.context import current
from alc_app.attio.host.errors import SerializableError
from alc_app.attio.host.workflow_definitions import Workflow
from alc_app.attio.http import Request, Response
from alc_app.attio.manifest import NotInManifest
from alc_app.attio.workflows import Complete, NoOp, Outcome, TriggerBlock, TriggerMetadata, read_config
from alc_app.runtime.services import Services
from alc_app.runtime.storage.event_log import append_event
from alc_app.runtime.storage.tables import WebhookHandlerRow
from alc_app.runtime.stores.workflow_runs import Json
from alc_app.runtime.stores.workflow_tables import WorkflowActivation, WorkflowSwitch

PREFIX = "workflow:"
"""Prefix of the file name of a trigger's webhook handler; the id of the activation follows."""
FIRST_RETRY = 5.0
FRESH: Json = {"due_at": 0.0, "tries": 0, "why": None}
"""A switch that may be reconciled at once."""
_IS_ANY_DUE = select(col(WorkflowSwitch.workflow_id)).where(col(WorkflowSwitch.due_at) <= bindparam("now")).limit(1)
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ActivationStatus:
    """Whether a workflow is switched on, whether any version receives events, and why the last try failed."""

    wanted: bool
    is_active: bool
    why: str | None


class WorkflowActivations:
    """Switches workflows on and off, and starts their runs."""

    def __init__(self, services: Services) -> None:
        """Work on these services."""
        self._services, self._runs = services, services.workflow_runs

    def set_enabled(self, workflow_id: str, *, enabled: bool) -> None:
        """Record that a person switched the trigger of a workflow on or off. Raises: LookupError."""
        if self._services.manifest.workflow(workflow_id).trigger is None:
            raise LookupError("A person starts this workflow, so it has no switch.")
        insert = self._services.database.insert(WorkflowSwitch).values(workflow_id=workflow_id, wanted=enabled, **FRESH)
        change = {"wanted": enabled, **FRESH}
        with self._services.database.transaction() as session:
            session.execute(insert.on_conflict_do_update(index_elements=["workflow_id"], set_=change))
            append_event(session, "workflow", {"workflow_id": workflow_id}, self._services.now())

    def statuses(self) -> dict[str, ActivationStatus]:
        """Return the status of each workflow that was ever switched on, by its id."""
        with self._services.database.reading() as session:
            found = {}
            for switch in session.exec(select(WorkflowSwitch)):
                active = any(
                    one.state == "active" and self._has_handler(session, one) for one in _not_ended(session, switch)
                )
                found[switch.workflow_id] = ActivationStatus(switch.wanted, active, switch.why)
            return found

    def due(self) -> list[str]:
        """Return the ids of workflows that `reconcile` has to change; none while there is no active connection."""
        if not self._services.database.fetch(_IS_ANY_DUE, {"now": self._services.now()}):
            return []
        with self._services.database.reading() as session:
            switches = session.exec(select(WorkflowSwitch).where(WorkflowSwitch.due_at <= self._services.now())).all()
            ids = [switch.workflow_id for switch in switches if not self._is_reconciled(session, switch)]
        connection = self._services.connections.live(self._services.settings.workspace_id) if ids else None
        return ids if connection and connection.status == "active" else []

    def reconcile(self, workflow_id: str) -> None:
        """Activate and deactivate versions until the desired state is reached, or a retry has to wait."""
        while plan := current().step("plan_activation", partial(self._plan, workflow_id)):
            current().step("save_activation", partial(self._save, plan, self._carry_out(plan)))

    def activate_again(self, connection_id: str) -> None:
        """Have the active triggers of a connection activated once more: its webhooks may be gone at the service."""
        mine = select(WebhookHandlerRow.id).where(WebhookHandlerRow.connection_id == connection_id)
        active = (col(WorkflowActivation.state) == "active", col(WorkflowActivation.handler_id).in_(mine))
        with self._services.database.transaction() as session:
            session.exec(update(WorkflowActivation).where(*active).values(state="activating"))

    def handler(self, file_name: str) -> Callable[[Request], Response]:
        """Return the webhook handler of a trigger: it runs the block's `trigger` and starts a workflow run.

        Raises: NotInManifest, if the block is gone.
        """
        with self._services.database.reading() as session:
            activation = session.get_one(WorkflowActivation, file_name.removeprefix(PREFIX))
        workflow, block = self._load(activation)
        trigger = workflow.trigger

        def triggered(req: Request) -> Response:
            metadata = self._metadata(workflow, activation)
            outcome = block.trigger(req, config=read_config(block.block, trigger.config), metadata=metadata)
            if not isinstance(outcome, NoOp) and outcome.id in trigger.then:
                key = _event_key(workflow, outcome) or f"delivery {req.headers['webhook-id']}"
                data = dict(outcome.data or {})
                current().step("start_run", lambda: self._start_run(workflow, trigger.then[outcome.id], key, data))
            return Response(None, status=200)

        return triggered

    def _start_run(self, workflow: Workflow, first: str, key: str, data: Json) -> str | None:
        """Start a run at the block `first`. Returns its id, or None if the workflow was switched off meanwhile."""
        with self._services.database.transaction() as session:
            switch = session.get(WorkflowSwitch, workflow.id)
            if switch is None or not switch.wanted:
                return None
            return self._runs.start(uuid5(NAMESPACE_URL, f"{workflow.id}/{key}").hex, workflow, first, data)

    def _is_reconciled(self, session: Session, switch: WorkflowSwitch) -> bool:
        version = self._desired_version(switch)
        actual = [(one.state, one.version_id, self._has_handler(session, one)) for one in _not_ended(session, switch)]
        return actual == ([("active", version, True)] if version else [])

    def _desired_version(self, switch: WorkflowSwitch) -> str | None:
        """Return the version that should be active; None for a workflow that is off or no longer in the manifest."""
        known = {workflow.id: workflow for workflow in self._services.manifest.workflows if workflow.trigger}
        found = known.get(switch.workflow_id)
        return found.version_id if found and switch.wanted else None

    def _has_handler(self, session: Session, activation: WorkflowActivation) -> bool:
        """Return whether the webhook handler exists and belongs to the live connection: it goes with its connection."""
        handler = session.get(WebhookHandlerRow, activation.handler_id)
        live = self._services.connections.live(self._services.settings.workspace_id)
        if handler is None or handler.gone_at or handler.deleted_at:
            return False
        return live is not None and handler.connection_id == live.id

    def _plan(self, workflow_id: str) -> Json | None:
        """Return the next change, such as {"do": "activate", "id": …}; None if there is none, or it has to wait."""
        with self._services.database.transaction() as session:
            switch = session.get_one(WorkflowSwitch, workflow_id, with_for_update=True)
            if switch.due_at > self._services.now():
                return None
            for one in _not_ended(session, switch):
                if not self._has_handler(session, one):
                    one.state = "ended"
            version, activations = self._desired_version(switch), _not_ended(session, switch)
            if version and not any(one.version_id == version for one in activations):
                activations.append(self._create(session, workflow_id))
            for one in activations:
                if one.version_id == version and one.state != "active":
                    one.state = "activating"  # also one that could not be deactivated, and is wanted again
                    return {"do": "activate", "id": one.id}
            for one in activations:
                if one.version_id != version:
                    one.state = "deactivating"
                    return {"do": "deactivate", "id": one.id}
            return None

    def _create(self, session: Session, workflow_id: str) -> WorkflowActivation:
        workflow, activation_id = self._services.manifest.workflow(workflow_id), uuid4().hex
        connection_id = self._services.connections.usable_id(self._services.settings.workspace_id)
        activation = WorkflowActivation(
            id=activation_id,
            workflow_id=workflow_id,
            version_id=workflow.version_id,
            definition=workflow.model_dump_json(),
            handler_id=self._services.webhook_handlers.create(connection_id, f"{PREFIX}{activation_id}"),
            created_at=self._services.now(),
        )
        session.add(activation)
        return activation

    def _carry_out(self, plan: Json) -> Json:
        """Call the block's `activate` or `deactivate`. Returns {"ok": True}, or why it failed and whether to retry."""
        with self._services.database.reading() as session:
            activation = session.get_one(WorkflowActivation, plan["id"])
        workflow, block = self._load(activation)
        try:
            config = read_config(block.block, workflow.trigger.config)
            function = block.activate if plan["do"] == "activate" else block.deactivate
            result = function(config=config, metadata=self._metadata(workflow, activation))
        except SerializableError as error:
            return {"ok": False, "again": True, "why": error.message}
        if isinstance(result, Complete):
            return {"ok": True}
        return {"ok": False, "again": result.retryable, "why": result.error_message}

    def _save(self, plan: Json, result: Json) -> None:
        """Save the result of a change; schedule a retry, or switch off a workflow that cannot be activated."""
        now = self._services.now()
        with self._services.database.transaction() as session:
            activation = session.get_one(WorkflowActivation, plan["id"])
            switch = session.get_one(WorkflowSwitch, activation.workflow_id, with_for_update=True)
            if result["ok"]:
                activation.state = "active" if plan["do"] == "activate" else "ended"
                switch.tries, switch.why = 0, None
            elif result["again"] or plan["do"] == "deactivate":
                switch.tries, switch.why = switch.tries + 1, result["why"]
                switch.due_at = now + backoff(switch.tries, FIRST_RETRY)
            else:  # Attio: the workflow cannot be switched on, and `deactivate` is not called
                activation.state, switch.wanted, switch.why = "ended", False, result["why"]
            if activation.state == "ended":
                self._services.webhook_handlers.delete(activation.handler_id)
            append_event(session, "workflow", {"workflow_id": switch.workflow_id}, now)
        if not result["ok"]:
            log.warning("The workflow %s could not %s: %s", switch.workflow_id, plan["do"], result["why"])

    def _load(self, activation: WorkflowActivation) -> tuple[Any, TriggerBlock]:
        workflow: Any = Workflow.model_validate_json(activation.definition)
        block = self._services.manifest.block(workflow.trigger.block)
        if not isinstance(block, TriggerBlock):
            raise NotInManifest(f"The block {workflow.trigger.block} is not a trigger.")
        return workflow, block

    def _metadata(self, workflow: Any, activation: WorkflowActivation) -> TriggerMetadata:
        return TriggerMetadata(
            workflow_id=workflow.id,
            workflow_version_id=activation.version_id,
            workflow_block_id=workflow.trigger.block,
            unique_activation_id=activation.id,
            workflow_title=workflow.title,
            workflow_url=f"{self._services.config.base_url}/workflows#{workflow.id}",
            trigger_callback=self._services.webhook_handlers.get(activation.handler_id),
        )


def webhook_function(services: Services, file_name: str) -> Callable[[Request], Response]:
    """Return the function of a webhook handler: a file of the app's `webhooks/`, or the trigger of a workflow.

    Raises: NotInManifest.
    """
    if file_name.startswith(PREFIX):
        return WorkflowActivations(services).handler(file_name)
    return services.manifest.webhook(file_name)


def _event_key(workflow: Workflow, event: Outcome) -> str:
    """Return what identifies the event that starts a run; empty if nothing in the event does."""
    record_id = (event.data or {}).get("record_id")
    return f"record {record_id}" if workflow.once_per_record and record_id else event.unique_key


def _not_ended(session: Session, switch: WorkflowSwitch) -> list[WorkflowActivation]:
    """Return the activations of a workflow that have not ended, the newest first."""
    mine = (WorkflowActivation.workflow_id == switch.workflow_id, WorkflowActivation.state != "ended")
    return list(
        session.exec(select(WorkflowActivation).where(*mine).order_by(col(WorkflowActivation.created_at).desc()))
    )
