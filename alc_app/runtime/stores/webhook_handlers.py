"""Webhook handlers: addresses at which the outside service may call us (docs.attio.com/sdk/server/webhooks)."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

from sqlalchemy import ColumnElement, update
from sqlmodel import col, select

from alc_app.attio.connections import WebhookHandler
from alc_app.runtime.signatures.schemes import SCHEMES
from alc_app.runtime.storage.database import Database
from alc_app.runtime.storage.sealing import Sealer
from alc_app.runtime.storage.tables import WebhookHandlerRow


class WebhookHandlers:
    """The store of webhook handlers. An id is 192 random bits: a second lock beside the signature (R18)."""

    def __init__(self, database: Database, sealer: Sealer, base_url: str, now: Callable[[], float] = time.time) -> None:
        self._database, self._sealer, self._base_url, self._now = database, sealer, base_url, now

    def create(
        self, connection_id: str, file_name: str, signed_by: str = "standard_webhooks", connector: str = ""
    ) -> str:
        """Make a handler with a signing secret of its own, stored before anybody is told (R19); returns its id.

        One that was made and never registered is taken up again: a crash must not leave two.
        """
        unregistered = (row for row in self.of_connection(connection_id) if not row.external_webhook_id)
        unused = (row for row in unregistered if (row.file_name, row.connector) == (file_name, connector))
        if made := next(unused, None):
            return made.id
        handler_id, secret = self.new_id(), SCHEMES[signed_by].secret()
        row = WebhookHandlerRow(
            id=handler_id,
            connection_id=connection_id,
            file_name=file_name,
            signed_by=signed_by,
            connector=connector,
            secret=self._sealer.seal(_place(handler_id), secret) if secret else "",
            created_at=self._now(),
        )
        with self._database.transaction() as session:
            session.add(row)
        return handler_id

    def row(self, handler_id: str) -> WebhookHandlerRow | None:
        """The row of a handler, deleted ones included."""
        with self._database.reading() as session:
            return session.get(WebhookHandlerRow, handler_id)

    def new_id(self) -> str:
        """Return a new id: 192 random bits (R18)."""
        return secrets.token_urlsafe(24)

    def live(self, handler_id: str) -> WebhookHandler | None:
        """Return a handler as the app sees it; None if it is deleted or its connection is being removed."""
        row = self.row(handler_id)
        return None if row is None or row.gone_at or row.deleted_at else self.get(handler_id)

    def is_known(self, handler_id: str) -> bool:
        """Return whether this handler exists and is not deleted."""
        row = self.row(handler_id)
        return row is not None and row.deleted_at is None

    def get(self, handler_id: str) -> WebhookHandler:
        """A handler as the app sees it."""
        row = self.row(handler_id)
        if row is None:
            raise LookupError(f"There is no webhook handler {handler_id}.")
        url = self.url(row.id, row.signed_by)
        ours = (row.id, url, row.file_name, row.external_webhook_id, self.secret(row), row.signed_by, row.connector)
        return WebhookHandler(*ours)

    def url(self, handler_id: str, signed_by: str) -> str:
        """Where the handler is called."""
        return f"{self._base_url}{SCHEMES[signed_by].path}{handler_id}"

    def secret(self, row: WebhookHandlerRow) -> str:
        """What deliveries to this handler are signed with; empty, while the sender has not told it yet."""
        return row.secret and self._sealer.unseal(_place(row.id), row.secret)

    def of_connection(self, connection_id: str) -> list[WebhookHandlerRow]:
        """The handlers of a connection that the outside service may still know."""
        mine = (WebhookHandlerRow.connection_id == connection_id, col(WebhookHandlerRow.deleted_at).is_(None))
        with self._database.reading() as session:
            return list(
                session.exec(select(WebhookHandlerRow).where(*mine).order_by(col(WebhookHandlerRow.created_at)))
            )

    def undecryptable(self) -> list[str]:
        """The handlers whose signing secret the keys at hand do not open."""
        with self._database.reading() as session:
            rows = session.exec(select(WebhookHandlerRow).where(col(WebhookHandlerRow.deleted_at).is_(None))).all()
        return [row.id for row in rows if row.secret and not self._sealer.can_unseal(_place(row.id), row.secret)]

    def set_external_id(self, handler_id: str, external_webhook_id: str, secret: str = "") -> None:
        """Remember what the outside service calls it, and in the same commit the secret that it has made."""
        sealed = {"secret": self._sealer.seal(_place(handler_id), secret)} if secret else {}
        self._update(col(WebhookHandlerRow.id) == handler_id, external_webhook_id=external_webhook_id, **sealed)

    def tombstone(self, connection_id: str) -> None:
        """The connection goes: every address of it answers 410 from now on."""
        self._update(
            (col(WebhookHandlerRow.connection_id) == connection_id) & col(WebhookHandlerRow.gone_at).is_(None),
            gone_at=self._now(),
        )

    def delete(self, handler_id: str) -> None:
        """The outside service has forgotten it too; deleting twice is fine."""
        self._update(
            (col(WebhookHandlerRow.id) == handler_id) & col(WebhookHandlerRow.deleted_at).is_(None),
            deleted_at=self._now(),
        )

    def _update(self, which: ColumnElement[bool], **values: object) -> None:
        with self._database.transaction() as session:
            session.exec(update(WebhookHandlerRow).where(which).values(**values))


def _place(handler_id: str) -> str:
    return f"webhook_handler/{handler_id}/secret"
