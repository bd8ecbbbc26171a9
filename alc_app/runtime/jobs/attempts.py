"""Run code of the app so that whatever it raises becomes an outcome."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from alc_app.attio.host.context import outcome
from alc_app.attio.host.errors import ServerFunctionError
from alc_app.runtime.storage.database import report

log = logging.getLogger(__name__)


def attempt(work: Callable[[], Any]) -> dict[str, Any]:
    """Return the outcome of the app's code; an unforeseen exception is logged and becomes an error."""
    try:
        return outcome(work)
    except Exception as error:
        from dbos import error as engine_error  # late: the web process never needs it

        if isinstance(error, engine_error.DBOSException):
            raise  # an error of DBOS itself, such as a cancelled run, must reach it
        return {"error": ServerFunctionError(report(log, "An event handler failed.", error)).to_json()}
