"""Finds out what became of a send whose answer was lost, or whose process died between two writes.

TUTORIAL: it has no such file. Whoever clicked is told that it failed, and the next click sends a second time.
"""

import logging

from alc_app.attio import AttioError
from alc_app.attio.server import get_workspace_connection
from alc_app.clients import alc_api
from alc_app.clients.alc_api import AlcError
from alc_app.leads import transitions
from alc_app.leads.record_sync import sync_record

log = logging.getLogger(__name__)


def resolve_send(intent_id: str) -> None:
    """Ask ALC about a send whose answer was lost or whose process died, and finish it. Retried later if ALC is down."""
    try:
        lead = alc_api.find_lead(get_workspace_connection(), idempotency_key=intent_id)
    except (AlcError, AttioError):
        transitions.retry_later(intent_id)
        return
    if lead is None:
        transitions.mark_not_sent(intent_id, only_if_due=True)
    else:
        transitions.mark_sent(intent_id, lead.id)
        ids = {"lead_id": intent_id, "alc_lead_id": lead.id}
        log.info("ALC has had the lead %s all along, and calls it %s.", intent_id, lead.id, extra=ids)
        sync_record(intent_id)
