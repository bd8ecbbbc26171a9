"""Store of webhook handlers: URLs at which an outside service calls us (docs.attio.com/sdk/server/webhooks)."""

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
    """The store of webhook handlers. An id has 192 random bits, so the URL is a secret beside the signature (R18)."""

    def __init__(self, database: Database, sealer: Sealer, base_url: str, now: Callable[[], float] = time.time) -> None:
        """Seal signing secrets with `sealer`; URLs begin with `base_url`."""
        self._database, self._sealer, self._base_url, self._now = database, sealer, base_url, now

    def create(
        self, connection_id: str, file_name: str, signed_by: str = "standard_webhooks", connector: str = ""
    ) -> str:
        """Create a handler with its own signing secret, stored before it is sent to anybody (R19); return its id.

        Reuse one that was created but never registered, so that a crash does not leave two.
        """
        unregistered = (row for row in self.of_connection(connection_id) if not row.external_webhook_id)
        unused = (row for row in unregistered if (row.file_name, row.connector) == (file_name, connector))
        if existing := next(unused, None):
            return existing.id
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
        """Return the row of a handler, deleted or not, or None."""
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
        """Return a handler as the app sees it. Raises: LookupError."""
        row = self.row(handler_id)
        if row is None:
            raise LookupError(f"There is no webhook handler {handler_id}.")
        url = self.url(row.id, row.signed_by)
        secret = self.secret(row)
        return WebhookHandler(row.id, url, row.file_name, row.external_webhook_id, secret, row.signed_by, row.connector)

    def url(self, handler_id: str, signed_by: str) -> str:
        """Return the URL of a handler."""
        return f"{self._base_url}{SCHEMES[signed_by].path}{handler_id}"

    def secret(self, row: WebhookHandlerRow) -> str:
        """Return the secret that deliveries are signed with; empty while the sender has not sent it yet."""
        return row.secret and self._sealer.unseal(_place(row.id), row.secret)

    def of_connection(self, connection_id: str) -> list[WebhookHandlerRow]:
        """Return the handlers of a connection that the outside service may still know, oldest first."""
        mine = (WebhookHandlerRow.connection_id == connection_id, col(WebhookHandlerRow.deleted_at).is_(None))
        with self._database.reading() as session:
            return list(
                session.exec(select(WebhookHandlerRow).where(*mine).order_by(col(WebhookHandlerRow.created_at)))
            )

    def receiving(self) -> list[WebhookHandlerRow]:
        """Return the handlers whose URLs accept deliveries, oldest first."""
        open_ = (col(WebhookHandlerRow.gone_at).is_(None), col(WebhookHandlerRow.deleted_at).is_(None))
        with self._database.reading() as session:
            return list(
                session.exec(select(WebhookHandlerRow).where(*open_).order_by(col(WebhookHandlerRow.created_at)))
            )

    def undecryptable(self) -> list[str]:
        """Return the ids of handlers whose secret cannot be unsealed with the configured keys."""
        with self._database.reading() as session:
            rows = session.exec(select(WebhookHandlerRow).where(col(WebhookHandlerRow.deleted_at).is_(None))).all()
        return [row.id for row in rows if row.secret and not self._sealer.can_unseal(_place(row.id), row.secret)]

    def set_external_id(self, handler_id: str, external_webhook_id: str, secret: str = "") -> None:
        """Store the outside service's id of the webhook and, in the same commit, the secret if the service made it."""
        sealed = {"secret": self._sealer.seal(_place(handler_id), secret)} if secret else {}
        self._update(col(WebhookHandlerRow.id) == handler_id, external_webhook_id=external_webhook_id, **sealed)

    def tombstone(self, connection_id: str) -> None:
        """Mark all handlers of a connection as gone: their URLs answer 410 from this commit on."""
        self._update(
            (col(WebhookHandlerRow.connection_id) == connection_id) & col(WebhookHandlerRow.gone_at).is_(None),
            gone_at=self._now(),
        )

    def delete(self, handler_id: str) -> None:
        """Mark a handler as deleted at the outside service too. Idempotent."""
        self._update(
            (col(WebhookHandlerRow.id) == handler_id) & col(WebhookHandlerRow.deleted_at).is_(None),
            deleted_at=self._now(),
        )

    def _update(self, which: ColumnElement[bool], **values: object) -> None:
        with self._database.transaction() as session:
            session.exec(update(WebhookHandlerRow).where(which).values(**values))


def _place(handler_id: str) -> str:
    return f"webhook_handler/{handler_id}/secret"
