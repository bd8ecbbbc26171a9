"""Remove what an earlier lab has left because its process was killed."""

from __future__ import annotations

import threading

from alc_app.labs.app_driver import AppDriver, remove_connection
from alc_app.labs.driver import ACCOUNT
from alc_app.runtime.services import Services


def remove_leftovers(services: Services, stopping: threading.Event) -> None:
    """Remove people, connections and webhooks of earlier labs. Naive webhooks answer 404 since the process ended."""
    driver = AppDriver(services, lambda _event: None, stopping)
    driver.set_up()
    for record_id in driver.attio.list_people_of_labs():
        driver.remove_person(record_id)
    if connection := services.connections.live(ACCOUNT):
        remove_connection(services, connection.id)
    tokens = driver.alc.create_tokens(services.config.alc_client_id, ACCOUNT)
    for webhook in driver.alc.list_webhooks(tokens["access_token"]):
        driver.alc.delete_webhook(tokens["access_token"], webhook["webhook_id"])
    services.oauth.revoke(tokens["refresh_token"], "refresh_token")
