"""Run the migrations in the transaction of the connection that schema.py passes. Alembic executes this file."""

from alembic import context

attributes = context.config.attributes
context.configure(connection=attributes["connection"], version_table=attributes["version_table"])
context.run_migrations()
