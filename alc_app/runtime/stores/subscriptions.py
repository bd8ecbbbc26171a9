"""Store of the webhook subscriptions of connectors (attio/host/connector.py).

A subscription is made once the connection is saved, and refreshed in time. A row that is due is subscribed if it has no
state, refreshed if it has one, and subscribed again if the service has lost it. So the same check recovers from a lost
answer, from a crash, and from weeks in which nothing ran.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, delete
from sqlmodel import col, select

from alc_app.attio.connections import Connection
from alc_app.attio.host.backoff import backoff
from alc_app.attio.host.connector import Subscribed, SubscriptionLost
from alc_app.attio.host.errors import SerializableError
from alc_app.attio.manifest import App
from alc_app.runtime.storage.database import Database
from alc_app.runtime.storage.sealing import Sealer
from alc_app.runtime.storage.tables import ConnectionRow, SubscriptionRow, WebhookHandlerRow
from alc_app.runtime.stores.webhook_handlers import LIVE_HANDLER, WebhookHandlers

FIRST_RETRY, LONGEST_RETRY = 5.0, 3600.0
OpenConnection = Callable[[str], Connection]
_DUE = (
    select(col(SubscriptionRow.handler_id))
    .where(
        col(SubscriptionRow.due_at) <= bindparam("now"),
        SubscriptionRow.handler_id == WebhookHandlerRow.id,
        WebhookHandlerRow.connection_id == ConnectionRow.id,
        ConnectionRow.status == "active",
        *LIVE_HANDLER,
    )
    .limit(100)
)
log = logging.getLogger(__name__)


class Subscriptions:
    """The store of subscriptions. Calls the connector to make, refresh and end them."""

    def __init__(
        self, database: Database, sealer: Sealer, handlers: WebhookHandlers, manifest: App, now: Callable[[], float]
    ) -> None:
        """Seal the connectors' state with `sealer`; look connectors up in `manifest`."""
        self._database, self._sealer, self._handlers = database, sealer, handlers
        self._manifest, self._now = manifest, now

    def create_handler(
        self,
        connection_id: str,
        file_name: str,
        signed_by: str,
        connector: str,
        parameters: Mapping[str, Any] | None,
    ) -> str:
        """Create a handler; with a connector, also a subscription that is due at once. Return the handler's id.

        A handler that the connection has for this file already is returned as it is. Raises: LookupError, if the
        manifest has no such file or connector.
        """
        self._manifest.webhook(file_name)
        if connector:
            self._manifest.connector(connector)
        with self._database.transaction() as session:
            handler_id = self._handlers.create(connection_id, file_name, signed_by, connector)
            if connector and session.get(SubscriptionRow, handler_id) is None:
                given = json.dumps(dict(parameters or {}))
                session.add(SubscriptionRow(handler_id=handler_id, parameters=given, due_at=self._now()))
        return handler_id

    def delete_handler(self, handler_id: str) -> None:
        """Delete a handler, and its subscription if it has one. Idempotent."""
        with self._database.transaction() as session:
            session.exec(delete(SubscriptionRow).where(col(SubscriptionRow.handler_id) == handler_id))
            self._handlers.delete(handler_id)

    def due(self) -> Sequence[str]:
        """Return ids of handlers whose subscription has to be made or refreshed, if their connection is active."""
        return [handler_id for (handler_id,) in self._database.fetch(_DUE, {"now": self._now()})]

    def subscribe_or_refresh(self, handler_id: str, open_connection: OpenConnection) -> None:
        """Make or refresh a subscription if it is due; retry later if that fails. `open_connection` takes an id."""
        handler, row = self._handlers.row(handler_id), self.row(handler_id)
        if handler is None or row is None or handler.gone_at or handler.deleted_at:
            return
        if row.due_at is None or row.due_at > self._now():
            return  # an earlier run did it
        try:
            made, was_lost = self._call_connector(handler, row, open_connection(handler.connection_id))
        except SerializableError as error:
            log.warning("The subscription of the handler %s…: %s", handler_id[:6], error.message)
            self._schedule_retry(handler_id, error.message)
            return
        self._save(handler, row, made)
        if was_lost and (missed := self._manifest.connector(handler.connector).missed):
            missed()

    def unsubscribe(self, connection: Connection, handler_id: str) -> None:
        """Call the connector's `unsubscribe`, also if it is unknown whether it had subscribed."""
        handler, row = self._handlers.get(handler_id), self.row(handler_id)
        connector = self._manifest.connector(handler.connector)
        if row is not None and connector.unsubscribe:
            connector.unsubscribe(connection=connection, **self._arguments(row))
        self._update(handler_id, state="")

    def row(self, handler_id: str) -> SubscriptionRow | None:
        """Return the subscription of a handler, or None."""
        with self._database.reading() as session:
            return session.get(SubscriptionRow, handler_id)

    def state(self, row: SubscriptionRow) -> dict[str, Any]:
        """Return the state that the connector returned last; empty until it has subscribed."""
        return dict(json.loads(self._sealer.unseal(_place(row.handler_id), row.state))) if row.state else {}

    def parameters(self, row: SubscriptionRow) -> dict[str, Any]:
        """Return the parameters of the subscription, with the signing secret as `webhookSecret`."""
        handler = self._handlers.get(row.handler_id)
        return {**json.loads(row.parameters), "webhookSecret": handler.secret}

    def set_state(self, handler_id: str, state: Mapping[str, Any]) -> None:
        """Store a new state."""
        self._update(handler_id, state=self._seal(handler_id, state))

    def refresh_soon(self, handler_id: str) -> None:
        """Make a subscription due now."""
        self._update(handler_id, due_at=self._now(), tries=0)

    def refresh_all(self, connection_id: str) -> None:
        """Make every subscription of a connection due now."""
        for handler in self._handlers.of_connection(connection_id):
            self.refresh_soon(handler.id)

    def _call_connector(
        self, handler: WebhookHandlerRow, row: SubscriptionRow, connection: Connection
    ) -> tuple[Subscribed, bool]:
        """Subscribe or refresh; return the result, and whether the service had lost the subscription."""
        connector, arguments = self._manifest.connector(handler.connector), self._arguments(row)
        if connector.subscribe is None:
            return Subscribed({}), False
        fresh = {name: arguments[name] for name in ("webhook_uri", "parameters")}
        if not row.state:
            return connector.subscribe(connection=connection, **fresh), False
        try:
            if connector.refresh is None:
                raise SubscriptionLost("The connector cannot refresh it.")
            return connector.refresh(connection=connection, **arguments), False
        except SubscriptionLost as lost:
            log.warning("Subscribing the handler %s… again: %s", handler.id[:6], lost.message)
            if connector.unsubscribe:  # else remains of the old one could also be called, or block the new one
                connector.unsubscribe(connection=connection, **arguments)
            return connector.subscribe(connection=connection, **fresh), True

    def _arguments(self, row: SubscriptionRow) -> dict[str, Any]:
        uri = self._handlers.get(row.handler_id).url
        return {"webhook_uri": uri, "state": self.state(row), "parameters": self.parameters(row)}

    def _save(self, handler: WebhookHandlerRow, row: SubscriptionRow, made: Subscribed) -> None:
        due_at = None if made.next_refresh_timestamp is None else made.next_refresh_timestamp / 1000
        with self._database.transaction():
            state = {} if made.state is None else {"state": self._seal(handler.id, made.state)}
            self._update(handler.id, due_at=due_at, tries=0, why=None, **state)
            if made.state and (external_id := made.state.get("webhookId")):
                self._handlers.set_external_id(handler.id, str(external_id))

    def _schedule_retry(self, handler_id: str, why: str) -> None:
        with self._database.transaction() as session:
            row = session.get_one(SubscriptionRow, handler_id)
            row.tries, row.why = row.tries + 1, why
            row.due_at = self._now() + backoff(row.tries, FIRST_RETRY, LONGEST_RETRY)

    def _update(self, handler_id: str, **values: object) -> None:
        with self._database.transaction() as session:
            if row := session.get(SubscriptionRow, handler_id):
                for name, value in values.items():
                    setattr(row, name, value)

    def _seal(self, handler_id: str, state: Mapping[str, Any]) -> str:
        return self._sealer.seal(_place(handler_id), json.dumps(dict(state)))


def _place(handler_id: str) -> str:
    return f"connector_subscription/{handler_id}/state"
