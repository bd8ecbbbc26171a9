"""A user has deleted a person in the CRM."""

from alc_app.attio.host.record_events import WebhookEvent
from alc_app.clients import attio_api
from alc_app.leads import merges, record_sync

GONE = "The record was deleted in the CRM."


def record_deleted(event: WebhookEvent) -> None:
    """Write the record no more, if it is really gone (C5). ALC's chat goes on, and its verdict is kept here."""
    if merges.was_ever_sent(event.record_id) and attio_api.is_gone("people", event.record_id):
        record_sync.mark_gone(event.record_id, GONE)
