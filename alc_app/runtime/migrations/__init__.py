"""Every change to the shape of our tables, by Alembic: `app/` for the database, `inbox/` for the deliveries."""
