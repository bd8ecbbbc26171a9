"""Somebody has merged two people in the CRM: Attio makes a new record of them, and both of the old ones are gone."""

from alc_app import lead_moves
from alc_app.attio import WebhookEvent
from alc_app.lead_status import show_lead_status


def record_merged(event: WebhookEvent) -> None:
    """Move the leads of the old record to the new one, and show the last of them there."""
    if lead_moves.knows(event.merged_record_id):
        for lead_id in lead_moves.move(event.merged_record_id, event.record_id):
            show_lead_status(lead_id)
