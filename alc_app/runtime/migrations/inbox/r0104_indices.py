"""Find open, failed, ended and recent deliveries among any number of others, by an index for each."""

import sqlalchemy as sa
from alembic import op

revision = "0104"
down_revision = "0100"
PARTIAL = {
    "open_deliveries": (["received_at", "due_at"], "state in ('new', 'queued')"),
    "failed_deliveries": (["received_at"], "state = 'failed'"),
    "ended_deliveries": (["state", "due_at"], "state in ('done', 'ignored', 'forgotten')"),
}


def upgrade() -> None:
    """Replace the one index of all states."""
    op.drop_index("deliveries_to_queue", "delivery")
    for name, (columns, which) in PARTIAL.items():
        condition = sa.text(which)
        op.create_index(name, "delivery", columns, sqlite_where=condition, postgresql_where=condition)
    op.create_index("deliveries_by_time", "delivery", ["received_at"])
