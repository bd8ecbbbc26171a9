"""Keep the webhook handlers right at the outside services: subscriptions of connectors, and new secrets.

Both run in the queue `lifecycle`, so that they never overlap with a connect or a disconnect.
"""

from __future__ import annotations

import logging
from typing import Any

from alc_app.attio.host.context import running
from alc_app.runtime.context import DurableContext
from alc_app.runtime.exchanges.log import log_calls_as
from alc_app.runtime.jobs.attempts import attempt
from alc_app.runtime.services import Services
from alc_app.runtime.storage.tables import WebhookHandlerRow

log = logging.getLogger(__name__)


class HandlerMaintenance:
    """The bodies of the durable runs. Each is one step, which does all of it again after a crash."""

    def __init__(self, services: Services) -> None:
        """Work on these services."""
        self._services = services

    def maintain_subscription(self, handler_id: str) -> dict[str, Any]:
        """Have a connector subscribe or refresh. In this queue, so that it never overlaps with a disconnect.

        It is one step, which decides itself what has to be done: after a crash all of it is done again.
        """
        row = self._services.webhook_handlers.row(handler_id)
        context = DurableContext(self._services, row.connection_id if row else None)
        maintain, open_connection = (
            self._services.subscriptions.subscribe_or_refresh,
            self._services.connections.with_fresh_token,
        )
        with running(context), log_calls_as(self._services.exchanges, "Recurring Job"):
            context.step("maintain_subscription", lambda: maintain(handler_id, open_connection))
        return {"ok": handler_id}

    def rotate_secret(self, handler_id: str) -> dict[str, Any]:
        """Tell the outside service the new secret of a handler. In this queue, so that it never overlaps a disconnect.

        The secret is stored already, and the previous one is accepted until the service has answered. So it is one
        step, as above: after a crash, or after an answer that was lost, the service is told again.
        """
        row = self._services.webhook_handlers.row(handler_id)
        context = DurableContext(self._services, row.connection_id if row else None)
        with running(context), log_calls_as(self._services.exchanges, "Recurring Job"):
            return dict(context.step("tell_secret", lambda: self._tell_secret(handler_id)))

    def _tell_secret(self, handler_id: str) -> dict[str, Any]:
        row = self._services.webhook_handlers.row(handler_id)
        if row is None or row.rotate_at is None or row.gone_at or row.deleted_at:
            return {"ok": None}  # an earlier run has told it, or the handler is being removed
        told = attempt(lambda: self._rotated(row))
        with self._services.database.transaction():
            if "error" in told:
                why = told["error"]["message"]
                log.warning("ALC did not get the new secret of the handler %s…: %s", handler_id[:6], why)
                self._services.webhook_handlers.retry_rotation(handler_id, why)
            else:
                self._services.webhook_handlers.end_rotation(handler_id, told["ok"])
            self._services.publish("connection", {"status": "active"})
        return told

    def _rotated(self, row: WebhookHandlerRow) -> float | None:
        connection = self._services.connections.with_fresh_token(row.connection_id)
        return self._services.manifest.events.secret_rotated(connection, self._services.webhook_handlers.get(row.id))
