"""The rows of workflows: which are switched on, their activations, runs, steps and callbacks."""

from __future__ import annotations

from sqlalchemy import Index
from sqlmodel import Field

from alc_app.runtime.storage.tables import Table


class WorkflowSwitch(Table, table=True):
    """Whether a person wants a workflow to be triggered; what is so is made to follow."""

    __tablename__ = "workflow_switch"

    workflow_id: str = Field(primary_key=True)
    wanted: bool
    due_at: float = 0
    """No earlier than then is it tried again."""
    tries: int = 0
    why: str | None = None


class WorkflowActivation(Table, table=True):
    """A version of a workflow whose trigger is heard: activating → active → deactivating → ended."""

    __tablename__ = "workflow_activation"

    id: str = Field(primary_key=True)
    workflow_id: str = Field(index=True)
    version_id: str
    definition: str
    """JSON. Its callbacks are understood as they were meant when it was activated."""
    handler_id: str
    state: str = "activating"
    created_at: float


class WorkflowRun(Table, table=True):
    """One run: running → done | failed. Its id is made of what it was started for."""

    __tablename__ = "workflow_run"
    __table_args__ = (Index("workflow_runs_by_due", "due_at"), Index("workflow_runs_by_start", "started_at"))

    id: str = Field(primary_key=True)
    workflow_id: str
    version_id: str
    definition: str
    """JSON: a run ends by the definition that it began with."""
    record_id: str | None
    given: str
    """JSON: what the trigger, or the person, has given."""
    state: str = "running"
    number: int = 1
    """Of the step that it is at."""
    turn: int = 0
    """Counts what was begun for it; who comes back after another has begun a turn changes nothing."""
    why: str | None = None
    started_at: float
    ended_at: float | None = None
    due_at: float | None
    traceparent: str | None = None


class WorkflowStep(Table, table=True):
    """A step of a run: running → waiting → done | failed."""

    __tablename__ = "workflow_step"

    run_id: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    step_id: str
    block_id: str
    config: str
    """JSON, variables filled in."""
    state: str = "running"
    outcome: str | None = None
    data: str = "null"
    """JSON: what the outcome has brought."""
    then: str | None = None
    """JSON: the outcome that a waiting step takes when its time is over."""
    tries: int = 0
    due_at: float | None = None
    """Of a running one: when it is tried again; of a waiting one: when its time is over."""
    why: str | None = None
    started_at: float
    ended_at: float | None = None


class WorkflowCallback(Table, table=True):
    """Something that was told to a step: new → done | ignored. Its key makes a second telling harmless."""

    __tablename__ = "workflow_callback"

    run_id: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    id: str = Field(primary_key=True)
    body: str
    received_at: float
    state: str = "new"
