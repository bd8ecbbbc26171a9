"""`alc-app doctor` on leads: do records say what our rows say, and has every verdict come? Invariant I4.

TUTORIAL: it has no such file. A record that somebody overwrote, or whose verdict got lost, stays wrong for ever.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from alc_app.attio import AttioNoWorkspaceConnectionError
from alc_app.attio.host.doctor import Finding
from alc_app.attio.server import get_workspace_connection
from alc_app.clients import alc_api, alc_events, attio_api
from alc_app.clients.alc_api import AlcUnknown
from alc_app.clients.attio_api import text_of
from alc_app.leads import queries, record_sync, transitions
from alc_app.leads.queries import ExpectedRecord
from alc_app.leads.reconcile import check_verdict

AT_ONCE = 100
"""Records that are asked for in one call."""
GONE = "The record was deleted in the CRM, or merged into another."


def check_records() -> Iterator[Finding]:
    """Compare the records with our rows. Raises: AttioApiError."""
    expected = queries.expected_records()
    found = _values_of([told.record_id for told in expected])
    unchanged = set(queries.expected_records())  # a verdict may have been written between the two looks
    for told in expected:
        if told in unchanged:
            yield from _compare(told, found.get(told.record_id))


def check_verdicts() -> Iterator[Finding]:
    """Ask ALC about leads that have waited for long. Raises: AlcError, AttioConnectionExpiredError."""
    try:
        connection = get_workspace_connection()
    except AttioNoWorkspaceConnectionError:
        return
    for lead_id, alc_lead_id in queries.waiting_longer_than(transitions.ASK_AFTER):
        try:
            state = alc_api.get_lead(connection, alc_lead_id)
        except AlcUnknown:
            text = f"ALC does not know the lead {alc_lead_id}, which we took for under way."
            yield Finding(text, lead_id, mend=partial(_give_up, lead_id))
            continue
        if state.status != "processing":
            text = f"ALC has decided about the lead {alc_lead_id}, and its webhook has not told us."
            yield Finding(text, lead_id, mend=partial(_apply_verdict, lead_id))


def check_unknown_pending_records() -> Iterator[Finding]:
    """Look for records that wait for a verdict which nobody here waits for. Raises: AttioApiError."""
    waiting = attio_api.query_records("people", filter={"alc_status": "Pending"}, limit=500)
    named = {record["id"]["record_id"]: _lead_id(record) for record in waiting}
    unknown = queries.unknown_lead_ids(alc_lead_id for alc_lead_id in named.values() if alc_lead_id)
    for record_id, alc_lead_id in named.items():
        if alc_lead_id is None:
            text = f'The record {record_id} says "Pending" and names no lead. Clear its ALC status, or send it to ALC.'
            yield Finding(text, record_id, "warning")
        elif alc_lead_id in unknown:
            text = f'The record {record_id} says "Pending" for the lead {alc_lead_id}, of which we know nothing.'
            yield Finding(text, record_id, "warning", partial(_adopt, record_id, alc_lead_id))


def _lead_id(record: Mapping[str, Any]) -> str | None:
    """What it says of its lead, if that is an id: people may type anything there."""
    value = text_of(record["values"].get("alc_lead_id", []))
    return value if value and re.fullmatch(alc_events.ID, value) else None


def _values_of(record_ids: list[str]) -> dict[str, Mapping[str, Any]]:
    batches = [record_ids[start : start + AT_ONCE] for start in range(0, len(record_ids), AT_ONCE)]
    records = (
        record
        for batch in batches
        for record in attio_api.query_records("people", filter={"record_id": {"$in": batch}}, limit=AT_ONCE)
    )
    return {record["id"]["record_id"]: record["values"] for record in records}


def _compare(told: ExpectedRecord, values: Mapping[str, Any] | None) -> Iterator[Finding]:
    if values is None:
        if told.is_open:  # of a lead that has ended nothing is left to be told
            text = f"The record {told.record_id} is gone from the CRM, and its lead is under way."
            yield Finding(text, told.lead_id, mend=partial(_end_undeliverable, told))
        return
    wrong = [slug for slug, value in told.values if text_of(values.get(slug, [])) != value]
    if wrong:
        text = f"The record {told.record_id} does not say what we know of its lead: {', '.join(wrong)}."
        yield Finding(text, told.lead_id, mend=partial(_sync_again, told))


def _sync_again(told: ExpectedRecord) -> str:
    queries.request_sync(told.lead_id, told.version)
    return f"The record {told.record_id} is being written again."


def _end_undeliverable(told: ExpectedRecord) -> str:
    record_sync.mark_undeliverable(told.lead_id, told.record_id, GONE)
    return f"The lead {told.lead_id} has been ended as undeliverable."


def _apply_verdict(lead_id: str) -> str:
    check_verdict(lead_id)
    return f"ALC has been asked for the verdict on the lead {lead_id}."


def _give_up(lead_id: str) -> str:
    queries.mark_lost_at_alc(lead_id, "ALC does not know the lead any more.")
    return f"The lead {lead_id} has been ended. The person can be sent to ALC again."


def _adopt(record_id: str, alc_lead_id: str) -> str:
    connection = get_workspace_connection()
    if alc_api.get_lead(connection, alc_lead_id).record_id != record_id:
        raise AlcUnknown(f"ALC knows the lead {alc_lead_id} as another person's.")
    queries.adopt(record_id, alc_lead_id)
    return f"The lead {alc_lead_id} is followed again, and its verdict will be shown on the record."
