"""A user has changed `alc_status` of a person in the CRM. "Requested" means the same as our button."""

from alc_app.attio.host.record_events import WebhookEvent
from alc_app.record_events.changed_record_rows import note_change


def record_updated(event: WebhookEvent) -> None:
    """Have a job look soon whether the status of the record is "Requested" now.

    Our own writes cause events too. They set Pending, Complete or Failed and never "Requested", so none of them sends.
    """
    note_change(event.record_id)
