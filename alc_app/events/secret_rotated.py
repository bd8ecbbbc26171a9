"""A webhook handler has a new signing secret: tell ALC.

TUTORIAL: it has no secrets. Here a person can replace one, on the page or by `alc-app rotate-secrets`.
"""

from alc_app.attio import Connection, WebhookHandler
from alc_app.clients import alc_api


def secret_rotated(connection: Connection, handler: WebhookHandler) -> float | None:
    """Give ALC the new secret; return when it stops signing with the previous one (seconds since 1970).

    The new secret is ours and stored already, so nothing is lost with ALC's answer: it is simply told again. Raises:
    AlcError.
    """
    webhook_id = str(handler.external_webhook_id)  # ALC knows it, or there would be nothing to tell
    until = alc_api.rotate_secret(connection, webhook_id, secret=handler.secret).previous_secret_expires_at
    return until.timestamp() if until else None
