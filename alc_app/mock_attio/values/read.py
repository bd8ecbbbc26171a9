"""Records, list entries and values as JSON in Attio's shape: every attribute, every value with its metadata."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import bindparam
from sqlalchemy import select as select_columns
from sqlmodel import col, select

from alc_app.mock_attio.store.choices import choice_json
from alc_app.mock_attio.store.schema_lookup import Schema
from alc_app.mock_attio.store.tables import Attribute, CrmObject, Record, Value
from alc_app.mock_attio.store.targets import LISTS, PARENT_RECORD
from alc_app.mock_attio.store.value_types import Content

Json = dict[str, Any]

_VALUES = select_columns(
    col(Value.record_number),
    col(Value.attribute_id),
    col(Value.content),
    col(Value.active_from),
    col(Value.active_until),
    col(Value.actor_type),
    col(Value.actor_id),
)
_ACTIVE = _VALUES.where(
    col(Value.record_number).in_(bindparam("numbers", expanding=True)), col(Value.active_until).is_(None)
).order_by(col(Value.record_number), col(Value.position))
_SLUG = select(CrmObject.api_slug).where(col(CrmObject.object_id) == bindparam("object_id"))


class Presenter:
    """Converts rows of one object or list to JSON. Queries choices and referenced objects once each."""

    def __init__(self, schema: Schema, web_url: str) -> None:
        """Prepare for one object or list; `web_url` is the template of links, see `MockAttioConfig`."""
        self._schema = schema
        self._web_url = web_url
        # Plain dictionaries: a page of 500 records looks up slugs and types some ten thousand times.
        self._slugs = {attribute.attribute_id: attribute.api_slug for attribute in schema.attributes}
        self._kinds = {attribute.attribute_id: attribute.type for attribute in schema.attributes}
        self._shown = [attribute.api_slug for attribute in schema.attributes if not attribute.is_archived]
        self._choices: dict[str, Json] = {}
        self._object_slugs: dict[str, str] = {}

    def records(self, records: Sequence[Record]) -> list[Json]:
        """Return records with all active values, in the given order."""
        values = self._active_values([record.number for record in records if record.number is not None])
        return [self._record(record, values.get(record.number or 0, {})) for record in records]

    def record(self, record: Record) -> Json:
        """Return one record with all active values."""
        return self.records([record])[0]

    def history(self, record: Record, attribute: Attribute, *, historic: bool) -> list[Json]:
        """Return the values of one attribute: the active ones or, if `historic`, all of them, oldest first."""
        statement = _VALUES.where(
            col(Value.record_number) == record.number, col(Value.attribute_id) == attribute.attribute_id
        )
        if historic:
            statement = statement.order_by(col(Value.active_from), col(Value.value_id))
        else:
            statement = statement.where(col(Value.active_until).is_(None)).order_by(col(Value.position))
        rows = self._schema.session.execute(statement)
        return [self._value(*row) for _number, *row in rows]

    def _active_values(self, numbers: Sequence[int]) -> dict[int, dict[str, list[Json]]]:
        found: dict[int, dict[str, list[Json]]] = defaultdict(lambda: defaultdict(list))
        for row in self._schema.session.connection().execute(_ACTIVE, {"numbers": numbers}):
            found[row.record_number][self._slugs[row.attribute_id]].append(self._value(*row[1:]))
        return found

    def _record(self, record: Record, values: dict[str, list[Json]]) -> Json:
        workspace = self._schema.workspace
        shown = {slug: values.get(slug, []) for slug in self._shown}
        if self._schema.kind is LISTS:
            return self._entry(record, values[PARENT_RECORD][0], shown)
        target = cast(CrmObject, self._schema.target)
        url = self._web_url.format(
            workspace=workspace.slug,
            object=target.api_slug,
            noun=target.singular_noun.lower().replace(" ", "-"),
            record_id=record.record_id,
        )
        return {
            "id": {
                "workspace_id": workspace.workspace_id,
                "object_id": self._schema.target_id,
                "record_id": record.record_id,
            },
            "created_at": record.created_at,
            "web_url": url,
            "values": shown,
        }

    def _entry(self, entry: Record, parent: Json, values: Json) -> Json:
        workspace_id = self._schema.workspace.workspace_id
        return {
            "id": {"workspace_id": workspace_id, "list_id": entry.object_id, "entry_id": entry.record_id},
            "parent_record_id": parent["target_record_id"],
            "parent_object": parent["target_object"],
            "created_at": entry.created_at,
            "entry_values": values,
        }

    def _value(self, attribute_id: str, content: Content, *envelope: str | None) -> Json:
        active_from, active_until, actor_type, actor_id = envelope
        kind = self._kinds[attribute_id]
        if kind in {"select", "status"}:
            content = {key: self._choice(attribute_id, choice_id) for key, choice_id in content.items()}
        elif kind == "record-reference":
            content = content | {"target_object": self._object_slug(content["target_object"])}
        return {
            "active_from": active_from,
            "active_until": active_until,
            "created_by_actor": {"type": actor_type, "id": actor_id},
            **content,
            "attribute_type": kind,
        }

    def _choice(self, attribute_id: str, choice_id: str) -> Json:
        if choice_id not in self._choices:
            attribute = self._schema.by_id[attribute_id]
            for choice in self._schema.choices(attribute):
                self._choices[choice.choice_id] = choice_json(self._schema, attribute, choice)
        return self._choices[choice_id]

    def _object_slug(self, object_id: str) -> str:
        if object_id not in self._object_slugs:
            found = self._schema.session.connection().execute(_SLUG, {"object_id": object_id})
            self._object_slugs[object_id] = found.scalar_one()
        return self._object_slugs[object_id]
