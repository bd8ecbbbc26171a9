"""Store of workspace settings. A setting that nobody has set has no row, so its default applies."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import delete
from sqlmodel import select

from alc_app.runtime.storage.database import Database
from alc_app.runtime.storage.tables import WorkspaceSettingRow


class WorkspaceSettings:
    """The settings of one workspace."""

    def __init__(self, database: Database, workspace_id: str, now: Callable[[], float]) -> None:
        """Read and write the rows of `workspace_id`."""
        self._database, self._workspace_id, self._now = database, workspace_id, now

    def all(self) -> dict[str, Any]:
        """Return all values that are set, by key."""
        mine = select(WorkspaceSettingRow).where(WorkspaceSettingRow.workspace_id == self._workspace_id)
        with self._database.reading() as session:
            return {row.key: json.loads(row.value) for row in session.exec(mine)}

    def set(self, key: str, value: Any) -> None:
        """Set a value; None removes it. Joins the current transaction, if there is one."""
        here = {"workspace_id": self._workspace_id, "key": key}
        new = {"value": json.dumps(value), "set_at": self._now()}
        insert = self._database.insert(WorkspaceSettingRow).values(**here, **new)
        with self._database.transaction() as session:
            if value is None:
                session.exec(delete(WorkspaceSettingRow).filter_by(**here))
            else:
                session.execute(insert.on_conflict_do_update(index_elements=list(here), set_=new))
