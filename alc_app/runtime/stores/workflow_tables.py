"""Tables of workflows: switches, activations, runs, steps and callbacks."""

from sqlalchemy import Index
from sqlmodel import Field

from alc_app.runtime.sign_in.people import current_person_id
from alc_app.runtime.storage.tables import Table


class WorkflowSwitch(Table, table=True):
    """Whether a workflow should be on. A job activates and deactivates its trigger to match."""

    __tablename__ = "workflow_switch"

    workflow_id: str = Field(primary_key=True)
    wanted: bool
    due_at: float = 0
    """When the job may try again."""
    tries: int = 0
    why: str | None = None


class WorkflowActivation(Table, table=True):
    """An activated trigger of one version of a workflow: activating → active → deactivating → ended."""

    __tablename__ = "workflow_activation"

    id: str = Field(primary_key=True)
    workflow_id: str = Field(index=True)
    version_id: str
    definition: str
    """JSON of the workflow at activation. Calls to its handler follow this version."""
    handler_id: str
    state: str = "activating"
    created_at: float


class WorkflowRun(Table, table=True):
    """One run: running → done | failed. The id is derived from the event that started it, so it starts once."""

    __tablename__ = "workflow_run"
    __table_args__ = (
        Index("workflow_runs_by_due", "due_at"),
        Index("workflow_runs_by_start", "started_at"),
        Index(
            "one_user_run_per_record",
            "workflow_id",
            "record_id",
            unique=True,
            info={"where": "by_user and state = 'running'"},
        ),
    )

    id: str = Field(primary_key=True)
    workflow_id: str
    version_id: str
    definition: str
    """JSON of the workflow at the start. The run follows this version to its end."""
    record_id: str | None
    by_user: bool = False
    """Whether a user clicked Run. Such a run is the only one of its workflow and record; a trigger starts one for each
    event."""
    started_by: str | None = Field(default_factory=current_person_id)
    """The person who did, where people sign in."""
    given: str
    """JSON: the values from the trigger, or from the person who clicked Run."""
    state: str = "running"
    number: int = 1
    """Number of the current step."""
    turn: int = 0
    """Counts turns. A result is saved only if its turn is still the current one (optimistic locking)."""
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
    """JSON, with variables resolved."""
    state: str = "running"
    outcome: str | None = None
    data: str = "null"
    """JSON: the data of the outcome."""
    then: str | None = None
    """JSON: the outcome of a waiting step if its timeout passes."""
    tries: int = 0
    due_at: float | None = None
    """Running step: when it is tried again. Waiting step: when it times out."""
    why: str | None = None
    started_at: float
    ended_at: float | None = None


class WorkflowCallback(Table, table=True):
    """A callback to a step: new → done | ignored. The primary key deduplicates it."""

    __tablename__ = "workflow_callback"

    run_id: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    id: str = Field(primary_key=True)
    body: str
    received_at: float
    state: str = "new"
