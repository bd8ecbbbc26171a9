"""Know people: who signs in, and who has connected, sent, run and changed what."""

import sqlalchemy as sa
from alembic import op

revision = "0105"
down_revision = "0104"


def upgrade() -> None:
    """Create the tables, and add the columns. Nobody is known to have done what was done before."""
    op.create_table(
        "person",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("seen_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "sign_in_session",
        sa.Column("id_hash", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("rules_hash", sa.String(), nullable=False),
        sa.Column("id_token", sa.String(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("used_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id_hash"),
    )
    op.create_index("ix_sign_in_session_person_id", "sign_in_session", ["person_id"])
    op.create_table(
        "person_action",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.add_column("oauth_flow", sa.Column("purpose", sa.String(), nullable=False, server_default="connect"))
    op.add_column("oauth_flow", sa.Column("person_id", sa.String(), nullable=True))
    op.add_column("oauth_flow", sa.Column("return_to", sa.String(), nullable=False, server_default=""))
    op.add_column("connection", sa.Column("connected_by", sa.String(), nullable=True))
    op.add_column("lead", sa.Column("sent_by", sa.String(), nullable=True))
    op.add_column("workflow_run", sa.Column("started_by", sa.String(), nullable=True))
