"""Changing records, and the history that each change leaves; every commit passes `commit_change`."""

import logging
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import Session, col, delete, select

from alc_app.mock_attio.store.errors import AttioError, not_found
from alc_app.mock_attio.store.events import Actor, Event, EventType, for_each
from alc_app.mock_attio.store.schema_lookup import Schema, as_uuid, value_type
from alc_app.mock_attio.store.services import Crm
from alc_app.mock_attio.store.tables import Attribute, Record, Value
from alc_app.mock_attio.store.value_types import Content
from alc_app.mock_attio.store.webhook_outbox import announce

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Change:
    """What one committed change did to one record; names attributes, never values."""

    event_type: EventType
    object_slug: str
    record: Record
    actor: Actor
    attributes: list[Attribute] = field(default_factory=list)
    merged: tuple[str, ...] = ()
    """The ids of the records that this one was made of."""

    def events(self) -> Sequence[Event]:
        """What webhooks are told of it: each attribute, and each record that went into a merge, by itself."""
        ids = {"object_id": self.record.object_id, "record_id": self.record.record_id}
        if self.event_type == "record.updated":
            return for_each("record.updated", self.actor, ids, [one.attribute_id for one in self.attributes])
        duplicates = [{"duplicate_object_id": self.record.object_id, "duplicate_record_id": one} for one in self.merged]
        return [Event(self.event_type, self.actor, ids, more) for more in duplicates or [{}]]


def commit_change(crm: Crm, change: Callable[[Session], Change]) -> Change:
    """Run one change of one record in a transaction, and tell of it in the same one."""
    try:
        with crm.database.writing() as session:
            done = change(session)
            announce(session, done.events(), crm.config.now())
    except IntegrityError as error:
        message = (
            "The value of a unique attribute conflicts with one already in the system. Update that record instead."
        )
        raise AttioError(409, "uniqueness_conflict", message) from error
    except OperationalError as error:  # a deadlock, or a lock that was not given up in time
        logger.warning("The database refused a change: %s", error.orig)
        raise AttioError(409, "concurrent_write_conflict", "Another write was in the way. Try again.") from error
    if done.event_type != "record.updated" or done.attributes:
        names = ", ".join(attribute.api_slug for attribute in done.attributes)
        logger.info("%s %s/%s %s", done.event_type, done.object_slug, done.record.record_id, names)
    return done


@dataclass(frozen=True)
class Editor:
    """Writes the records of one object, for one actor, at one moment, inside the caller's transaction."""

    schema: Schema
    actor: Actor
    now: str

    def find(self, record_id: str) -> Record:
        """Return a record, locked until the transaction ends; or answer 404."""
        return find_record(self.schema, record_id, lock=True)

    def create(self, contents: dict[str, list[Content]], record_id: str | None = None) -> Change:
        """Make a record with these contents by attribute id, and with those that Attio keeps itself."""
        self._demand_required(contents, among=self.schema.by_id)
        record_id = record_id or str(uuid4())
        record = Record(record_id=record_id, object_id=self.schema.object.object_id, created_at=self.now)
        self.schema.session.add(record)
        self.schema.session.flush()
        named = self.schema.by_name
        system: dict[str, Content] = {
            "record_id": {"value": record_id},
            "created_at": {"value": self.now},
            "created_by": {"referenced_actor_type": self.actor.type, "referenced_actor_id": self.actor.id},
        }
        own = {named[slug].attribute_id: [content] for slug, content in system.items()}
        for attribute_id, wanted in (contents | own).items():
            attribute = self.schema.by_id[attribute_id]
            self._open(record, attribute, wanted, first=0)
        self.schema.session.flush()
        changed = [self.schema.by_id[attribute_id] for attribute_id in contents]
        return Change("record.created", self.schema.object.api_slug, record, self.actor, changed)

    def update(self, record: Record, contents: dict[str, list[Content]], *, adding: frozenset[str]) -> Change:
        """Make the attributes hold these contents; those in `adding` keep what they have, behind what is new."""
        self._demand_required(contents, among=contents)
        changed = []
        for attribute_id, wanted in contents.items():
            attribute = self.schema.by_id[attribute_id]
            if self._write(record, attribute, wanted, adding=attribute_id in adding):
                changed.append(attribute)
        self.schema.session.flush()
        return Change("record.updated", self.schema.object.api_slug, record, self.actor, changed)

    def delete(self, record: Record) -> Change:
        """Remove a record, its history, and every reference to it."""
        session = self.schema.session
        references = select(Attribute.attribute_id).where(Attribute.type == "record-reference")
        session.execute(
            delete(Value).where(col(Value.attribute_id).in_(references), col(Value.key) == record.record_id)
        )
        session.execute(delete(Record).where(col(Record.number) == record.number))
        return Change("record.deleted", self.schema.object.api_slug, record, self.actor)

    def merge(self, primary: Record, secondary: Record) -> Change:
        """Make a new record of two, whose references lead to it now; the history of their values is not kept."""
        session, contents, second = self.schema.session, self._contents(primary), self._contents(secondary)
        for attribute_id, found in second.items():
            first = contents.setdefault(attribute_id, found)
            attribute = self.schema.by_id[attribute_id]
            if first is not found and attribute.is_multiselect:
                same = value_type(attribute).identity
                first += [one for one in found if all(same(one) != same(other) for other in first)]
        record_id, merged = str(uuid4()), (primary.record_id, secondary.record_id)
        references = select(Value).join(Attribute).where(Attribute.type == "record-reference")
        for value in session.exec(references.where(col(Value.key).in_(merged))):
            value.key, value.content = record_id, {**value.content, "target_record_id": record_id}
        session.flush()
        session.execute(delete(Record).where(col(Record.record_id).in_(merged)))
        made = self.create(contents, record_id)
        return Change("record.merged", made.object_slug, made.record, self.actor, made.attributes, merged)

    def _contents(self, record: Record) -> dict[str, list[Content]]:
        """What a record holds now in the attributes that may be written."""
        writable = (one for one in self.schema.attributes if one.is_writable)
        found = {one.attribute_id: [value.content for value in self._active(record, one)] for one in writable}
        return {attribute_id: contents for attribute_id, contents in found.items() if contents}

    def _write(self, record: Record, attribute: Attribute, wanted: list[Content], *, adding: bool) -> bool:
        """Close what goes, open what comes, leave untouched what stays: writing the same again is no change."""
        identity = value_type(attribute).identity
        active = self._active(record, attribute)
        new = [content for content in wanted if all(identity(row.content) != identity(content) for row in active)]
        keeps = [identity(content) for content in wanted]
        gone = [] if adding else [row for row in active if identity(row.content) not in keeps]
        for row in gone:
            row.active_until, row.unique_key = self.now, None
        # A unique key must be free before another value of the same transaction takes it.
        self.schema.session.flush()
        self._open(record, attribute, new, first=min((row.position for row in active), default=0) - len(new))
        if not adding and attribute.is_multiselect:
            self.schema.session.flush()
            for row in self._active(record, attribute):
                row.position = keeps.index(identity(row.content))
        return bool(new or gone)

    def _active(self, record: Record, attribute: Attribute) -> list[Value]:
        asked = select(Value).where(
            Value.record_number == record.number,
            Value.attribute_id == attribute.attribute_id,
            col(Value.active_until).is_(None),
        )
        return list(self.schema.session.exec(asked.order_by(col(Value.position))).all())

    def _open(self, record: Record, attribute: Attribute, contents: list[Content], *, first: int) -> None:
        assert record.number is not None  # noqa: S101 - given by the flush in create()
        kind = value_type(attribute)
        for position, content in enumerate(contents, start=first):
            key = kind.key(content)
            value = Value(
                record_number=record.number,
                attribute_id=attribute.attribute_id,
                position=position,
                content=content,
                key=key,
                number=kind.number(content),
                unique_key=key if attribute.is_unique else None,
                active_from=self.now,
                actor_type=self.actor.type,
                actor_id=self.actor.id,
            )
            self.schema.session.add(value)

    def _demand_required(self, contents: dict[str, list[Content]], *, among: Container[str]) -> None:
        """Answer 400 if one of these attributes, by id, is required and would be empty."""
        for attribute in self.schema.attributes:
            required = attribute.is_required and attribute.attribute_id in among
            if required and not contents.get(attribute.attribute_id):
                message = f'Required value for attribute with slug "{attribute.api_slug}" is missing.'
                raise AttioError(400, "missing_value", message)


def find_record(schema: Schema, record_id: str, *, lock: bool = False) -> Record:
    """Return the record with this id, or answer 404; an id that is no UUID belongs to no record."""
    asked = select(Record).where(
        Record.record_id == (as_uuid(record_id) or ""), Record.object_id == schema.object.object_id
    )
    found = schema.session.exec(asked.with_for_update() if lock else asked).first()
    if found is None:
        raise not_found(f'Could not find a record of "{schema.object.api_slug}" with ID "{record_id}".')
    return found
