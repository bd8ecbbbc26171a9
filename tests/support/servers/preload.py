"""The imports of the process that test servers are forked from: everything that a command of ours imports.

`gc.freeze` keeps the collector from writing to these objects, so that the forks share their memory.
"""

import gc
from importlib import import_module

import sqlalchemy.orm

COMMANDS = (
    "alc_app.cli.commands", "alc_app.cli.doctor", "alc_app.cli.serve", "alc_app.cli.tour", "mock_alc.commands.cli"
)  # fmt: skip
SERVERS = (
    "alc_app.app", "alc_app.labs.runner", "alc_app.mock_attio.server", "alc_app.runtime.jobs.worker",
    "alc_app.web.factory", "mock_alc.oauth.endpoints", "mock_alc.server", "mock_alc.web.app_hooks",
)  # fmt: skip
LIBRARIES = ("alembic.autogenerate", "alembic.command", "dbos._sys_db_sqlite", "phonenumbers")

for name in (*LIBRARIES, *SERVERS, *COMMANDS):
    import_module(name)
sqlalchemy.orm.configure_mappers()
gc.freeze()
