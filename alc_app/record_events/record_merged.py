"""A user has merged two people in the CRM: Attio makes a new record, and deletes both old ones."""

from alc_app.attio.host.record_events import WebhookEvent
from alc_app.leads import merges
from alc_app.leads.record_sync import sync_record


def record_merged(event: WebhookEvent) -> None:
    """Move the leads of the old record to the new one, and show there what is under way or came of them."""
    sync_record(merges.move_leads(event.merged_record_id, event.record_id))
