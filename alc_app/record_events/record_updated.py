"""Somebody has changed `alc_status` of a person in the CRM: "Requested" is our button, pressed inside Attio itself."""

from alc_app.attio.host.record_events import WebhookEvent
from alc_app.record_events.send_requested import send_requested


def record_updated(event: WebhookEvent) -> None:
    """Send the person, if "Requested" is what the record says now.

    Our own writes come by here too. They say Pending, Complete or Failed, never "Requested": so none of them sends.
    """
    send_requested(event.record_id)
