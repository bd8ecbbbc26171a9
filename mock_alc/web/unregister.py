"""Deletion of a webhook, by the API or in the console."""

from sqlmodel import Session

from mock_alc.services import alc
from mock_alc.webhooks import registrations
from mock_alc.webhooks.outbox import cancel_pending
from mock_alc.webhooks.registrations import Webhook


def unregister_webhook(session: Session, account_id: str, webhook_id: str) -> bool:
    """Delete the webhook, cancel its deliveries (W11) and notify the scenarios, in the caller's transaction.

    Return False if it was deleted already.
    """
    if not registrations.mark_deleted(session, account_id, webhook_id, alc().now()):
        return False
    cancel_pending(session, webhook_id)
    alc().scenarios.webhook_deleted(session, session.get_one(Webhook, webhook_id))
    return True
