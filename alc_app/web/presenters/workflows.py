"""Workflows as their page shows them: the manifest's definitions, the runtime's rows and names from the CRM."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from alc_app.attio import App
from alc_app.attio.host.workflow_definitions import Step, Workflow
from alc_app.clients.attio_people import get_people
from alc_app.pages import CrmUnavailable
from alc_app.pages.filters import utc
from alc_app.pages.workflow_models import Branch, PlannedStep, RunStep, RunView, SwitchState, WorkflowView
from alc_app.runtime.services import Services
from alc_app.runtime.stores.workflow_tables import WorkflowRun, WorkflowStep
from alc_app.runtime.workflows.activations import ActivationStatus, WorkflowActivations
from alc_app.web.crm_reading import reading

RUNS = 20


def workflows_of(services: Services) -> list[WorkflowView]:
    """Return the definitions, and whether their triggers are switched on."""
    standing = WorkflowActivations(services).statuses()
    return [
        _workflow(services.manifest, workflow, standing.get(workflow.id)) for workflow in services.manifest.workflows
    ]


def runs_of(services: Services) -> list[RunView]:
    """Return the newest runs."""
    found = services.workflow_runs.newest(RUNS)
    names = _names(services, {run.record_id for run, _ in found if run.record_id})
    return [_run(services.manifest, run, steps, names) for run, steps in found]


def _workflow(manifest: App, workflow: Workflow, standing: ActivationStatus | None) -> WorkflowView:
    wanted, active = (standing.wanted, standing.is_active) if standing else (False, False)
    switched: SwitchState = "on" if wanted and active else "switching" if wanted or active else "off"
    trigger = workflow.trigger
    return WorkflowView(
        id=workflow.id,
        title=workflow.title,
        description=workflow.description,
        version=workflow.version_id,
        trigger=_planned(manifest, workflow, "trigger", trigger) if trigger else None,
        steps=[_planned(manifest, workflow, name, step) for name, step in workflow.steps.items()],
        switched=switched,
        is_wanted=wanted,
        why=standing.why if standing else None,
    )


def _planned(manifest: App, workflow: Workflow, name: str, step: Step) -> PlannedStep:
    block = manifest.block(step.block).block
    branches = [
        Branch(label, _named(workflow, step.then[outcome]) if outcome in step.then else "")
        for outcome, label in block.outcomes.items()
    ]
    return PlannedStep(name.replace("_", " "), block.title, _shown(step.config), branches)


def _named(workflow: Workflow, name: str) -> str:
    return f"{list(workflow.steps).index(name) + 1}. {name.replace('_', ' ')}"


def _run(manifest: App, run: WorkflowRun, steps: Sequence[WorkflowStep], names: Mapping[str, str]) -> RunView:
    waits = run.state == "running" and steps[-1].state == "waiting"
    return RunView(
        id=run.id,
        workflow_id=run.workflow_id,
        title=Workflow.model_validate_json(run.definition).title,
        state="waiting" if waits else run.state,
        record_id=run.record_id,
        person=names.get(run.record_id or "", "A person"),
        why=run.why,
        started_at=utc(run.started_at),
        steps=[_step(manifest, step) for step in steps],
    )


def _step(manifest: App, step: WorkflowStep) -> RunStep:
    block = next((one.block for one in manifest.blocks if one.block.id == step.block_id), None)
    return RunStep(
        title=block.title if block else step.block_id,
        state=step.state,
        outcome=(block.outcomes if block else {}).get(step.outcome or "", step.outcome or ""),
        given=_shown(json.loads(step.config)),
        found=_shown(json.loads(step.data)),
        why=step.why,
        until=utc(step.due_at) if step.due_at else None,
    )


def _names(services: Services, ids: set[str]) -> dict[str, str]:
    """Return the names of people by record id; empty while the CRM is unavailable."""
    try:
        with reading(services):
            return {person.record_id: person.name for person in get_people(ids) if person.name}
    except CrmUnavailable:
        return {}


def _shown(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) if value else ""
