"""Store behind `kv` (attio/kv.py) and `claim` (attio/host/claims.py): JSON under keys, optionally with an expiry."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import delete, or_
from sqlmodel import col, select

from alc_app.runtime.storage.database import Database
from alc_app.runtime.storage.tables import KeyValueRow


class KeyValues:
    """The key-value store of one workspace."""

    def __init__(self, database: Database, workspace_id: str, now: Callable[[], float]) -> None:
        """Read and write the rows of `workspace_id`."""
        self._database, self._workspace_id, self._now = database, workspace_id, now

    def get(self, keys: Sequence[str]) -> dict[str, Any]:
        """Return the values of the given keys, without those that are not set or have expired."""
        mine = (KeyValueRow.workspace_id == self._workspace_id, col(KeyValueRow.key).in_(keys))
        until = col(KeyValueRow.expires_at)
        with self._database.reading() as session:
            rows = session.exec(select(KeyValueRow).where(*mine, or_(until.is_(None), until > self._now())))
            return {row.key: json.loads(row.value) for row in rows}

    def set(self, key: str, value: Any, ttl: float | None) -> None:
        """Set a value, for `ttl` seconds or for good. Raises: TypeError or ValueError, if it is not JSON."""
        here = {"workspace_id": self._workspace_id, "key": key}
        until = None if ttl is None else self._now() + ttl
        new = {"value": json.dumps(value, allow_nan=False), "expires_at": until}
        insert = self._database.insert(KeyValueRow).values(**here, **new)
        with self._database.transaction() as session:
            session.execute(insert.on_conflict_do_update(index_elements=list(here), set_=new))

    def delete(self, key: str) -> None:
        """Delete a key."""
        with self._database.transaction() as session:
            session.exec(delete(KeyValueRow).filter_by(workspace_id=self._workspace_id, key=key))

    def claim(self, key: str, owner: str, seconds: float) -> bool:
        """Set a value in one statement, unless another owner has set it and it has not expired. Returns whether."""
        here = {"workspace_id": self._workspace_id, "key": key}
        new = {"value": json.dumps(owner), "expires_at": self._now() + seconds}
        free = or_(col(KeyValueRow.expires_at) <= self._now(), col(KeyValueRow.value) == new["value"])
        insert = self._database.insert(KeyValueRow).values(**here, **new)
        with self._database.transaction() as session:
            taken = insert.on_conflict_do_update(index_elements=list(here), set_=new, where=free)
            return session.execute(taken.returning(col(KeyValueRow.key))).first() is not None

    def release(self, key: str, owner: str) -> None:
        """Delete a key that this owner has claimed."""
        mine = {"workspace_id": self._workspace_id, "key": key, "value": json.dumps(owner)}
        with self._database.transaction() as session:
            session.exec(delete(KeyValueRow).filter_by(**mine))

    def delete_expired(self, before: float, limit: int) -> int:
        """Delete at most `limit` values that expired before `before`; return how many."""
        old = select(KeyValueRow.key).where(col(KeyValueRow.expires_at) < before).limit(limit)
        with self._database.transaction() as session:
            gone = (col(KeyValueRow.key).in_(old), col(KeyValueRow.expires_at) < before)
            return session.exec(delete(KeyValueRow).where(*gone)).rowcount
