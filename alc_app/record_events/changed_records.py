"""Records whose status was changed in the CRM: who of them is "Requested" now? One question answers for many.

Our own writes come back as events too, one for each verdict. So an event costs no run and no call: it only notes the
record, and a job asks Attio once for all that were noted.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from alc_app.attio.host import trace
from alc_app.attio.host.context import step
from alc_app.clients import attio_people
from alc_app.clients.attio_api import AttioApiError
from alc_app.record_events.changed_record_rows import BATCH, forget_changes, look_later, read_changes
from alc_app.record_events.send_requested import REQUESTED, send_requested

log = logging.getLogger(__name__)


def look_at_changes(_workspace_id: str) -> None:
    """Send everybody among the changed records whose status is "Requested" now."""
    while changed := read_changes():
        try:
            requested = find_requested_of([one.record_id for one in changed])
        except AttioApiError as error:
            log.warning("Changes in the CRM will be checked later: %s", error.message)
            look_later(changed)
            return
        for one in changed:
            if one.record_id in requested:
                with trace.resumed(one.traceparent):
                    send_requested(one.record_id)
        forget_changes(changed)
        if len(changed) < BATCH:
            return  # what has changed since is due by itself, and the next look collects more of it


@step
def find_requested_of(record_ids: Sequence[str]) -> list[str]:
    """Return those of these records whose status is "Requested". Raises: AttioApiError."""
    wanted = {"record_id": {"$in": list(record_ids)}, "alc_status": REQUESTED}
    return [person.record_id for person in attio_people.query_people(filter=wanted, limit=BATCH)]
