"""Somebody has added a person to the CRM."""

from alc_app.attio import WebhookEvent
from alc_app.attio.runtime import current
from alc_app.send_requested import send_new


def record_created(event: WebhookEvent) -> None:
    """Send the person, if that is wanted (`ALC_APP_SEND_NEW_PEOPLE`) and there is a phone number."""
    if current().settings.send_new_people:
        send_new(event.record_id)
