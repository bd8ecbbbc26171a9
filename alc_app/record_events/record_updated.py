"""A user has changed `alc_status` of a person in the CRM. "Requested" means the same as our button."""

from alc_app.attio.host.record_events import WebhookEvent
from alc_app.record_events.send_requested import send_requested


def record_updated(event: WebhookEvent) -> None:
    """Send the person if the status is "Requested" now.

    Our own writes cause events too. They set Pending, Complete or Failed and never "Requested", so none of them sends.
    """
    send_requested(event.record_id)
