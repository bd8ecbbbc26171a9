"""Workflows: which are switched on, their runs, and which of their steps wait for a lead."""

from alembic import op
from sqlalchemy import Boolean, Column, Float, Integer, String

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "workflow_switch",
        Column("workflow_id", String(), primary_key=True),
        Column("wanted", Boolean(), nullable=False),
        Column("due_at", Float(), nullable=False),
        Column("tries", Integer(), nullable=False),
        Column("why", String(), nullable=True),
    )
    op.create_table(
        "workflow_activation",
        Column("id", String(), primary_key=True),
        Column("workflow_id", String(), nullable=False, index=True),
        *(Column(name, String(), nullable=False) for name in ("version_id", "definition", "handler_id", "state")),
        Column("created_at", Float(), nullable=False),
    )
    _runs()
    op.create_table(
        "lead_wait",
        Column("callback_url", String(), primary_key=True),
        Column("lead_id", String(), nullable=False, index=True),
        Column("told", Boolean(), nullable=False, index=True),
        Column("created_at", Float(), nullable=False),
    )


def _runs() -> None:
    op.create_table(
        "workflow_run",
        Column("id", String(), primary_key=True),
        *(Column(name, String(), nullable=False) for name in ("workflow_id", "version_id", "definition", "given")),
        Column("state", String(), nullable=False),
        Column("number", Integer(), nullable=False),
        Column("turn", Integer(), nullable=False),
        *(Column(name, String(), nullable=True) for name in ("record_id", "why", "traceparent")),
        Column("started_at", Float(), nullable=False),
        *(Column(name, Float(), nullable=True) for name in ("ended_at", "due_at")),
    )
    op.create_index("workflow_runs_by_due", "workflow_run", ["due_at"])
    op.create_index("workflow_runs_by_start", "workflow_run", ["started_at"])
    op.create_table(
        "workflow_step",
        Column("run_id", String(), primary_key=True),
        Column("number", Integer(), primary_key=True),
        *(Column(name, String(), nullable=False) for name in ("step_id", "block_id", "config", "state", "data")),
        *(Column(name, String(), nullable=True) for name in ("outcome", "then", "why")),
        Column("tries", Integer(), nullable=False),
        Column("started_at", Float(), nullable=False),
        *(Column(name, Float(), nullable=True) for name in ("ended_at", "due_at")),
    )
    op.create_table(
        "workflow_callback",
        Column("run_id", String(), primary_key=True),
        Column("number", Integer(), primary_key=True),
        Column("id", String(), primary_key=True),
        *(Column(name, String(), nullable=False) for name in ("body", "state")),
        Column("received_at", Float(), nullable=False),
    )
