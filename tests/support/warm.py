"""What a mortal process has imported before it is forked; its memory is shared for as long as nobody counts garbage."""

import gc

import dbos  # noqa: F401
import sqlalchemy.orm

import alc_app.app
import alc_app.runtime.worker
import alc_app.serve
import alc_app.web  # noqa: F401

sqlalchemy.orm.configure_mappers()
gc.freeze()
