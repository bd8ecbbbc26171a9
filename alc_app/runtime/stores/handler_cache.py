"""The webhook handlers that accept deliveries, kept in memory, so that a delivery reads nothing.

What is kept is only ever used to accept. Whatever is refused is refused by what the database holds now, and the inbox
asks, once for each batch that it commits, which handlers have changed since they were kept, in any process.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

from sqlalchemy import Connection, bindparam, select
from sqlmodel import col

from alc_app.runtime.storage.database import Database
from alc_app.runtime.storage.tables import ConnectionRow, WebhookHandlerRow


class HandlerChanged(Exception):
    """The handler is not what was kept in memory: it is to be read, and asked, again."""


@dataclass(frozen=True)
class KnownHandler:
    """What intake needs to know of a handler (`WebhookHandlerRow`) and of its connection, read together."""

    id: str
    connection_id: str
    file_name: str
    signed_by: str
    connector: str
    secret: str
    previous_secret: str
    previous_secret_until: float | None
    gone_at: float | None
    deleted_at: float | None
    connection_status: str | None

    @property
    def is_gone(self) -> bool:
        """Whether its URL answers 410, for ever."""
        return bool(self.gone_at or self.deleted_at)

    @property
    def is_ready(self) -> bool:
        """Whether its connection is saved and its secret is known."""
        return bool(self.secret) and self.connection_status != "adding"


_COLUMNS = [getattr(WebhookHandlerRow, field.name) for field in fields(KnownHandler)[:-1]]
_QUERY = (
    select(*_COLUMNS, col(ConnectionRow.status).label("connection_status"))
    .join(ConnectionRow, col(ConnectionRow.id) == WebhookHandlerRow.connection_id, isouter=True)
    .where(col(WebhookHandlerRow.id) == bindparam("id"))
)


class HandlerCache:
    """Reads handlers by one statement, and keeps those that are ready. Those of connectors are read each time."""

    def __init__(self, database: Database) -> None:
        """Read from `database`."""
        self._database = database
        self._kept: dict[str, KnownHandler] = {}

    def kept(self, handler_id: str) -> KnownHandler | None:
        """Return the handler as it was, or None if it is not kept."""
        return self._kept.get(handler_id)

    def read(self, handler_id: str) -> KnownHandler | None:
        """Return the handler as it is, or None, and keep it if it is ready."""
        found = self._read(handler_id)
        if found and found.is_ready and not found.is_gone and not found.connector:
            self._kept[handler_id] = found
        else:
            self._kept.pop(handler_id, None)
        return found

    def changed(self, handlers: Iterable[KnownHandler], connection: Connection | None = None) -> set[KnownHandler]:
        """Return those that the database does not hold as they were read. An id may be there as it was and as it is."""
        return {handler for handler in set(handlers) if self._read(handler.id, connection) != handler}

    def confirm(self, handler: KnownHandler) -> None:
        """Do nothing if the handler is as it was read. Raises: HandlerChanged."""
        if self.changed([handler]):
            raise HandlerChanged

    def _read(self, handler_id: str, connection: Connection | None = None) -> KnownHandler | None:
        rows = self._database.fetch(_QUERY, {"id": handler_id}, connection)
        return KnownHandler(**rows[0]._mapping) if rows else None
