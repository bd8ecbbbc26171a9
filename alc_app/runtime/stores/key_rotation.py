"""Sealing anew what an older key has sealed, so that the older key can be taken away (O19)."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Table, select, update
from sqlmodel import SQLModel

from alc_app.runtime.storage.database import Database
from alc_app.runtime.storage.sealing import CannotUnseal, Sealer
from alc_app.runtime.storage.tables import ConnectionRow, OAuthFlow, SubscriptionRow, WebhookHandlerRow

SEALED_COLUMNS: dict[type[SQLModel], tuple[str, ...]] = {
    OAuthFlow: ("verifier", "code"),
    ConnectionRow: ("access_token", "refresh_token"),
    WebhookHandlerRow: ("secret",),
    SubscriptionRow: ("state",),
}
"""Where secrets lie. The place that each is sealed for is its table, its row and its column."""


@dataclass
class Rotation:
    """What came of it."""

    resealed: int = 0
    undecryptable: list[str] = field(default_factory=list)
    """The places of secrets that no key at hand opens."""


def rotate_keys(database: Database, sealer: Sealer) -> Rotation:
    """Seal every secret with the first key.

    Each in a transaction of its own, and only while it is what was read: whoever refreshes a token meanwhile wins, and
    whoever is killed half way leaves nothing that does not open. Done once more, it does what is left.
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
            anew = sealer.reseal(place, sealed)
        except CannotUnseal:
            done.undecryptable.append(place)
            continue
        if anew != sealed:
            unchanged = (key == row_id, column == sealed)
            with database.transaction() as session:
                done.resealed += session.exec(update(table).where(*unchanged).values({column: anew})).rowcount
