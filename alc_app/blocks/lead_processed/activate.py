"""The workflow is switched on: register its own webhook at ALC, as the app does on install."""

from alc_app.attio.server import get_workspace_connection, update_webhook_handler
from alc_app.attio.workflows import Complete, Error, TriggerMetadata
from alc_app.blocks.lead_processed.block import Config
from alc_app.clients import alc_api
from alc_app.clients.alc_api import AlcRefused


def activate(*, config: Config, metadata: TriggerMetadata) -> Complete | Error:
    """Register the callback at ALC. Safe to repeat: ALC knows the webhook by its name. Raises: AlcError, AttioError."""
    del config
    callback = metadata.trigger_callback
    try:
        webhook = alc_api.create_webhook(
            get_workspace_connection(),
            name=callback.id,
            url=callback.url,
            event="lead.processed",
            secret=callback.secret,
        )
    except AlcRefused as error:
        return Error(error.message)
    update_webhook_handler(callback.id, external_webhook_id=webhook.webhook_id)
    return Complete()
