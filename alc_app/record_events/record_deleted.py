"""A user has deleted a person in the CRM."""

from alc_app.attio.host.record_events import WebhookEvent
from alc_app.clients import attio_api
from alc_app.leads import merges, record_sync

GONE = "The record was deleted in the CRM."


def record_deleted(event: WebhookEvent) -> None:
    """End the leads of the record as undeliverable: there is no record left to show them on (C5)."""
    if merges.was_ever_sent(event.record_id) and attio_api.is_gone("people", event.record_id):
        for lead_id in merges.unfinished_leads(event.record_id):
            record_sync.mark_undeliverable(lead_id, event.record_id, GONE)
