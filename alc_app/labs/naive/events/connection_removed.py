"""NAIVE, broken on purpose: `connection-removed.event.ts`. The app's own is alc_app/events/connection_removed.py."""

import logging

from alc_app.attio import Connection
from alc_app.attio.host.context import current
from alc_app.attio.server import delete_webhook_handler, fetch, list_webhook_handlers

log = logging.getLogger(__name__)


def connection_removed(connection: Connection) -> None:
    """Delete the webhooks at ALC, then the handlers. Log an error and go on."""
    try:
        handlers = list_webhook_handlers()
        authorization_token = connection.value

        # Delete webhooks on ALC
        # There should be only one webhook handler active as we have single workspace connection
        for handler in handlers:
            response = fetch(
                f"{current().settings.alc_url}/api/v1/webhooks/{handler.external_webhook_id}",
                method="DELETE",
                headers={"Authorization": f"Bearer {authorization_token}"},
            )
            if not response.ok:
                raise RuntimeError(f"Failed to delete webhook: {response.status}")

        # Delete webhooks on Attio
        for handler in handlers:
            delete_webhook_handler(handler.id)
    except Exception as error:
        log.error(error)
