"""Writes to records and list entries, with Attio's history of values. Each commits through `commit_change`."""

from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import Executable, bindparam, insert
from sqlmodel import col, delete, select, update

from alc_app.mock_attio.store.changes import Change
from alc_app.mock_attio.store.database import rows
from alc_app.mock_attio.store.errors import AttioError, not_found
from alc_app.mock_attio.store.events import Actor
from alc_app.mock_attio.store.links import drop_links, move_links
from alc_app.mock_attio.store.schema_lookup import Schema, as_uuid, value_type
from alc_app.mock_attio.store.tables import Attribute, Record, Value
from alc_app.mock_attio.store.targets import OBJECTS, PARENT_RECORD
from alc_app.mock_attio.store.value_types import Content

Json = dict[str, Any]
_RECORD = select(Record).where(
    col(Record.record_id) == bindparam("record_id"), col(Record.object_id) == bindparam("target")
)
_ADD_RECORD, _ADD = insert(Record), insert(Value)
_LOCKED_RECORD = _RECORD.with_for_update()
_ACTIVE = (
    select(Value)
    .where(
        col(Value.record_number) == bindparam("number"),
        col(Value.attribute_id).in_(bindparam("attributes", expanding=True)),
        col(Value.active_until).is_(None),
    )
    .order_by(col(Value.position))
)
_CLOSE = (
    update(Value)
    .where(col(Value.value_id) == bindparam("closed"))
    .values(active_until=bindparam("now"), unique_key=None)
)
_MOVE = update(Value).where(col(Value.value_id) == bindparam("moved")).values(position=bindparam("to"))


@dataclass(frozen=True)
class PastValue:
    """A value and when it was active; without an end it still is."""

    content: Content
    active_from: str
    active_until: str | None = None


@dataclass(frozen=True)
class Editor:
    """Writes records of one object, or entries of one list, in the caller's transaction.

    All values get the same actor and the same timestamp.
    """

    schema: Schema
    actor: Actor
    now: str

    def find(self, record_id: str) -> Record:
        """Return a record, locked until the transaction ends; raise AttioError (404) if there is none."""
        return find_record(self.schema, record_id, lock=True)

    def create(
        self, contents: dict[str, list[Content]], record_id: str | None = None, *, parent: Content | None = None
    ) -> Change:
        """Create a record with these contents, by attribute id, and with the values that Attio sets itself.

        `parent` is the reference to the record of a list entry.
        """
        self._check_required(contents, among=self.schema.by_id)
        record_id = record_id or str(uuid4())
        columns = {"record_id": record_id, "object_id": self.schema.target_id, "created_at": self.now}
        [number] = self.schema.session.connection().execute(_ADD_RECORD, columns).inserted_primary_key or [0]
        record = Record(number=number, **columns)
        named = self.schema.by_name
        system: dict[str, Content] = {
            self.schema.kind.item_id_key: {"value": record_id},
            "created_at": {"value": self.now},
            "created_by": {"referenced_actor_type": self.actor.type, "referenced_actor_id": self.actor.id},
        }
        if parent is not None:
            system[PARENT_RECORD] = parent
        own = {named[slug].attribute_id: [content] for slug, content in system.items()}
        values: list[Json] = []
        for attribute_id, wanted in (contents | own).items():
            values += self._new_values(record, self.schema.by_id[attribute_id], self._from_now(wanted), first=0)
        self._execute(_ADD, values)
        changed = [self.schema.by_id[attribute_id] for attribute_id in contents]
        return Change("created", self.schema, record, self.actor, changed, parent=_parent_ids(parent))

    def update(self, record: Record, contents: dict[str, list[Content]], *, keep_existing: frozenset[str]) -> Change:
        """Write these contents, by attribute id.

        Existing values are replaced; in attributes of `keep_existing` (ids) they stay, after the new ones.
        """
        self._check_required(contents, among=contents)
        changed, active = [], self._active(record, contents)
        for attribute_id, wanted in contents.items():
            attribute, old = self.schema.by_id[attribute_id], active[attribute_id]
            if self._replace(record, attribute, wanted, old, keep_existing=attribute_id in keep_existing):
                changed.append(attribute)
        return Change("updated", self.schema, record, self.actor, changed, parent=self._parent_of(record))

    def delete(self, record: Record) -> Change:
        """Delete a record, its history, and what points at it."""
        session, parent = self.schema.session, self._parent_of(record)
        drop_links(session, [record.record_id])
        session.execute(delete(Record).where(col(Record.number) == record.number))
        return Change("deleted", self.schema, record, self.actor, parent=parent)

    def merge(self, primary: Record, secondary: Record) -> Change:
        """Create one record from two, point to it what points at them, and delete both. Their value history is lost."""
        session, contents = self.schema.session, self._writable_contents(primary)
        for attribute_id, found in self._writable_contents(secondary).items():
            first = contents.setdefault(attribute_id, found)
            attribute = self.schema.by_id[attribute_id]
            if first is not found and attribute.is_multiselect:
                same = value_type(attribute).identity
                first += [one for one in found if all(same(one) != same(other) for other in first)]
        pair, merged = (primary.number, secondary.number), (primary.record_id, secondary.record_id)
        session.execute(update(Value).where(col(Value.record_number).in_(pair)).values(unique_key=None))
        made = self.create(contents)
        move_links(session, merged, made.record.record_id)
        session.flush()
        session.execute(delete(Record).where(col(Record.number).in_(pair)))
        return Change("merged", made.schema, made.record, self.actor, made.attributes, merged)

    def replace_history(self, record: Record, attribute: Attribute, history: Sequence[PastValue]) -> Change:
        """Write these values in place of all that the attribute has and had. No event tells of it."""
        mine = (col(Value.record_number) == record.number, col(Value.attribute_id) == attribute.attribute_id)
        self.schema.session.execute(delete(Value).where(*mine))
        self._execute(_ADD, self._new_values(record, attribute, history, first=0))
        return Change("updated", self.schema, record, self.actor)

    def _from_now(self, contents: Iterable[Content]) -> list[PastValue]:
        return [PastValue(content, self.now) for content in contents]

    def _parent_of(self, record: Record) -> dict[str, str]:
        """Return the ids of an entry's record as events name them; nothing for a record."""
        attribute = self.schema.by_name.get(PARENT_RECORD)
        if attribute is None or self.schema.kind is OBJECTS:
            return {}
        [value] = self._active(record, [attribute.attribute_id])[attribute.attribute_id]
        return _parent_ids(value.content)

    def _writable_contents(self, record: Record) -> dict[str, list[Content]]:
        """Return the active contents of a record's writable attributes, by attribute id."""
        writable = [one.attribute_id for one in self.schema.attributes if one.is_writable]
        found = self._active(record, writable)
        return {attribute_id: [value.content for value in values] for attribute_id, values in found.items()}

    def _replace(
        self, record: Record, attribute: Attribute, wanted: list[Content], active: list[Value], *, keep_existing: bool
    ) -> bool:
        """Close values that are no longer wanted and insert new ones; return whether anything changed.

        Values that stay are not touched, so writing the same again is not a change.
        """
        identity = value_type(attribute).identity
        new = [content for content in wanted if all(identity(row.content) != identity(content) for row in active)]
        keeps = [identity(content) for content in wanted]
        gone = [] if keep_existing else [row for row in active if identity(row.content) not in keeps]
        # First, so that others can take their unique keys.
        self._execute(_CLOSE, [{"closed": row.value_id, "now": self.now} for row in gone])
        first = min((row.position for row in active), default=0) - len(new)
        self._execute(_ADD, self._new_values(record, attribute, self._from_now(new), first=first))
        if not keep_existing and attribute.is_multiselect:
            now_active = self._active(record, [attribute.attribute_id])[attribute.attribute_id]
            places = [{"moved": row.value_id, "to": keeps.index(identity(row.content))} for row in now_active]
            self._execute(_MOVE, places)
        return bool(new or gone)

    def _active(self, record: Record, attribute_ids: Iterable[str]) -> dict[str, list[Value]]:
        """Return the active values of a record, in their order, by the id of their attribute."""
        found: dict[str, list[Value]] = defaultdict(list)
        for value in rows(self.schema.session, _ACTIVE, number=record.number, attributes=[*attribute_ids]):
            found[value.attribute_id].append(value)
        return found

    def _execute(self, statement: Executable, parameters: list[Json]) -> None:
        """Execute a statement once for each set of parameters; not at all if there is none."""
        if parameters:
            self.schema.session.connection().execute(statement, parameters)

    def _new_values(
        self, record: Record, attribute: Attribute, values: Sequence[PastValue], *, first: int
    ) -> list[Json]:
        """Return the columns of new values; raise AttioError (400) if a unique one is taken."""
        kind = value_type(attribute)
        if attribute.is_unique:
            self._refuse_taken(attribute, [kind.key(one.content) for one in values if one.active_until is None])
        return [
            {
                "record_number": record.number,
                "attribute_id": attribute.attribute_id,
                "position": position,
                "content": one.content,
                "key": kind.key(one.content),
                "number": kind.number(one.content),
                "unique_key": kind.key(one.content) if attribute.is_unique and one.active_until is None else None,
                "active_from": one.active_from,
                "active_until": one.active_until,
                "actor_type": self.actor.type,
                "actor_id": self.actor.id,
            }
            for position, one in enumerate(values, start=first)
        ]

    def _refuse_taken(self, attribute: Attribute, keys: list[str | None]) -> None:
        """Raise AttioError (400) if another value of this unique attribute has one of the keys."""
        holders = (
            select(Record.record_id)
            .join(Value, col(Value.record_number) == Record.number)
            .where(Value.attribute_id == attribute.attribute_id, col(Value.unique_key).in_(keys))
        )
        taken_by = sorted(set(self.schema.session.exec(holders)))
        if taken_by or len(set(keys)) < len(keys):
            raise AttioError(400, "uniqueness_conflict", _conflict(attribute.api_slug, taken_by))

    def _check_required(self, contents: dict[str, list[Content]], *, among: Container[str]) -> None:
        """Raise AttioError (400) if one of the attributes `among` (ids) is required and would be empty."""
        for attribute in self.schema.attributes:
            required = attribute.is_required and attribute.attribute_id in among
            if required and not contents.get(attribute.attribute_id):
                message = f'Required value for attribute with slug "{attribute.api_slug}" is missing.'
                raise AttioError(400, "missing_value", message)


def find_record(schema: Schema, record_id: str, *, lock: bool = False) -> Record:
    """Return the record or entry with this id; raise AttioError (404) if there is none, or if the id is not a UUID."""
    statement = _LOCKED_RECORD if lock else _RECORD
    for found in rows(schema.session, statement, record_id=as_uuid(record_id) or "", target=schema.target_id):
        return found
    item = schema.kind.item.replace("-", " ").capitalize()
    raise not_found(f'{item} with ID "{record_id}" not found.')


def _conflict(slug: str, taken_by: list[str]) -> str:
    """Return Attio's own words, in which clients look for the ids."""
    message = (
        f'A value provided for attribute with slug "{slug}" conflicts with one already in the system. This attribute '
        "has a uniqueness constraint. Please ensure all values for this attribute do not exist on another record."
    )
    return f"{message} Conflicting record IDs: {', '.join(taken_by)}" if taken_by else message


def _parent_ids(parent: Content | None) -> dict[str, str]:
    if parent is None:
        return {}
    return {"parent_object_id": parent["target_object"], "parent_record_id": parent["target_record_id"]}
