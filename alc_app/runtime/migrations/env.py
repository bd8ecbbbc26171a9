"""What Alembic runs: it is handed the connection, and everything happens in that connection's transaction."""

from alembic import context

given = context.config.attributes
context.configure(connection=given["connection"], version_table=given["version_table"])
context.run_migrations()
