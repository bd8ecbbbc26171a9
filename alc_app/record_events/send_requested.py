"""Sending a person whom somebody wants sent from inside the CRM, where our button is not. Usage 6-10 without the page.

What the page would tell the user is told by the record: its status is Pending, or Failed.
"""

import logging
from dataclasses import dataclass

from alc_app.attio import AttioError
from alc_app.attio.host.context import step
from alc_app.clients import attio_api
from alc_app.clients.alc_api import AlcError
from alc_app.clients.attio_api import text_of
from alc_app.leads import transitions
from alc_app.leads.record_sync import sync_record
from alc_app.send_to_alc_server import send_to_alc

REQUESTED = "Requested"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wanted:
    """A person to send; `since` names the request: when the record began to say so."""

    name: str
    phone_number: str | None
    since: str | None


def send_requested(record_id: str) -> None:
    """Send the person once for each time that somebody has set the status to "Requested"."""
    person = read_person(record_id)
    if person and person.since:
        _send(record_id, person, request=person.since)


def send_all_requested() -> None:
    """Send everybody whose record says so: Attio may have told nobody, while our webhook was lost."""
    for record_id in find_requested():
        send_requested(record_id)


def send_new(record_id: str) -> None:
    """Send a person who was added; one without a phone number is nobody's request, and is left alone."""
    person = read_person(record_id)
    if person and person.phone_number:
        _send(record_id, person, request="created")


def _send(record_id: str, person: Wanted, request: str) -> None:
    lead_id = transitions.open_requested_send(record_id, request)
    if lead_id is None:  # it has been sent for this request, or is under way already
        return
    told = {"lead_id": lead_id, "record_id": record_id}
    try:
        if person.phone_number:
            send_to_alc.run(record_id, person.name, person.phone_number)
        else:
            log.warning("The record %s was to be sent to ALC, and has no phone number.", record_id, extra=told)
            transitions.mark_not_sent(lead_id)
    except (AlcError, AttioError) as error:
        log.warning("The record %s was not sent to ALC: %s", record_id, error.message, extra=told)
    sync_record(lead_id)


@step
def find_requested() -> list[str]:
    """The people who wait to be sent."""
    waiting = attio_api.query_records("people", filter={"alc_status": REQUESTED}, limit=100)
    return [record["id"]["record_id"] for record in waiting]


@step
def read_person(record_id: str) -> Wanted | None:
    """The person as the record has them now; None, when it is gone."""
    record = attio_api.get_record("people", record_id)
    if record is None:
        return None
    values = record["values"]
    status, name, phones = (values.get(slug) or [] for slug in ("alc_status", "name", "phone_numbers"))
    return Wanted(
        name=(name[0].get("full_name") if name else None) or "Unknown",
        phone_number=attio_api.phone_of(phones[0]) if phones else None,
        since=status[0]["active_from"] if text_of(status) == REQUESTED else None,
    )
