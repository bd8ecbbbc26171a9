"""A connection is being removed: ALC must stop calling us. Removal 1-3.

The tutorial's `events/connection-removed.event.ts`.
"""

from alc_app.attio import AttioError, Connection, WebhookHandler
from alc_app.attio.server import delete_webhook_handler, list_webhook_handlers, unsubscribe
from alc_app.clients import alc_api
from alc_app.clients.alc_api import AlcError
from alc_app.record_events.subscription_rows import subscribe_soon


def connection_removed(connection: Connection) -> None:
    """Delete our webhooks at ALC, then here. Safe to run again: what is already gone counts as done.

    Raises: the first error, after every handler has been tried. The runtime removes the connection all the same, and
    runs this again later until it passes. TUTORIAL: it swallows the error, and ALC goes on calling for ever.
    """
    errors = [error for handler in list_webhook_handlers() if (error := _remove(connection, handler))]  # Removal 1
    if errors:
        raise errors[0]


def _remove(connection: Connection, handler: WebhookHandler) -> AlcError | AttioError | None:
    if handler.signed_by == "attio":
        subscribe_soon(handler.id)  # the job finds the handler gone, and deletes the webhook at Attio
        delete_webhook_handler(handler.id)
        return None
    # TUTORIAL: one failed deletion at ALC keeps every handler in Attio. Here each is tried on its own.
    try:
        if handler.connector:
            unsubscribe(connection, handler.id)
        else:
            # TUTORIAL: it sends DELETE even without an external id, and misses what a lost answer has registered.
            alc_api.end_webhook(connection, handler.external_webhook_id, name=handler.id)  # Removal 2
    except (AlcError, AttioError) as error:
        return error
    delete_webhook_handler(handler.id)  # Removal 3
    return None
