"""What a record should show: a pure function of its leads, and the row that keeps the result."""

from __future__ import annotations

from collections.abc import Iterable

from sqlmodel import Session

from alc_app.attio.host.context import current
from alc_app.leads.models import DELETED, GONE, Lead, leads_of, locked_record

Values = dict[str, str | None]


def values_to_show(leads: Iterable[Lead]) -> Values | None:
    """Return the values that a record should have, given all its leads; None if it should show none of them.

    The chat under way comes first; else ALC's latest verdict; else a request in the CRM that came to nothing. A lead
    that is being sent may come to nothing, so until ALC has it the record shows the one before.
    """
    lead = max((lead for lead in leads if _shows(lead)), key=_rank, default=None)
    if lead is None:
        return None
    status = "Failed" if lead.status == "not_sent" else lead.status.capitalize()
    return {"alc_lead_id": lead.alc_lead_id, "alc_status": status, "alc_interest": lead.interest}


def update_values(session: Session, record_id: str, *, again: bool = False) -> None:
    """Have the record show what its leads say now; `again`: also if it shows that already. It must be locked."""
    sync, values = locked_record(session, record_id), values_to_show(leads_of(session, record_id))
    if values is None or (values == sync.values() and not again):
        return
    sync.alc_lead_id, sync.alc_status, sync.alc_interest = values.values()
    sync.version, sync.changed_at, sync.tries = sync.version + 1, current().now(), 0
    if sync.blocked == GONE:
        sync.why = sync.why or DELETED
        current().publish("dead_letter", {"id": f"record:{record_id}"})
    else:
        sync.due_at = current().now()


def retry_now(session: Session, record_id: str) -> None:
    """Have a blocked record tried again at once: a person may have removed what was in the way. It must be locked."""
    sync = locked_record(session, record_id)
    if sync.blocked and not sync.merged_into:
        sync.blocked, sync.why, sync.tries = None, None, 0
        sync.due_at = current().now() if sync.shown_version < sync.version else None


def _shows(lead: Lead) -> bool:
    return lead.status in ("pending", "complete", "failed") or (
        lead.status == "not_sent" and lead.resend_until is not None
    )


def _rank(lead: Lead) -> tuple[bool, bool, float]:
    return lead.status == "pending", lead.status != "not_sent", lead.occurred_at or lead.created_at
