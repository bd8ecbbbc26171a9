"""What the people of a workspace have set: one row a setting, and none for what nobody has set."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import delete
from sqlmodel import select

from alc_app.runtime.storage.database import Database
from alc_app.runtime.storage.tables import WorkspaceSettingRow


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
        here = {"workspace_id": self._workspace_id, "key": key}
        new = {"value": json.dumps(value), "set_at": self._now()}
        insert = self._database.insert(WorkspaceSettingRow).values(**here, **new)
        with self._database.transaction() as session:
            if value is None:
                session.exec(delete(WorkspaceSettingRow).filter_by(**here))
            else:
                session.execute(insert.on_conflict_do_update(index_elements=list(here), set_=new))
