"""Re-seal all secrets with the first key, so that older keys can be removed (O19)."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Table, select, update
from sqlmodel import SQLModel

from alc_app.runtime.storage.database import Database
from alc_app.runtime.storage.sealing import CannotUnseal, Sealer
from alc_app.runtime.storage.tables import ConnectionRow, OAuthFlow, SignInSession, SubscriptionRow, WebhookHandlerRow

SEALED_COLUMNS: dict[type[SQLModel], tuple[str, ...]] = {
    OAuthFlow: ("verifier", "code"),
    ConnectionRow: ("access_token", "refresh_token"),
    WebhookHandlerRow: ("secret", "previous_secret"),
    SubscriptionRow: ("state",),
    SignInSession: ("id_token",),
}
"""Columns with sealed secrets. Each secret is bound to its place: `table/row id/column`."""


@dataclass
class Rotation:
    """The result of `rotate_keys`."""

    resealed: int = 0
    undecryptable: list[str] = field(default_factory=list)
    """The places of secrets that no configured key can unseal."""


def rotate_keys(database: Database, sealer: Sealer) -> Rotation:
    """Seal every secret with the first key.

    Each secret has its own transaction, and is written only if it has not changed since it was read, so a token that is
    refreshed meanwhile is kept. After a crash every secret can still be unsealed; run it again to finish.
    """
    done = Rotation()
    for row, names in SEALED_COLUMNS.items():
        table = row.metadata.tables[str(row.__tablename__)]
        for name in names:
            _reseal_column(database, sealer, table, name, done)
    return done


def _reseal_column(database: Database, sealer: Sealer, table: Table, name: str, done: Rotation) -> None:
    [key], column = table.primary_key, table.c[name]
    with database.reading() as session:
        found = session.connection().execute(select(key, column).where(column.is_not(None), column != "")).all()
    for row_id, sealed in found:
        place = f"{table.name}/{row_id}/{name}"
        try:
            resealed = sealer.reseal(place, sealed)
        except CannotUnseal:
            done.undecryptable.append(place)
            continue
        if resealed != sealed:
            unchanged = (key == row_id, column == sealed)
            with database.transaction() as session:
                done.resealed += session.exec(update(table).where(*unchanged).values({column: resealed})).rowcount
