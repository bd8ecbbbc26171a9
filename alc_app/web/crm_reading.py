"""Read from the CRM for a page: within one deadline, because a person waits, and with errors that a page can show."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from flask import g

from alc_app.attio.host.context import running
from alc_app.clients.attio_api import AnswerLost, AnswerTooLarge, AttioApiError, AttioRefused
from alc_app.pages import CrmUnavailable
from alc_app.runtime.context import AppContext
from alc_app.runtime.http_client import deadline
from alc_app.runtime.services import Services

PAGE_TIMEOUT = 4.0
"""Seconds that one page waits for the CRM, over all of its calls."""
SILENT = "The CRM did not answer. A page waits {:g} seconds for it."


@contextmanager
def reading(services: Services) -> Iterator[None]:
    """Within the block of a request, read from Attio. Raises: CrmUnavailable, if Attio fails or takes too long."""
    with running(AppContext(services)):
        try:
            with deadline(_moment()):
                yield
        except (AnswerTooLarge, AttioRefused) as error:
            raise CrmUnavailable(error.message) from error
        except AttioApiError as error:
            is_late = isinstance(error, AnswerLost) or time.monotonic() >= _moment()
            raise CrmUnavailable(SILENT.format(PAGE_TIMEOUT) if is_late else "") from error


def _moment() -> float:
    """Return until when the page of this request waits."""
    moment: float = g.setdefault("crm_deadline", time.monotonic() + PAGE_TIMEOUT)
    return moment
