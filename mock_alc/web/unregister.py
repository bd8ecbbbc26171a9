"""The end of a webhook, by the API or by hand: three things that belong together, in the caller's transaction."""

from sqlmodel import Session

from mock_alc.services import alc
from mock_alc.webhooks import registrations
from mock_alc.webhooks.outbox import cancel_for
from mock_alc.webhooks.registrations import Webhook


def end_webhook(session: Session, account_id: str, webhook_id: str) -> bool:
    """Delete it, start no new attempt (W11), and go on with the stories that wait for this; False if it was gone."""
    if not registrations.mark_deleted(session, account_id, webhook_id, alc().now()):
        return False
    cancel_for(session, webhook_id)
    alc().scenarios.webhook_deleted(session, session.get_one(Webhook, webhook_id))
    return True
