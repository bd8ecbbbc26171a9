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

    Raises: the first error, after ALC has been asked about every handler. Nothing is deleted here before ALC has
    deleted everything, because the runtime may keep the connection (strict removal). Else it removes the connection all
    the same, and runs this again later until it passes.
    """
    handlers = list_webhook_handlers()[::-1]  # Removal 1; the last one that was made goes first
    # TUTORIAL: it stops at the first deletion that fails, and keeps every handler. Here each is tried on its own.
    # [story nothing_left]
    errors = [error for handler in handlers if (error := _end_calls(connection, handler))]
    for handler in handlers:
        if not errors:
            delete_webhook_handler(handler.id)  # Removal 3
        if handler.signed_by == "attio":
            subscribe_soon(handler.id)  # the job deletes the webhook at Attio, if the handler is gone
    # TUTORIAL: it swallows the error, and ALC goes on calling for ever. [lab alc-down-on-disconnect]
    if errors:
        raise errors[0]


def _end_calls(connection: Connection, handler: WebhookHandler) -> AlcError | AttioError | None:
    """Have ALC stop calling a handler; return why that failed. A job ends Attio's calls, and never refuses."""
    try:
        if handler.connector:
            unsubscribe(connection, handler.id)
        elif handler.signed_by != "attio":
            # TUTORIAL: it sends DELETE even without an external id, and misses a webhook whose registration was not
            # answered. Here ALC is asked for the webhook by name. [step removal-2]
            alc_api.end_webhook(connection, handler.external_webhook_id, name=handler.id)  # Removal 2
    except (AlcError, AttioError) as error:
        return error
    return None
