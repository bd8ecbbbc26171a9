"""What we know about a lead, onto its record in Attio: one writer at a time, until the record says what we know.

Level-triggered (bar C4): whoever calls, and in whatever order, the record ends equal to the latest of our row.
TUTORIAL: it writes what just happened, so a late "Pending" can overwrite a "Complete".
"""

import logging

from alc_app.attio.host.context import step
from alc_app.clients import attio_api
from alc_app.clients.attio_api import AnswerLost, AttioApiError, Forbidden, NotFound
from alc_app.leads import record_sync_rows

log = logging.getLogger(__name__)


def show_lead_status(lead_id: str) -> None:
    """Write `alc_lead_id`, `alc_status` and `alc_interest` of this lead to its person. Usage 9, Later 11.

    Returns when the record is up to date or another run is writing it; what cannot be written now is due again later.
    """
    while lead := record_sync_rows.claim(lead_id):
        try:
            if not _write(lead_id, lead.record_id, lead.values):
                return
        except (NotFound, Forbidden) as error:
            log.warning("The record %s cannot be written: %s", lead.record_id, error.message)
            record_sync_rows.undeliverable(lead_id, lead.record_id, error.message)
            return
        except AttioApiError as error:  # an attribute may be missing: somebody can mend that, so it stays due
            log.warning("The record %s is written later: %s", lead.record_id, error.message)
            may_arrive = isinstance(error, AnswerLost)
            record_sync_rows.show_later(lead_id, error.message, error.retry_after, may_arrive=may_arrive)
            return
        record_sync_rows.shown(lead_id, lead.version)
        told = {"record_id": lead.record_id, "lead_id": lead_id}
        log.info("The record %s says %s.", lead.record_id, lead.values["alc_status"], extra=told)


@step
def _write(lead_id: str, record_id: str, values: dict[str, str | None]) -> bool:
    """False, when another run has taken over: what we were to write may be older than what the record says."""
    if not record_sync_rows.still_claimed(lead_id):
        return False
    attio_api.update_record("people", record_id, values)
    return True
