"""The workflow is switched off, or a new version of it is active: ALC must stop calling this address."""

from alc_app import alc_api
from alc_app.attio.server import get_workspace_connection
from alc_app.attio.workflows import Complete, TriggerMetadata
from alc_app.blocks.lead_processed.block import Config


def deactivate(*, config: Config, metadata: TriggerMetadata) -> Complete:
    """Delete the webhook at ALC; what is gone already counts as done. Raises: AlcError, AttioError."""
    del config
    connection, callback = get_workspace_connection(), metadata.trigger_callback
    # Its id is not known, when the answer to `activate` was lost: it is looked up by its name, as on removal (C9).
    known = [callback.external_webhook_id] if callback.external_webhook_id else []
    for webhook_id in known or [one.webhook_id for one in alc_api.find_webhooks(connection, name=callback.id)]:
        alc_api.delete_webhook(connection, webhook_id)
    return Complete()
