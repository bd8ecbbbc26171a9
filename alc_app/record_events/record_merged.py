"""A user has merged two people in the CRM: Attio makes a new record, and deletes both old ones."""

from alc_app.attio.host.record_events import WebhookEvent
from alc_app.leads import merges
from alc_app.leads.record_sync import sync_record


def record_merged(event: WebhookEvent) -> None:
    """Move the leads of the old record to the new one, which then shows the last of them."""
    if merges.was_ever_sent(event.merged_record_id):
        for lead_id in merges.move_leads(event.merged_record_id, event.record_id):
            sync_record(lead_id)
