"""A connection was added: tell ALC how to call us. Installation 5-7.

The tutorial's `events/connection-added.event.ts`. It runs before the connection is saved. If it raises,
the connection is not saved, and the runtime runs `connection_removed` to undo what had been done. It runs again for a
saved connection that lacks something, and then makes what is missing: each call returns what is there already.
"""

from alc_app.attio import Connection
from alc_app.attio.server import create_webhook_handler, update_webhook_handler
from alc_app.clients import alc_api
from alc_app.leads.reconcile import reconcile_soon
from alc_app.record_events.subscription_rows import subscribe_soon


def connection_added(connection: Connection) -> None:
    """Create a webhook handler and register it with ALC. Raises: AlcError if ALC does not accept it."""
    # The file name must match the file in alc_app/webhooks, without the suffix
    handler = create_webhook_handler(file_name="lead_processed")  # Installation 6

    # TUTORIAL: it sends no secret, so anybody who learns the address could set a status.
    webhook = alc_api.create_webhook(  # Installation 7
        connection, name=handler.id, url=handler.url, event="lead.processed", secret=handler.secret
    )

    # Save the external webhook ID so we can delete it when the connection is removed
    update_webhook_handler(handler.id, external_webhook_id=webhook.webhook_id)

    # TUTORIAL: a verdict that ALC had while nobody was connected would never be known.
    reconcile_soon(after=5.0)  # the connection is saved when this handler has ended

    # TUTORIAL: it hears of nothing but its own button. Attio calls this handler when somebody changes a person.
    subscribe_soon(create_webhook_handler(file_name="record_events", signed_by="attio").id)

    # Seed 000: the same three calls for prospect-updated. TUTORIAL: what is registered so may expire unnoticed. Here a
    # connector makes the last two as soon as the connection is saved, and renews them.
    create_webhook_handler("prospect_updated", connector="alc", parameters={"event": "prospect.updated"})
