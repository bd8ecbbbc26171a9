"""Workflows as their page shows them: the manifest's definitions, the runtime's rows and names from the CRM."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from alc_app.attio import App
from alc_app.attio.host.workflow_definitions import Step, Workflow
from alc_app.pages.filters import utc
from alc_app.pages.workflow_models import Branch, PlannedStep, RunStep, RunView, SwitchState, WorkflowView
from alc_app.runtime.services import Services
from alc_app.runtime.stores.workflow_tables import WorkflowRun, WorkflowStep
from alc_app.runtime.workflows.activations import ActivationStatus, WorkflowActivations
from alc_app.web.presenters.people import names_of

RUNS = 20
FAILED = "failed"
"""The outcome of a block that could not do its work: the page shows the step as failed."""


def workflows_of(services: Services) -> list[WorkflowView]:
    """Return the definitions, and whether their triggers are switched on."""
    standing = WorkflowActivations(services).statuses()
    return [
        _workflow(services.manifest, workflow, standing.get(workflow.id)) for workflow in services.manifest.workflows
    ]


def runs_of(services: Services) -> list[RunView]:
    """Return the newest runs."""
    found = services.workflow_runs.newest(RUNS)
    names = names_of(services, {run.record_id for run, _ in found if run.record_id})
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
    shown = [_step(manifest, step) for step in steps]
    return RunView(
        id=run.id,
        title=Workflow.model_validate_json(run.definition).title,
        state=_state_of(run.state, shown[-1].state),
        record_id=run.record_id,
        person=names.get(run.record_id or "", "A person"),
        started_at=utc(run.started_at),
        steps=shown,
    )


def _state_of(run: str, last_step: str) -> str:
    """Return the state of a run: a running one may wait, and one that is done ends as its last step did."""
    if run == "running":
        return "waiting" if last_step == "waiting" else run
    return last_step if run == "done" else run


def _step(manifest: App, step: WorkflowStep) -> RunStep:
    block = next((one.block for one in manifest.blocks if one.block.id == step.block_id), None)
    data = json.loads(step.data)
    has_failed = step.state == "done" and step.outcome == FAILED
    return RunStep(
        title=block.title if block else step.block_id,
        state="failed" if has_failed else step.state,
        outcome=(block.outcomes if block else {}).get(step.outcome or "", step.outcome or ""),
        given=_shown(json.loads(step.config)),
        found=_shown(data),
        why=step.why or ((data or {}).get("summary") if has_failed else None),
        until=utc(step.due_at) if step.due_at else None,
    )


def _shown(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) if value else ""
