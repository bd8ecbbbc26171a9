"""The process that test servers are forked from: every command of ours, imported, with compiled statements and routes.

`gc.freeze` keeps the collector from writing to these objects, so that the forks share their memory.
"""

import gc
from importlib import import_module

import sqlalchemy.orm

from tests.support.compiled_routes import compile_routes_once
from tests.support.compiled_statements import compile_statements_once
from tests.support.compiled_templates import keep_compiled_templates
from tests.support.servers.rehearsal import rehearse

COMMANDS = (
    "alc_app.cli.commands", "alc_app.cli.doctor", "alc_app.cli.serve", "alc_app.cli.tour", "mock_alc.commands.cli"
)  # fmt: skip
SERVERS = (
    "alc_app.app", "alc_app.labs.runner", "alc_app.mock_attio.api.graphql_loader", "alc_app.mock_attio.server",
    "alc_app.runtime.jobs.worker", "alc_app.runtime.oauth_session", "alc_app.web.factory",
    "mock_alc.double.request_handler", "mock_alc.oauth.endpoints", "mock_alc.server", "mock_alc.web.app_hooks",
    "mock_alc.webhooks.http_client",
)  # fmt: skip
LIBRARIES = ("alembic.autogenerate", "alembic.command", "dbos._sys_db_sqlite", "lucide", "phonenumbers")

for name in (*LIBRARIES, *SERVERS, *COMMANDS):
    import_module(name)
sqlalchemy.orm.configure_mappers()
compile_statements_once()
compile_routes_once()
keep_compiled_templates()
rehearse()
gc.collect()
gc.freeze()
