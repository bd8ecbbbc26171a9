"""Loads what a GraphQL query asks for from the database."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session, col, select

from alc_app.attio.graphql import Loader
from alc_app.mock_attio.api.attributes import attribute_json
from alc_app.mock_attio.api.members import member_json
from alc_app.mock_attio.api.objects import object_json
from alc_app.mock_attio.store.errors import AttioError
from alc_app.mock_attio.store.schema_lookup import (
    Schema,
    as_uuid,
    find_members,
    find_object,
    find_workspace,
    load_schema,
)
from alc_app.mock_attio.store.tables import Record, WorkspaceMember
from alc_app.mock_attio.values.read import Presenter

Json = dict[str, Any]


class TableLoader(Loader):
    """Loads GraphQL objects from the database, in one session."""

    def __init__(self, session: Session, web_url: str) -> None:
        """Load in this session; `web_url` is the template of links, see `MockAttioConfig`."""
        self._session = session
        self._web_url = web_url
        self._schemas: dict[str, Schema | None] = {}

    def record(self, object_slug: str, record_id: str) -> Json | None:
        """Return one record, or None."""
        return next(iter(self.records(object_slug, [record_id])), None)

    def records(self, object_slug: str, record_ids: Sequence[str]) -> Sequence[Json]:
        """Return the records that exist, in any order."""
        schema = self._schema(object_slug)
        if schema is None:
            return []
        statement = select(Record).where(
            col(Record.record_id).in_([as_uuid(one) for one in record_ids]),
            Record.object_id == schema.target_id,
        )
        return Presenter(schema, self._web_url).records(self._session.exec(statement).all())

    def object(self, slug: str) -> Json | None:
        """Return one object, or None."""
        schema = self._schema(slug)
        return None if schema is None else object_json(schema.workspace, find_object(self._session, slug))

    def attributes(self, object_slug: str) -> Sequence[Json]:
        """Return the attributes that are not archived."""
        schema = self._schema(object_slug)
        attributes = [] if schema is None else [a for a in schema.attributes if not a.is_archived]
        return [attribute_json(schema, attribute) for attribute in attributes if schema is not None]

    def member(self, member_id: str) -> Json | None:
        """Return one member of the workspace, or None."""
        found = self._session.get(WorkspaceMember, member_id)
        return None if found is None else member_json(find_workspace(self._session), found)

    def current_user(self) -> Json:
        """Return the first member; tokens of the stand-in do not belong to a user."""
        return member_json(find_workspace(self._session), find_members(self._session)[0])

    def current_workspace(self) -> Json:
        """Return the workspace."""
        found = find_workspace(self._session)
        return {"workspace_id": found.workspace_id, "workspace_name": found.name, "workspace_slug": found.slug}

    def _schema(self, name: str) -> Schema | None:
        if name not in self._schemas:
            try:
                self._schemas[name] = load_schema(self._session, name)
            except AttioError:
                self._schemas[name] = None
        return self._schemas[name]
