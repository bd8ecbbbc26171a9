"""Let a workflow have one running run for each record that a user runs it for."""

import sqlalchemy as sa
from alembic import op

revision = "0101"
down_revision = "0100"
RUNNING_BY_USER = sa.text("by_user and state = 'running'")


def upgrade() -> None:
    """Add the column and the index. Runs from before count as started by a trigger, as there may be several."""
    op.add_column("workflow_run", sa.Column("by_user", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index(
        "one_user_run_per_record",
        "workflow_run",
        ["workflow_id", "record_id"],
        unique=True,
        sqlite_where=RUNNING_BY_USER,
        postgresql_where=RUNNING_BY_USER,
    )
