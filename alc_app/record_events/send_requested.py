"""Send a person whom a user asks for inside the CRM, where our button is not. Usage 6-10 without the page.

The record shows the user how it went: its status becomes Pending or Failed.
"""

import logging
from dataclasses import dataclass
from datetime import datetime

from alc_app.attio import AttioError
from alc_app.attio.host.context import current, step
from alc_app.clients import attio_people
from alc_app.clients.alc_api import AlcError
from alc_app.leads import sends
from alc_app.leads.record_sync import sync_record
from alc_app.send_to_alc_server import send_to_alc

REQUESTED = "Requested"
SETTLED_AFTER = 10.0
"""Seconds after which an event of Attio would have told of a request, or of the merge that has copied it."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PersonToSend:
    """What ALC needs to know of a person. `requested_at` is when the status became "Requested"; None if it is not."""

    name: str
    phone_number: str | None
    requested_at: str | None


def send_requested(record_id: str) -> None:
    """Send the person once for each time that a user has set the status to "Requested"."""
    person = read_person(record_id)
    if person and person.requested_at:
        _send(record_id, person, request=person.requested_at)


def send_all_requested() -> None:
    """Send every person whose status is "Requested". Attio's events may have been lost with our webhook.

    A new request is left to its event: it may be the copy of one that we know, on a record that was merged just now.
    """
    for record_id in find_requested():
        send_requested(record_id)


def send_new(record_id: str) -> None:
    """Send a person who was added to the CRM, if there is a phone number. Without one nothing happens: nobody asked."""
    person = read_person(record_id)
    if person and person.phone_number:
        _send(record_id, person, request="created")


def _send(record_id: str, person: PersonToSend, request: str) -> None:
    lead_id = sends.open_requested_send(record_id, request)
    if lead_id is None:  # sent for this request before, or under way already
        sync_record(record_id)
        return
    ids = {"lead_id": lead_id, "record_id": record_id}
    try:
        if person.phone_number:
            send_to_alc.run(record_id, person.name, person.phone_number)
        else:
            log.warning("The record %s has no phone number, so it was not sent to ALC.", record_id, extra=ids)
            sends.mark_not_sent(lead_id, "The person has no phone number.")
    except (AlcError, AttioError) as error:
        log.warning("The record %s was not sent to ALC: %s", record_id, error.message, extra=ids)
    sync_record(record_id)


@step
def find_requested() -> list[str]:
    """Return the records whose status has been "Requested" for a while. Raises: AttioApiError."""
    people = attio_people.query_people(filter={"alc_status": REQUESTED}, limit=100)
    return [person.record_id for person in people if _is_settled(person.alc_status_since)]


@step
def read_person(record_id: str) -> PersonToSend | None:
    """Read the person from the record as it is now; None if the record is gone. Raises: AttioApiError."""
    person = attio_people.get_person(record_id)
    if person is None:
        return None
    return PersonToSend(
        name=person.name or "Unknown",
        phone_number=next(iter(person.phone_numbers), None),
        requested_at=person.alc_status_since if person.alc_status == REQUESTED else None,
    )


def _is_settled(since: str | None) -> bool:
    return since is None or datetime.fromisoformat(since).timestamp() < current().now() - SETTLED_AFTER
