"""Store of webhook handlers: URLs at which an outside service calls us (docs.attio.com/sdk/server/webhooks)."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from functools import lru_cache

from sqlalchemy import ColumnElement, bindparam, update
from sqlmodel import col, select

from alc_app.attio.connections import WebhookHandler
from alc_app.attio.errors import AttioNoWorkspaceConnectionError
from alc_app.attio.host.backoff import backoff
from alc_app.runtime.failpoints import failpoint
from alc_app.runtime.signatures.schemes import SCHEMES
from alc_app.runtime.storage.database import Database
from alc_app.runtime.storage.sealing import Sealer
from alc_app.runtime.storage.tables import ConnectionRow, WebhookHandlerRow
from alc_app.runtime.stores.connections import LIVE
from alc_app.runtime.stores.handler_cache import KnownHandler

FIRST_RETRY, LONGEST_RETRY = 5.0, 3600.0
"""Seconds between two tries to tell the outside service of a new secret."""
SECRETS = ("secret", "previous_secret")
"""The columns with sealed secrets, the current one first."""
LIVE_HANDLER = (col(WebhookHandlerRow.gone_at).is_(None), col(WebhookHandlerRow.deleted_at).is_(None))
_DUE_ROTATIONS = (
    select(col(WebhookHandlerRow.id))
    .where(
        col(WebhookHandlerRow.rotate_at) <= bindparam("now"),
        WebhookHandlerRow.connection_id == ConnectionRow.id,
        ConnectionRow.status == "active",
        *LIVE_HANDLER,
    )
    .limit(100)
)


class WebhookHandlers:
    """The store of webhook handlers. An id has 192 random bits, so the URL is a secret beside the signature (R18)."""

    def __init__(self, database: Database, sealer: Sealer, base_url: str, now: Callable[[], float] = time.time) -> None:
        """Seal signing secrets with `sealer`; URLs begin with `base_url`."""
        self._database, self._sealer, self._base_url, self._now = database, sealer, base_url, now
        self._unseal = lru_cache(sealer.unseal)

    def create(
        self, connection_id: str, file_name: str, signed_by: str = "standard_webhooks", connector: str = ""
    ) -> str:
        """Create a handler with its own signing secret, stored before it is sent to anybody (R19); return its id.

        A connection has one handler for each file: the second call returns that one. The lock on the connection keeps
        two calls at once from making two, and a removal from missing one. Raises: AttioNoWorkspaceConnectionError, if
        the connection is being removed.
        """
        with self._database.transaction() as session:
            connection = session.get(ConnectionRow, connection_id, with_for_update=True)
            if connection and connection.status not in ("adding", *LIVE):
                raise AttioNoWorkspaceConnectionError("The connection is being removed.")
            for row in self.of_connection(connection_id):
                if (row.file_name, row.connector) == (file_name, connector):
                    return row.id
            handler_id, secret = self.new_id(), SCHEMES[signed_by].secret()
            row = WebhookHandlerRow(
                id=handler_id,
                connection_id=connection_id,
                file_name=file_name,
                signed_by=signed_by,
                connector=connector,
                secret=self._seal(handler_id, "secret", secret),
                created_at=self._now(),
            )
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
        return WebhookHandler(
            id=row.id,
            url=self.url(row.id, row.signed_by),
            file_name=row.file_name,
            external_webhook_id=row.external_webhook_id,
            secret=self._secret(row, "secret"),
            signed_by=row.signed_by,
            connector=row.connector,
            is_rotating=row.rotate_at is not None,
            previous_secret_until=row.previous_secret_until,
        )

    def url(self, handler_id: str, signed_by: str) -> str:
        """Return the URL of a handler."""
        return f"{self._base_url}{SCHEMES[signed_by].path}{handler_id}"

    def secrets(self, row: WebhookHandlerRow | KnownHandler) -> list[str]:
        """Return the secrets that a delivery may be signed with, at most two, the current one first (R5).

        Empty while the sender has not sent its secret yet. The previous secret ends when the sender says so.
        """
        until = row.previous_secret_until
        names = SECRETS[:1] if until is not None and self._now() >= until else SECRETS
        return [secret for name in names if (secret := self._secret(row, name))]

    def of_connection(self, connection_id: str) -> list[WebhookHandlerRow]:
        """Return the handlers of a connection that the outside service may still know, oldest first."""
        mine = (WebhookHandlerRow.connection_id == connection_id, col(WebhookHandlerRow.deleted_at).is_(None))
        with self._database.reading() as session:
            return list(
                session.exec(select(WebhookHandlerRow).where(*mine).order_by(col(WebhookHandlerRow.created_at)))
            )

    def receiving(self) -> list[WebhookHandlerRow]:
        """Return the handlers whose URLs accept deliveries, oldest first."""
        with self._database.reading() as session:
            return list(
                session.exec(select(WebhookHandlerRow).where(*LIVE_HANDLER).order_by(col(WebhookHandlerRow.created_at)))
            )

    def undecryptable(self) -> list[str]:
        """Return the ids of handlers whose secrets cannot be unsealed with the configured keys."""
        with self._database.reading() as session:
            rows = session.exec(select(WebhookHandlerRow).where(col(WebhookHandlerRow.deleted_at).is_(None))).all()
        return [row.id for row in rows if not all(self._can_unseal(row, name) for name in SECRETS)]

    def set_external_id(self, handler_id: str, external_webhook_id: str, secret: str = "") -> None:
        """Store the outside service's id of the webhook and, in the same commit, the secret if the service made it."""
        sealed = {"secret": self._seal(handler_id, "secret", secret)} if secret else {}
        self._update(col(WebhookHandlerRow.id) == handler_id, external_webhook_id=external_webhook_id, **sealed)

    def rotate_secrets(self, connection_id: str) -> list[str]:
        """Give each handler of a connection that signs with a secret of ours a new one; return the handlers' ids."""
        handler_ids = sorted(row.id for row in self.of_connection(connection_id))  # one order, so no deadlock
        with self._database.transaction():
            rotating = [handler_id for handler_id in handler_ids if self.rotate_secret(handler_id)]
        failpoint("secrets_stored")
        return rotating

    def rotate_secret(self, handler_id: str) -> bool:
        """Store a new secret, which a worker then tells the outside service (R5). Return whether that is under way.

        The previous secret is accepted too until the service says when it ends, so that no crash loses a delivery. A
        rotation under way goes on with its own secret: another one would drop the one that the service signs with. A
        handler that is not registered is left alone: nobody else has its secret yet.
        """
        with self._database.transaction() as session:
            row = session.get(WebhookHandlerRow, handler_id, with_for_update=True)
            if row is None or row.gone_at or row.deleted_at or not row.external_webhook_id:
                return False
            if not SCHEMES[row.signed_by].makes_secret:
                return False
            if row.rotate_at is None:
                previous = self._secret(row, "secret") if self._can_unseal(row, "secret") else ""
                row.previous_secret = self._seal(row.id, "previous_secret", previous)
                row.previous_secret_until = None
                row.secret = self._seal(row.id, "secret", SCHEMES[row.signed_by].secret())
            row.rotate_at, row.rotate_tries = self._now(), 0
            return True

    def due_rotations(self) -> list[str]:
        """Return the handlers whose new secret is to be told now, if their connection is active."""
        return [handler_id for (handler_id,) in self._database.fetch(_DUE_ROTATIONS, {"now": self._now()})]

    def end_rotation(self, handler_id: str, previous_until: float | None) -> None:
        """Store that the service signs with the new secret, and until when with the previous one too."""
        ended = {"previous_secret_until": previous_until, "rotate_at": None, "rotate_tries": 0, "rotate_why": None}
        self._update(col(WebhookHandlerRow.id) == handler_id, **ended)

    def retry_rotation(self, handler_id: str, why: str) -> None:
        """Schedule the next try to tell the service."""
        with self._database.transaction() as session:
            row = session.get_one(WebhookHandlerRow, handler_id, with_for_update=True)
            row.rotate_tries, row.rotate_why = row.rotate_tries + 1, why
            row.rotate_at = self._now() + backoff(row.rotate_tries, FIRST_RETRY, LONGEST_RETRY)

    def forget_external_ids(self, connection_id: str) -> None:
        """Forget what the outside service calls the webhooks that the app itself has registered: it may be out of date.

        The app looks a webhook without an id up by its name, so a registration whose answer is lost is found too (C9).
        """
        mine = (col(WebhookHandlerRow.connection_id) == connection_id) & (col(WebhookHandlerRow.connector) == "")
        self._update(mine & (col(WebhookHandlerRow.signed_by) == "standard_webhooks"), external_webhook_id=None)

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

    def _secret(self, row: WebhookHandlerRow | KnownHandler, name: str) -> str:
        sealed: str = getattr(row, name)
        return sealed and self._unseal(_place(row.id, name), sealed)

    def _can_unseal(self, row: WebhookHandlerRow, name: str) -> bool:
        sealed = getattr(row, name)
        return not sealed or self._sealer.can_unseal(_place(row.id, name), sealed)

    def _seal(self, handler_id: str, name: str, secret: str) -> str:
        return secret and self._sealer.seal(_place(handler_id, name), secret)


def _place(handler_id: str, name: str) -> str:
    return f"webhook_handler/{handler_id}/{name}"
