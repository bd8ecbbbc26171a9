"""`alc-app doctor` on leads: do the records show what our rows say, and has every verdict arrived? Invariant I4.

TUTORIAL: it has no such file. A record that somebody overwrote, or whose verdict got lost, stays wrong for ever.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial

from alc_app.attio import AttioNoWorkspaceConnectionError
from alc_app.attio.host.doctor import Finding
from alc_app.attio.server import get_workspace_connection
from alc_app.clients import alc_api, alc_events, attio_people
from alc_app.clients.alc_api import AlcUnknown
from alc_app.clients.attio_people import PersonRecord
from alc_app.leads import queries, record_sync, transitions
from alc_app.leads.queries import ExpectedRecord
from alc_app.leads.reconcile import check_verdict

BATCH_SIZE = 100
"""Records that are read with one call."""
MISSING = "The record was not found in the CRM."


def check_records() -> Iterator[Finding]:
    """Compare the records with our rows. Raises: AttioApiError."""
    expected_records = queries.expected_records()
    people = _read_people([expected.record_id for expected in expected_records])
    unchanged = set(queries.expected_records())  # a verdict may have been written while Attio was asked
    for expected in expected_records:
        if expected in unchanged:
            yield from _compare(expected, people.get(expected.record_id))


def check_verdicts() -> Iterator[Finding]:
    """Ask ALC about leads that have been pending for long. Raises: AlcError, AttioConnectionExpiredError."""
    try:
        connection = get_workspace_connection()
    except AttioNoWorkspaceConnectionError:
        return
    for lead_id, alc_lead_id in queries.waiting_longer_than(transitions.FIRST_VERDICT_CHECK):
        try:
            state = alc_api.get_lead(connection, alc_lead_id)
        except AlcUnknown:
            text = f"ALC does not know the lead {alc_lead_id}. The app expects its chat to be in progress."
            yield Finding(text, lead_id, repair=partial(_give_up, lead_id))
            continue
        if state.status != "processing":
            text = f"ALC has a result for the lead {alc_lead_id}, but its webhook did not deliver it."
            yield Finding(text, lead_id, repair=partial(_apply_verdict, lead_id))


def check_unknown_pending_records() -> Iterator[Finding]:
    """Find records that say "Pending" for a lead of which we have no row. Raises: AttioApiError."""
    pending = attio_people.query_all_people(filter={"alc_status": "Pending"})
    lead_ids = {person.record_id: _valid_lead_id(person) for person in pending}
    unknown = queries.unknown_lead_ids(alc_lead_id for alc_lead_id in lead_ids.values() if alc_lead_id)
    for record_id, alc_lead_id in lead_ids.items():
        if alc_lead_id is None:
            text = f'The record {record_id} says "Pending" but names no lead. Clear its ALC status, or send it to ALC.'
            yield Finding(text, record_id, "warning")
        elif alc_lead_id in unknown:
            text = f'The record {record_id} says "Pending" for the lead {alc_lead_id}, which this app does not know.'
            yield Finding(text, record_id, "warning", partial(_adopt, record_id, alc_lead_id))


def _valid_lead_id(person: PersonRecord) -> str | None:
    """Return the record's ALC lead id if it has the form of one: users may type anything there."""
    value = person.alc_lead_id
    return value if value and re.fullmatch(alc_events.ID, value) else None


def _read_people(record_ids: Sequence[str]) -> dict[str, PersonRecord]:
    batches = [record_ids[start : start + BATCH_SIZE] for start in range(0, len(record_ids), BATCH_SIZE)]
    return {person.record_id: person for batch in batches for person in attio_people.get_people(batch)}


def _compare(expected: ExpectedRecord, person: PersonRecord | None) -> Iterator[Finding]:
    if person is None:
        if expected.is_pending:  # a lead that has ended has nothing left to show
            text = f"The record {expected.record_id} is no longer in the CRM, but its chat is in progress."
            yield Finding(text, expected.record_id, repair=partial(_mark_gone, expected))
        return
    wrong = [slug for slug, value in expected.values if person.text(slug) != value]
    if wrong:
        text = f"The record {expected.record_id} does not match its lead: {', '.join(wrong)}."
        yield Finding(text, expected.record_id, repair=partial(_sync_again, expected))


def _sync_again(expected: ExpectedRecord) -> str:
    queries.request_sync(expected.record_id, expected.version)
    return f"The record {expected.record_id} is being written again."


def _mark_gone(expected: ExpectedRecord) -> str:
    record_sync.mark_gone(expected.record_id, MISSING)
    return f"The record {expected.record_id} is no longer written. ALC's chat continues."


def _apply_verdict(lead_id: str) -> str:
    check_verdict(lead_id)
    return f"The app asked ALC for the result of the lead {lead_id}."


def _give_up(lead_id: str) -> str:
    queries.mark_lost_at_alc(lead_id, "ALC no longer knows the lead.")
    return f"The lead {lead_id} has ended. You can send the person to ALC again."


def _adopt(record_id: str, alc_lead_id: str) -> str:
    connection = get_workspace_connection()
    if alc_api.get_lead(connection, alc_lead_id).record_id != record_id:
        raise AlcUnknown(f"ALC knows the lead {alc_lead_id} as another person's.")
    queries.adopt(record_id, alc_lead_id)
    return f"The lead {alc_lead_id} is tracked again. The record will show its result."
