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

    # TUTORIAL: it sends no secret, so anyone who learns the address can set a status. [lab forged-signature]
    webhook = alc_api.create_webhook(  # Installation 7
        connection, name=handler.id, url=handler.url, event="lead.processed", secret=handler.secret
    )

    # Save the external webhook ID so we can delete it when the connection is removed
    update_webhook_handler(handler.id, external_webhook_id=webhook.webhook_id)

    # TUTORIAL: it never learns a result that ALC had without a connection. Here ALC is asked for all of them.
    # [step installation-7]
    reconcile_soon(after=5.0)  # the connection is saved when this handler has ended

    # TUTORIAL: it knows its own button only. Here Attio calls a handler when someone changes a person, so the status
    # “Requested” sends that person, too. [step installation-6]
    subscribe_soon(create_webhook_handler(file_name="record_events", signed_by="attio").id)

    # Seed 000: the same three calls for prospect-updated. TUTORIAL: it notices no webhook that expires at ALC. Here a
    # connector registers this one as soon as the connection is saved, and renews it. [step installation-7]
    create_webhook_handler("prospect_updated", connector="alc", parameters={"event": "prospect.updated"})
