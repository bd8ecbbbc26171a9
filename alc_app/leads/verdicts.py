"""ALC's verdicts: which lead each is about, and whether it is news."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session, col, select

from alc_app.attio.host.context import current, repeatable, step
from alc_app.clients.alc_events import LeadProcessed
from alc_app.leads.models import (
    EarlyEvent,
    Lead,
    due_leads,
    in_this_workspace,
    lead_with,
    lock_lead,
    lock_lead_by,
    locked_record,
    open_lead,
)
from alc_app.leads.record_sync import Claim, claim
from alc_app.leads.transitions import ASK_AGAIN, FIRST_VERDICT_CHECK, apply

LONGEST_VERDICT_CHECK = 86_400.0
"""Seconds: the longest wait between two questions about a verdict."""


@repeatable
def apply_verdict(event: LeadProcessed) -> Claim | None:
    """Store ALC's verdict. Returns the claim of the record, if it does not show yet what it should.

    None means: not one of our leads (R12), too early (R15), nothing new (R16), or another run writes the record.
    """
    with current().transaction() as session:
        lead = _lock_lead_of(session, event)
        if lead is None:
            return None
        _apply_to_lead(session, lead, event)
        return claim(locked_record(session, lead.record_id))


@step
def apply_verdicts(events: Sequence[LeadProcessed]) -> list[str]:
    """Store verdicts that webhooks may not have delivered. Returns the records that have something new to show."""
    changed, known = list[str](), _known_since(events)
    for event in events:
        if _seconds(event) <= known.get(event.lead_id, -1.0):
            continue  # most of them, and this asks without a lock
        with current().transaction() as session:
            lead = _lock_lead_of(session, event)
            if lead and _apply_to_lead(session, lead, event):
                changed.append(lead.record_id)
    return changed


def _known_since(events: Sequence[LeadProcessed]) -> dict[str | None, float]:
    """Return when each of these verdicts that we have was reached, by ALC's id of the lead."""
    ended = (col(Lead.status).in_(("complete", "failed")), col(Lead.alc_lead_id).in_([one.lead_id for one in events]))
    with current().reading() as session:
        return dict(session.exec(select(Lead.alc_lead_id, Lead.occurred_at).where(in_this_workspace(), *ended)).all())


def apply_early(session: Session, lead: Lead, early: EarlyEvent) -> None:
    """Apply a verdict that was kept until the lead's id was known. The lead's record must be locked."""
    _apply_to_lead(session, lead, LeadProcessed.model_validate_json(early.event))
    session.delete(early)


@step
def next_verdict_check(lead_id: str) -> str | None:
    """Return ALC's id of a lead to ask about, and schedule the next check (I6); None if the lead is not pending."""
    with current().transaction() as session:
        lead = lock_lead(session, lead_id)
        waited = current().now() - lead.created_at
        wait = min(max(waited, FIRST_VERDICT_CHECK), LONGEST_VERDICT_CHECK)
        return lead.alc_lead_id if apply(session, lead, ASK_AGAIN, due_in=wait) else None


def due_for_verdict_check() -> Sequence[str]:
    """Return the pending leads about which ALC is to be asked now."""
    return due_leads("pending")


def _lock_lead_of(session: Session, event: LeadProcessed) -> Lead | None:
    """Lock the lead that a verdict is about, and return it. A verdict that is too early is kept, and is about none."""
    # Another verdict, or the answer to our POST, may arrive at the same time.
    lead = lock_lead_by(session, lambda: _lead_of(session, event))
    if lead is None or event.record_id not in (lead.record_id, lead.alc_record_id):
        return None
    if event.lead_id in (None, lead.alc_lead_id):
        return lead
    _keep_early(session, lead, event)
    return None


def _lead_of(session: Session, event: LeadProcessed) -> Lead | None:
    """Return the lead of an event, or else the open lead of its record: it may turn out to be the one.

    The tutorial's events name the record only.
    """
    if event.lead_id and (lead := lead_with(session, event.lead_id)):
        return lead
    return open_lead(session, event.record_id)


def _keep_early(session: Session, lead: Lead, event: LeadProcessed) -> None:
    if event.lead_id and lead.status == "sending" and not _later_verdict_is_kept(session, event):
        session.merge(
            EarlyEvent(
                alc_lead_id=event.lead_id,
                workspace_id=lead.workspace_id,
                event=event.model_dump_json(),
                received_at=current().now(),
            )
        )


def _later_verdict_is_kept(session: Session, event: LeadProcessed) -> bool:
    kept = session.get(EarlyEvent, event.lead_id)
    return kept is not None and _seconds(LeadProcessed.model_validate_json(kept.event)) >= _seconds(event)


def _seconds(event: LeadProcessed) -> float:
    return event.occurred_at.timestamp() if event.occurred_at else 0.0


def _apply_to_lead(session: Session, lead: Lead, event: LeadProcessed) -> bool:
    """Apply a verdict unless a later one was applied before (R16). Returns whether the lead has changed."""
    occurred_at = _seconds(event)
    if lead.status in ("complete", "failed") and occurred_at <= lead.occurred_at:
        return False
    found: dict[str, Any] = {
        "interest": event.interest,
        "summary": event.summary,
        "occurred_at": occurred_at,
        "unanswered": 0,
    }
    return apply(session, lead, event.status.lower(), **found)
