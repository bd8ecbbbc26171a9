"""Records whose status was changed in the CRM: who of them is "Requested" now? One question answers for many.

Our own writes come back as events too, one for each verdict. So an event costs no run and no call: it only notes the
record, and a job asks Attio once a second for all that were noted.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from alc_app.attio.host import trace
from alc_app.attio.host.context import repeatable, step
from alc_app.clients import attio_people
from alc_app.clients.attio_api import AttioApiError
from alc_app.record_events.changed_record_rows import BATCH, Changed, forget_changes, look_later, read_changes
from alc_app.record_events.send_requested import REQUESTED, send_requested

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Look:
    """The records that were looked at, and those of them whose status is "Requested"."""

    changed: list[Changed]
    requested: list[str]


def look_for_requests(_workspace_id: str) -> bool:
    """Forget the changed records whose status is not "Requested". Returns whether there are others."""
    if (look := _look(ask_for_changes)) is None:
        return False
    forget_changes([one for one in look.changed if one.record_id not in look.requested])
    return bool(look.requested)


def look_at_changes(_workspace_id: str) -> None:
    """Send everybody among the changed records whose status is "Requested" now."""
    if (look := _look(ask_durably)) is None:
        return
    for one in look.changed:
        if one.record_id in look.requested:
            with trace.resumed(one.traceparent):
                send_requested(one.record_id)
    forget_changes(look.changed)


def _look(ask: Callable[[], Look]) -> Look | None:
    """Return what Attio says, or None if it is to be asked later."""
    try:
        return ask()
    except AttioApiError as error:
        log.warning("Changes in the CRM will be checked later: %s", error.message)
        look_later()
        return None


@repeatable
def ask_for_changes() -> Look:
    """Ask Attio who among the changed records is "Requested". Raises: AttioApiError."""
    changed = read_changes()
    wanted = {"record_id": {"$in": [one.record_id for one in changed]}, "alc_status": REQUESTED}
    people = attio_people.query_people(filter=wanted, limit=BATCH) if changed else []
    return Look(changed, [person.record_id for person in people])


ask_durably = step(ask_for_changes)
