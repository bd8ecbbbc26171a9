"""The imports of the process that test servers are forked from.

`gc.freeze` keeps the collector from writing to these objects, so that the forks share their memory.
"""

import gc

import dbos  # noqa: F401
import sqlalchemy.orm

import alc_app.app
import alc_app.cli.serve
import alc_app.mock_attio.server
import alc_app.runtime.jobs.worker
import alc_app.web.factory  # noqa: F401
import mock_alc.server
import mock_alc.web.app_hooks  # noqa: F401

sqlalchemy.orm.configure_mappers()
gc.freeze()
