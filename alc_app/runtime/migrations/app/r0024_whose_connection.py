"""Whose account at ALC a connection opens, and since when there has been its access token."""

from alembic import op
from sqlalchemy import Column, Float, String

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Add the columns; of older connections nobody knows."""
    op.add_column("connection", Column("username", String(), nullable=False, server_default=""))
    op.add_column("connection", Column("issued_at", Float(), nullable=True))
