"""Workflows that a trigger starts: switched on and off by a person, and made so, whatever happens in between.

Level-triggered: what is wanted is one row, what is so are the activations, and `settle` makes the second follow the
first. As in Attio each version is activated once: a new one is activated first, then the old one is deactivated, and
callbacks that reach the old one meanwhile are understood as it was meant. A run's id is made of the event's unique
key, so an event that reaches both starts one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from sqlmodel import Session, col, select

from alc_app.attio.host.backoff import backoff
from alc_app.attio.host.context import current
from alc_app.attio.host.errors import SerializableError
from alc_app.attio.host.workflow_definitions import Workflow
from alc_app.attio.http import Request, Response
from alc_app.attio.workflows import Complete, NoOp, Outcome, TriggerBlock, TriggerMetadata, read_config
from alc_app.runtime.services import Services
from alc_app.runtime.storage.event_log import append_event
from alc_app.runtime.storage.tables import WebhookHandlerRow
from alc_app.runtime.stores.workflow_runs import Json
from alc_app.runtime.stores.workflow_tables import WorkflowActivation, WorkflowSwitch

PREFIX = "workflow:"
"""What the file name of a trigger's callback handler begins with; the id of its activation follows."""
FIRST_RETRY = 5.0
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Standing:
    """How a switch stands: what is wanted, whether any version is heard, and what was in the way last."""

    wanted: bool
    is_active: bool
    why: str | None


class WorkflowActivations:
    """The switches, the activations, and what a callback starts."""

    def __init__(self, services: Services) -> None:
        self._services, self._runs = services, services.workflow_runs

    def switch(self, workflow_id: str, *, on: bool) -> None:
        """A person wants a workflow to be triggered, or not any more. Raises: LookupError."""
        if self._services.manifest.workflow(workflow_id).trigger is None:
            raise LookupError("A person starts it; there is nothing to switch on.")
        with self._services.database.transaction() as session:
            session.merge(WorkflowSwitch(workflow_id=workflow_id, wanted=on))
            append_event(session, "workflow", {"workflow_id": workflow_id}, self._services.now())

    def standing(self) -> dict[str, Standing]:
        """How each workflow stands that was ever switched."""
        with self._services.database.reading() as session:
            found = {}
            for switch in session.exec(select(WorkflowSwitch)):
                heard = any(one.state == "active" and self._is_heard(session, one) for one in _open(session, switch))
                found[switch.workflow_id] = Standing(switch.wanted, heard, switch.why)
            return found

    def due(self) -> list[str]:
        """Workflows whose activations are not what is wanted, while there is a connection to ask with."""
        with self._services.database.reading() as session:
            activations = session.exec(
                select(WorkflowSwitch).where(WorkflowSwitch.due_at <= self._services.now())
            ).all()
            unsettled = [switch.workflow_id for switch in activations if not self._is_settled(session, switch)]
        connection = self._services.connections.live(self._services.settings.workspace_id) if unsettled else None
        return unsettled if connection and connection.status == "active" else []

    def settle(self, workflow_id: str) -> None:
        """Activate and deactivate until what is so is what is wanted, or has to wait."""
        while plan := current().step("plan_switch", partial(self._plan, workflow_id)):
            current().step("keep_switch", partial(self._keep, plan, self._do(plan)))

    def handler(self, file_name: str) -> Callable[[Request], Response]:
        """What answers at a trigger's callback address."""
        activation_id = file_name.removeprefix(PREFIX)

        def triggered(req: Request) -> Response:
            with self._services.database.reading() as session:
                activation = session.get_one(WorkflowActivation, activation_id)
            workflow, block, metadata = self._parts(activation)
            trigger = workflow.trigger
            found = block.trigger(req, config=read_config(block.block, trigger.config), metadata=metadata)
            if not isinstance(found, NoOp) and found.id in trigger.then:
                current().step("start_run", lambda: self._start(workflow, trigger.then[found.id], found))
            return Response(None, status=200)

        return triggered

    def _start(self, workflow: Workflow, first: str, event: Outcome) -> str | None:
        given = dict(event.data or {})
        once = f"record {given.get('record_id')}" if workflow.once_per_record else event.unique_key
        with self._services.database.transaction() as session:
            switch = session.get(WorkflowSwitch, workflow.id)
            if switch is None or not switch.wanted:  # switched off since the event came
                return None
            return self._runs.start(uuid5(NAMESPACE_URL, f"{workflow.id}/{once}").hex, workflow, first, given)

    def _is_settled(self, session: Session, switch: WorkflowSwitch) -> bool:
        version = self._wanted(switch)
        there = [(one.state, one.version_id, self._is_heard(session, one)) for one in _open(session, switch)]
        return there == ([("active", version, True)] if version else [])

    def _wanted(self, switch: WorkflowSwitch) -> str | None:
        """The version that should be active; a workflow that is no more is not."""
        known = {workflow.id: workflow for workflow in self._services.manifest.workflows if workflow.trigger}
        found = known.get(switch.workflow_id)
        return found.version_id if found and switch.wanted else None

    def _is_heard(self, session: Session, activation: WorkflowActivation) -> bool:
        """Does its address answer? A disconnect has taken it, and its webhook at the other side with it."""
        handler = session.get(WebhookHandlerRow, activation.handler_id)
        return handler is not None and not handler.gone_at and not handler.deleted_at

    def _plan(self, workflow_id: str) -> Json | None:
        with self._services.database.transaction() as session:
            switch = session.get_one(WorkflowSwitch, workflow_id, with_for_update=True)
            if switch.due_at > self._services.now():
                return None
            for one in _open(session, switch):
                if not self._is_heard(session, one):
                    one.state = "ended"
            version, there = self._wanted(switch), _open(session, switch)
            if version and not any(one.version_id == version for one in there):
                there.append(self._new(session, workflow_id))
            for one in there:
                if one.version_id == version and one.state == "activating":
                    return {"do": "activate", "id": one.id}
            for one in there:
                if one.version_id != version or one.state == "deactivating":
                    one.state = "deactivating"
                    return {"do": "deactivate", "id": one.id}
            return None

    def _new(self, session: Session, workflow_id: str) -> WorkflowActivation:
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

    def _do(self, plan: Json) -> Json:
        """What became of it: well, refused, or something that is worth another try."""
        with self._services.database.reading() as session:
            workflow, block, metadata = self._parts(session.get_one(WorkflowActivation, plan["id"]))
        try:
            config = read_config(block.block, workflow.trigger.config)
            act = block.activate if plan["do"] == "activate" else block.deactivate
            result = act(config=config, metadata=metadata)
        except SerializableError as error:
            return {"ok": False, "again": True, "why": error.message}
        if isinstance(result, Complete):
            return {"ok": True}
        return {"ok": False, "again": result.retryable, "why": result.error_message}

    def _keep(self, plan: Json, result: Json) -> None:
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
            else:  # "the workflow cannot be switched on", and `deactivate` is not called for it
                activation.state, switch.wanted, switch.why = "ended", False, result["why"]
            if activation.state == "ended":
                self._services.webhook_handlers.delete(activation.handler_id)
            append_event(session, "workflow", {"workflow_id": switch.workflow_id}, now)
        if not result["ok"]:
            log.warning("The workflow %s could not %s: %s", switch.workflow_id, plan["do"], result["why"])

    def _parts(self, activation: WorkflowActivation) -> tuple[Any, TriggerBlock, TriggerMetadata]:
        workflow: Any = Workflow.model_validate_json(activation.definition)
        block = self._services.manifest.block(workflow.trigger.block)
        if not isinstance(block, TriggerBlock):
            raise LookupError(f"The block {workflow.trigger.block} is no trigger.")
        metadata = TriggerMetadata(
            workflow_id=workflow.id,
            workflow_version_id=activation.version_id,
            workflow_block_id=block.block.id,
            unique_activation_id=activation.id,
            workflow_title=workflow.title,
            workflow_url=f"{self._services.config.base_url}/workflows#{workflow.id}",
            trigger_callback=self._services.webhook_handlers.get(activation.handler_id),
        )
        return workflow, block, metadata


def webhook_function(services: Services, file_name: str) -> Callable[[Request], Response]:
    """Return what answers at a webhook handler: a file of the app's `webhooks/`, or the trigger of a workflow.

    Raises: LookupError.
    """
    if file_name.startswith(PREFIX):
        return WorkflowActivations(services).handler(file_name)
    return services.manifest.webhook(file_name)


def _open(session: Session, switch: WorkflowSwitch) -> list[WorkflowActivation]:
    """The activations that have not ended, the newest first."""
    mine = (WorkflowActivation.workflow_id == switch.workflow_id, WorkflowActivation.state != "ended")
    return list(
        session.exec(select(WorkflowActivation).where(*mine).order_by(col(WorkflowActivation.created_at).desc()))
    )
