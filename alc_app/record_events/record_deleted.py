"""Somebody has deleted a person in the CRM."""

from alc_app import attio_api, lead_moves, lead_record
from alc_app.attio import WebhookEvent

GONE = "The record was deleted in the CRM."


def record_deleted(event: WebhookEvent) -> None:
    """End the lead of the record: there is nothing left to show it on (C5)."""
    if lead_moves.knows(event.record_id) and attio_api.is_gone("people", event.record_id):
        for lead_id in lead_moves.unfinished(event.record_id):
            lead_record.undeliverable(lead_id, event.record_id, GONE)
