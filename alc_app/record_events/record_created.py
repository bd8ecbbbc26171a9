"""A user has added a person to the CRM."""

from alc_app.attio.host.record_events import WebhookEvent
from alc_app.record_events.send_requested import send_new
from alc_app.settings.values import send_new_people


def record_created(event: WebhookEvent) -> None:
    """Send the person if the workspace setting "send_new_people" is on and there is a phone number."""
    if send_new_people():
        send_new(event.record_id)
