"""The workflow is switched off, or replaced by a new version: ALC must stop calling its webhook."""

from alc_app.attio.server import get_workspace_connection
from alc_app.attio.workflows import Complete, TriggerMetadata
from alc_app.blocks.lead_processed.block import Config
from alc_app.clients import alc_api


def deactivate(*, config: Config, metadata: TriggerMetadata) -> Complete:
    """Delete the webhook at ALC; one that is gone already is fine. Raises: AlcError, AttioError."""
    del config
    callback = metadata.trigger_callback
    alc_api.end_webhook(get_workspace_connection(), callback.external_webhook_id, name=callback.id)
    return Complete()
