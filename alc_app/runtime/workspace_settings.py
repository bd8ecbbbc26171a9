"""What the people of a workspace have set: one row a setting, and none for what nobody has set."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import delete
from sqlmodel import col, select

from alc_app.runtime.database import Database
from alc_app.runtime.tables import WorkspaceSettingRow


class WorkspaceSettings:
    """The store of one workspace's settings."""

    def __init__(self, database: Database, workspace_id: str, now: Callable[[], float]) -> None:
        self._database, self._workspace_id, self._now = database, workspace_id, now

    def all(self) -> dict[str, Any]:
        """Every value that is set, by its key."""
        mine = select(WorkspaceSettingRow).where(WorkspaceSettingRow.workspace_id == self._workspace_id)
        with self._database.reading() as session:
            return {row.key: json.loads(row.value) for row in session.exec(mine)}

    def set(self, key: str, value: Any) -> None:
        """Set one; None gives it back. Within a transaction it is part of it."""
        here = (
            col(WorkspaceSettingRow.workspace_id) == self._workspace_id,
            col(WorkspaceSettingRow.key) == key,
        )
        with self._database.transaction() as session:
            session.exec(delete(WorkspaceSettingRow).where(*here))
            if value is not None:
                row = {"workspace_id": self._workspace_id, "key": key, "value": json.dumps(value)}
                session.merge(WorkspaceSettingRow(**row, set_at=self._now()))
