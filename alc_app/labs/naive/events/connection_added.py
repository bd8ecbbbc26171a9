"""NAIVE, broken on purpose: `connection-added.event.ts`. The app's own is alc_app/events/connection_added.py."""

from alc_app.attio import Connection
from alc_app.attio.host.context import current
from alc_app.attio.server import create_webhook_handler, fetch, update_webhook_handler


def connection_added(connection: Connection) -> None:
    """Create a webhook handler and register it with ALC."""
    # The file name must match the file in the webhooks folder, but without the suffix
    handler = create_webhook_handler(file_name="lead_processed")

    authorization_token = connection.value

    response = fetch(
        f"{current().settings.alc_url}/api/v1/webhooks",
        method="POST",
        headers={"Authorization": f"Bearer {authorization_token}"},
        json={"name": handler.id, "url": handler.url, "event": "lead.processed"},
    )

    if not response.ok:
        raise RuntimeError(f"Failed to register webhook: {response.status}")

    webhook = response.json()

    # Save the external webhook ID so we can delete it when the connection is removed
    update_webhook_handler(handler.id, external_webhook_id=webhook["webhook_id"])
