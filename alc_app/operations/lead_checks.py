"""`alc-app doctor` on leads: do the records show what our rows say, and has every verdict arrived? Invariant I4.

The doctor runs outside of durable runs, and may do everything twice. Most repairs only make a row due for a job.

TUTORIAL: it has no such file. A record that somebody overwrote, or whose verdict got lost, stays wrong for ever.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import uuid4

from sqlmodel import col, or_, select

from alc_app.attio import AttioNoWorkspaceConnectionError
from alc_app.attio.host.context import current
from alc_app.attio.host.doctor import Finding
from alc_app.attio.server import get_workspace_connection
from alc_app.clients import alc_api, alc_events, attio_people
from alc_app.clients.alc_api import AlcUnknown
from alc_app.clients.attio_people import PersonRecord
from alc_app.leads import record_sync
from alc_app.leads.models import Lead, RecordSync, in_this_workspace, lock_lead, lock_open_lead, lock_record
from alc_app.leads.reconcile import check_verdict
from alc_app.leads.record_values import update_values
from alc_app.leads.transitions import ADOPT, FIRST_VERDICT_CHECK, LOST, apply, begin

BATCH_SIZE = 100
"""Records that are read with one call."""
RECENT = 30 * 86_400.0
"""Seconds for which a change counts as recent."""
MAX_RECORDS = 300
"""Records that are compared, the last changed first."""
MAX_LEADS = 20
"""Leads that ALC is asked about, the oldest first."""
MISSING = "The record was not found in the CRM."


@dataclass(frozen=True)
class ExpectedRecord:
    """What a record should show, as of `version`."""

    record_id: str
    version: int
    values: tuple[tuple[str, str | None], ...]

    @property
    def is_pending(self) -> bool:
        """Tell whether a chat is under way."""
        return ("alc_status", "Pending") in self.values


def check_records() -> Iterator[Finding]:
    """Compare the records with our rows. Raises: AttioApiError."""
    written = expected_records()
    people = _read_people([expected.record_id for expected in written])
    unchanged = set(expected_records())  # a verdict may have been written while Attio was asked
    for expected in written:
        if expected in unchanged:
            yield from _compare(expected, people.get(expected.record_id))


def check_verdicts() -> Iterator[Finding]:
    """Ask ALC about leads that have been pending for long. Raises: AlcError, AttioConnectionExpiredError."""
    try:
        connection = get_workspace_connection()
    except AttioNoWorkspaceConnectionError:
        return
    for lead_id, alc_lead_id in _pending_for_long():
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
    unknown = _unknown_lead_ids(alc_lead_id for alc_lead_id in lead_ids.values() if alc_lead_id)
    for record_id, alc_lead_id in lead_ids.items():
        if alc_lead_id is None:
            text = f'The record {record_id} says "Pending" but names no lead. Clear its ALC status, or send it to ALC.'
            yield Finding(text, record_id, "warning")
        elif alc_lead_id in unknown:
            text = f'The record {record_id} says "Pending" for the lead {alc_lead_id}, which this app does not know.'
            yield Finding(text, record_id, "warning", partial(_adopt, record_id, alc_lead_id))


def expected_records() -> list[ExpectedRecord]:
    """Return what records should show and have been given, if a chat is under way or that is recent."""
    written = (
        in_this_workspace(RecordSync),
        col(RecordSync.blocked).is_(None),
        col(RecordSync.version) > 0,
        col(RecordSync.shown_version) == col(RecordSync.version),
        or_(col(RecordSync.alc_status) == "Pending", col(RecordSync.changed_at) > current().now() - RECENT),
    )
    latest = select(RecordSync).where(*written).order_by(col(RecordSync.changed_at).desc()).limit(MAX_RECORDS)
    with current().reading() as session:
        return [
            ExpectedRecord(sync.record_id, sync.version, tuple(sync.values().items())) for sync in session.exec(latest)
        ]


def _pending_for_long() -> list[tuple[str, str]]:
    """Return our id and ALC's id of the leads about which ALC should have been asked by now."""
    since = current().now() - FIRST_VERDICT_CHECK
    old = (in_this_workspace(), col(Lead.status) == "pending", col(Lead.created_at) < since)
    query = select(Lead.id, Lead.alc_lead_id).where(*old).order_by(col(Lead.created_at)).limit(MAX_LEADS)
    with current().reading() as session:
        return [(lead_id, alc_lead_id) for lead_id, alc_lead_id in session.exec(query) if alc_lead_id]


def _unknown_lead_ids(alc_lead_ids: Iterable[str]) -> set[str]:
    """Return those of ALC's lead ids for which there is no row."""
    ids = set(alc_lead_ids)
    known = select(Lead.alc_lead_id).where(in_this_workspace(), col(Lead.alc_lead_id).in_(ids))
    with current().reading() as session:
        return ids - {str(alc_lead_id) for alc_lead_id in session.exec(known)}


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
    with current().transaction() as session:
        if lock_record(session, expected.record_id).version == expected.version:  # it has not changed since
            update_values(session, expected.record_id, again=True)
    return f"The record {expected.record_id} is being written again."


def _mark_gone(expected: ExpectedRecord) -> str:
    record_sync.mark_gone(expected.record_id, MISSING)
    return f"The record {expected.record_id} is no longer written. ALC's chat continues."


def _apply_verdict(lead_id: str) -> str:
    check_verdict(lead_id)
    return f"The app asked ALC for the result of the lead {lead_id}."


def _give_up(lead_id: str) -> str:
    with current().transaction() as session:
        apply(session, lock_lead(session, lead_id), LOST, why="ALC no longer knows the lead.")
    return f"The lead {lead_id} has ended. You can send the person to ALC again."


def _adopt(record_id: str, alc_lead_id: str) -> str:
    connection = get_workspace_connection()
    if alc_api.get_lead(connection, alc_lead_id).record_id != record_id:
        raise AlcUnknown(f"ALC knows the lead {alc_lead_id} as another person's.")
    adopt(record_id, alc_lead_id)
    return f"The lead {alc_lead_id} is tracked again. The record will show its result."


def adopt(record_id: str, alc_lead_id: str) -> None:
    """Add a row for one of our leads at ALC that has none, unless the record has an open lead."""
    with current().transaction() as session:
        is_open = lock_open_lead(session, record_id)
        known = session.exec(select(Lead.id).where(Lead.alc_lead_id == alc_lead_id)).first()
        if not known and not is_open:
            begin(session, record_id, ADOPT, 0, id=uuid4().hex, alc_lead_id=alc_lead_id)
