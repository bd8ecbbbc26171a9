"""What a lab has left behind whose process did not live to its end: found by the next one, and put back."""

from __future__ import annotations

import threading

from alc_app.labs.our_side import OurSide, remove_connection
from alc_app.labs.side import ACCOUNT
from alc_app.runtime.services import Services


def sweep(services: Services, stopping: threading.Event) -> None:
    """Put away people, and the connection that was to be broken; the naive webhooks answer 404 since the restart."""
    side = OurSide(services, lambda _line: None, stopping)
    side.set_up()
    for record_id in side.crm.left_behind():
        side.put_away(record_id)
    if connection := services.connections.live(ACCOUNT):
        remove_connection(services, connection.id)
    tokens = side.alc.new_tokens(services.config.alc_client_id, ACCOUNT)
    for webhook in side.alc.webhooks(tokens["access_token"]):
        side.alc.delete_webhook(tokens["access_token"], webhook["webhook_id"])
    services.oauth.revoke(tokens["refresh_token"], "refresh_token")
