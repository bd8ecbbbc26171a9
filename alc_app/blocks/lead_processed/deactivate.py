"""The workflow is switched off, or a new version of it is active: ALC must stop calling this address."""

from alc_app.attio.server import get_workspace_connection
from alc_app.attio.workflows import Complete, TriggerMetadata
from alc_app.blocks.lead_processed.block import Config
from alc_app.clients import alc_api


def deactivate(*, config: Config, metadata: TriggerMetadata) -> Complete:
    """Delete the webhook at ALC; what is gone already counts as done. Raises: AlcError, AttioError."""
    del config
    callback = metadata.trigger_callback
    alc_api.end_webhook(get_workspace_connection(), callback.external_webhook_id, name=callback.id)
    return Complete()
