"""The workflows of a `FakeWorkspace`: one that a person starts, one that a trigger does, and a run in each state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from alc_app.pages import NotPossible
from alc_app.pages.workflow_models import Branch, PlannedStep, RunStep, RunView, WorkflowView
from tests.support.fakes.event_log import EventLog

AT = datetime(2026, 11, 20, 9, 12, tzinfo=UTC)
GRACE = str(UUID(int=2))
SEND = PlannedStep("ask", "Send to ALC and wait", '{\n  "record_id": "{{trigger.record_id}}"\n}', [])
QUALIFY = WorkflowView(
    "qualify",
    "Qualify a person",
    "Sends a person to ALC; who is interested is to be called.",
    "f00dcafe",
    None,
    [
        replace(SEND, branches=[Branch("Interested", "2. call"), Branch("No answer", "")]),
        PlannedStep("call", "Create task", '{\n  "content": "Call back"\n}', [Branch("Created", "")]),
    ],
)
FOLLOW_UP = WorkflowView(
    "follow-up",
    "Follow up on every result",
    "Whoever has sent the person.",
    "cafef00d",
    PlannedStep("trigger", "Lead processed", "", [Branch("Interested", "1. call")]),
    QUALIFY.steps[1:],
)
GIVEN = f'{{\n  "record_id": "{GRACE}"\n}}'
WAITING = RunView(
    "77f0",
    "Qualify a person",
    "waiting",
    GRACE,
    "Grace Hopper",
    AT,
    [RunStep("Send to ALC and wait", "waiting", "", GIVEN, "", None, AT.replace(month=12, day=4))],
)
ENDED = replace(
    WAITING,
    state="done",
    steps=[
        RunStep("Send to ALC and wait", "done", "Interested", GIVEN, '{\n  "lead_id": "lead_7f2a"\n}', None, None),
        RunStep("Create task", "done", "Created", GIVEN, '{\n  "task_id": "t1"\n}', None, None),
    ],
)
FAILED = replace(
    WAITING,
    id="13ad",
    state="failed",
    steps=[ENDED.steps[0], RunStep("Create task", "failed", "", GIVEN, "", "The token may not.", None)],
)


class FakeWorkflows:
    """A part of `FakeWorkspace`."""

    events: EventLog

    def reset_workflows(self) -> None:
        """Be as new."""
        self.definitions = [QUALIFY, FOLLOW_UP]
        self.runs: list[RunView] = []
        self.started: list[tuple[str, str]] = []

    def workflows(self) -> Sequence[WorkflowView]:
        return self.definitions

    def workflow_runs(self) -> Sequence[RunView]:
        return self.runs

    def run_workflow(self, workflow_id: str, record_id: str) -> str:
        if workflow_id != QUALIFY.id:
            raise NotPossible("The trigger of Follow up on every result starts it.")
        self.started.append((workflow_id, record_id))
        self.set_runs(WAITING)
        return WAITING.id

    def switch_workflow(self, workflow_id: str, *, on: bool) -> None:
        if workflow_id != FOLLOW_UP.id:
            raise NotPossible("A person starts this workflow, so it has no switch.")
        self.definitions[1] = replace(FOLLOW_UP, is_wanted=on, switched="switching")
        self.events.publish("workflow", {"workflow_id": workflow_id})

    def set_runs(self, *runs: RunView) -> None:
        """Change the runs as the app does, with an event."""
        self.runs = list(runs)
        self.events.publish("workflow", {"run_id": runs[0].id, "state": runs[0].state})
