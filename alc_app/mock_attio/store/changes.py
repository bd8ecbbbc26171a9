"""What a write changed in one record or list entry, and the transaction that stores it with its webhook events."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import Session

from alc_app.mock_attio.store.errors import AttioError
from alc_app.mock_attio.store.events import Actor, Event, EventType, per_attribute
from alc_app.mock_attio.store.schema_lookup import Schema
from alc_app.mock_attio.store.services import Services
from alc_app.mock_attio.store.tables import Attribute, Record
from alc_app.mock_attio.store.webhook_outbox import enqueue

Json = dict[str, Any]
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Change:
    """What a write changed in one record or entry: the attributes, not the values."""

    verb: Literal["created", "updated", "deleted", "merged"]
    schema: Schema
    record: Record
    actor: Actor
    attributes: list[Attribute] = field(default_factory=list)
    merged: tuple[str, ...] = ()
    """For a merge: the ids of the two records that were merged."""
    parent: dict[str, str] = field(default_factory=dict)
    """For an entry: the ids of its record, as its events name them."""

    @property
    def event_type(self) -> EventType:
        """Return the type of its webhook events."""
        return cast(EventType, f"{self.schema.kind.item}.{self.verb}")

    def events(self) -> Sequence[Event]:
        """Return the webhook events of the change: one for each attribute of an update and each record of a merge."""
        kind = self.schema.kind
        ids = {kind.id_key: self.record.object_id, kind.item_id_key: self.record.record_id}
        if self.verb == "updated":
            changed = [one.attribute_id for one in self.attributes]
            return per_attribute(self.event_type, self.actor, ids, changed, self.parent)
        duplicates = [{"duplicate_object_id": self.record.object_id, "duplicate_record_id": one} for one in self.merged]
        return [Event(self.event_type, self.actor, ids, more) for more in duplicates or [self.parent]]


def commit_change(services: Services, change: Callable[[Session], Change], show: Callable[[Change], Json]) -> Json:
    """Run one change of one record, queue its webhook events and `show` it, in one transaction. Returns what it shows.

    Raises AttioError: 400 if a unique value is taken, 409 if another write is in the way.
    """
    try:
        try:
            done, shown = _commit(services, change, show)
        except IntegrityError:
            # Another write took a unique value after the check. The second time, the check finds it and names it.
            done, shown = _commit(services, change, show)
    except (IntegrityError, OperationalError) as error:  # a deadlock, or a lock timeout
        logger.warning("The database failed to store a change: %s", error.orig)
        raise AttioError(409, "concurrent_write_conflict", "Another write was in progress. Try again.") from error
    if done.verb != "updated" or done.attributes:
        names = ", ".join(attribute.api_slug for attribute in done.attributes)
        logger.info("%s %s/%s %s", done.event_type, done.schema.target.api_slug, done.record.record_id, names)
    return shown


def _commit(
    services: Services, change: Callable[[Session], Change], show: Callable[[Change], Json]
) -> tuple[Change, Json]:
    with services.database.writing() as session:
        done = change(session)
        enqueue(session, done.events(), done.schema.workspace.workspace_id, services.config.now())
        return done, show(done)
