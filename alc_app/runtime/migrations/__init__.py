"""Alembic migrations of our tables: `app/`, `inbox/` and `exchanges/`, one folder for each SQLite file."""
