"""Collects the facts that explain a person's status: our rows, the last webhook, and what the CRM shows."""

from __future__ import annotations

import json

from sqlalchemy import text

from alc_app.attio.host.context import running
from alc_app.leads.models import Lead, rows_of
from alc_app.pages import Person
from alc_app.pages.explanations import Explanation
from alc_app.pages.filters import utc
from alc_app.runtime.context import AppContext
from alc_app.runtime.services import Services
from alc_app.runtime.storage.tables import Delivery
from alc_app.web.presenters.connections import status_of
from alc_app.web.presenters.why.explain import explain
from alc_app.web.presenters.why.facts import Arrival, Facts, Moment

LINKS = {"": ("", ""), "connect": ("Open Acme Lead Checker", "/apps/alc"), "doctor": ("Open Doctor", "/doctor")}
OF_ONE_CLICK = 20
"""Webhooks of one click that are looked at: its result, and what ALC has learned of the person."""


def explanation_of(services: Services, record_id: str, person: Person | None) -> Explanation:
    """Explain the status of a record. Without its `person`, the CRM could not be asked."""
    found = explain(_facts(services, record_id, person))
    sentences = [[utc(part.at) if isinstance(part, Moment) else part for part in one] for one in found.sentences]
    return Explanation(sentences, *LINKS[found.do])


def _facts(services: Services, record_id: str, person: Person | None) -> Facts:
    with running(AppContext(services)):
        lead, sync = rows_of(record_id)
    sender = lead.sent_by if lead else None
    return Facts(
        name=person.display_name if person else "this person",
        now=services.now(),
        lead=lead,
        sync=sync,
        sender=services.people.names([sender]).get(sender or "", ""),
        arrival=_last_arrival(services, lead),
        is_connected=status_of(services) == "active",
        has_phone=person is None or bool(person.phone_numbers),
        crm_status=person.alc_status if person else None,
        crm_is_known=person is not None,
    )


def _last_arrival(services: Services, lead: Lead | None) -> Arrival | None:
    """Return the last webhook with the result of a lead, which ALC sends under the trace of the click."""
    _, _, rest = (lead.traceparent or "" if lead else "").partition("-")
    if not rest or lead is None:
        return None
    same_trace = text("traceparent like :trace and received_at >= :since").bindparams(
        trace=f"%-{rest.partition('-')[0]}-%", since=lead.created_at
    )
    results = (row for row in services.inbox.newest(OF_ONE_CLICK, same_trace) if _is_result(row))
    return next((Arrival(row.received_at, row.state, row.why) for row in results), None)


def _is_result(row: Delivery) -> bool:
    try:
        body = json.loads(row.body)
    except ValueError:
        return False  # it may be forgotten
    return isinstance(body, dict) and body.get("event", "lead.processed") == "lead.processed"
