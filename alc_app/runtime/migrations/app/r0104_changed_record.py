"""Note records whose status was changed in the CRM, so that one question to Attio answers for many."""

import sqlalchemy as sa
from alembic import op

revision = "0104"
down_revision = "0103"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "changed_record",
        sa.Column("workspace_id", sa.String(), nullable=False),
        sa.Column("record_id", sa.String(), nullable=False),
        sa.Column("due_at", sa.Float(), nullable=False),
        sa.Column("traceparent", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "record_id"),
    )
    op.create_index("ix_changed_record_due_at", "changed_record", ["due_at"])
