"""The changes of a lead's state, from the click to ALC's verdict. README.md beside this file draws them.

One row for each lead that is to be sent. It is written before anything is sent, and its id is ALC's idempotency key.
While a lead is open (sending, pending), a unique index keeps it the only open one of its record. A lead that was
requested in the CRM and never reached ALC ends as failed, not as not_sent: the record must show it.

TUTORIAL: it keeps no state, and so it cannot know what it has lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import NAMESPACE_URL, uuid4, uuid5

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from alc_app.attio.host.backoff import backoff
from alc_app.attio.host.context import current, step
from alc_app.clients.alc_events import LeadProcessed
from alc_app.leads.models import (
    OPEN,
    TERMINAL,
    EarlyEvent,
    Intent,
    Lead,
    due_leads,
    in_this_workspace,
    lock_lead,
    lock_record,
    open_lead,
)

SEND_TIMEOUT = 240.0
"""Seconds after which ALC is asked about a send: longer than all calls and waits of a send together."""
FIRST_RETRY = 30.0
"""Seconds until ALC is asked again about a send; then twice as long each time."""
FIRST_VERDICT_CHECK = 900.0
"""Seconds after which ALC is asked for a verdict; then again after twice as long, up to a day."""
LONGEST_VERDICT_CHECK = 86_400.0


def open_send(record_id: str) -> Intent:
    """Store that this record is to be sent, before anything is sent; or return its open lead (C1)."""
    with current().transaction() as session:
        lead = open_lead(session, record_id) or _new_lead(session, record_id)
        return Intent(lead.id, lead.alc_lead_id, lead.attempt)


@step
def open_requested_send(record_id: str, request: str) -> str | None:
    """Store that a user requested this send in the CRM. Returns the lead to send, or None if there is nothing to send.

    The lead's id is made from the request: an event that Attio delivers twice, or days late, makes one lead (C1). If
    the record has a pending lead, its status is written again, over the "Requested" that the user has written.
    """
    workspace = current().settings.workspace_id
    lead_id = uuid5(NAMESPACE_URL, f"{workspace}/{record_id}/{request}").hex
    with current().transaction() as session:
        lock_record(session, record_id)
        if known := session.get(Lead, lead_id):
            return lead_id if known.status == "sending" else None
        lead = open_lead(session, record_id) or _new_lead(session, record_id, id=lead_id, requested=True)
        if lead.id != lead_id and lead.status == "pending":
            lead.version, lead.tries, lead.due_at = lead.version + 1, 0, current().now()
        return lead_id if lead.id == lead_id else None


@step
def claim_for_send(record_id: str) -> Intent | None:
    """Return the open lead of this record, and keep `resolve_send` off it while this run sends it; None without one."""
    with current().transaction() as session:
        lock_record(session, record_id)
        lead = open_lead(session, record_id)
        if lead is None:
            return None
        if lead.status == "sending":
            lead.due_at = current().now() + SEND_TIMEOUT
        return Intent(lead.id, lead.alc_lead_id, lead.attempt)


def record_post_attempt(lead_id: str) -> bool:
    """Count a POST before it is made. False if the lead has ended meanwhile: then it must not be sent (I1).

    Not a step: a POST that is repeated after a crash counts again, and is refused if the record was sent again.
    """
    with current().transaction() as session:
        lead = lock_lead(session, lead_id)
        if lead.never_reached_alc or lead.status == "undeliverable":
            return False
        lead.posts += 1
        if lead.status == "sending":
            lead.due_at = current().now() + SEND_TIMEOUT
        return True


@step
def mark_sent(lead_id: str, alc_lead_id: str) -> None:
    """Store that ALC has the lead. A verdict that arrived early is applied in the same transaction (R15)."""
    with current().transaction() as session:
        lead = lock_lead(session, lead_id)
        if lead.alc_lead_id:
            return
        # ALC answered with one of our older leads, as if this send were a repetition.
        if session.exec(select(Lead.id).where(Lead.alc_lead_id == alc_lead_id)).first():
            _end_unsent(lead)
            lead.why = f"ALC knows it as {alc_lead_id}, sent before."
            return
        lead.alc_lead_id = alc_lead_id
        if lead.status == "sending" or (lead.never_reached_alc and open_lead(session, lead.record_id) is None):
            lead.status, lead.ask_at = "pending", current().now() + FIRST_VERDICT_CHECK
        if lead.status in (*OPEN, *TERMINAL):  # not only OPEN: a verdict without a lead id may have come first
            lead.version, lead.tries, lead.due_at = lead.version + 1, 0, current().now()
        if early := session.get(EarlyEvent, alc_lead_id):
            _apply_to_lead(lead, LeadProcessed.model_validate_json(early.event))
            session.delete(early)


@step
def mark_not_sent(lead_id: str, *, refused: int = 0, only_if_due: bool = False) -> None:
    """End a lead that has not reached ALC, so that the next click makes a new one.

    If there were more POSTs than ALC has `refused`, the answer to one was lost, in this run or an earlier one: the lead
    stays open until ALC has been asked about it. `only_if_due` means that ALC was asked and does not have the lead; a
    lead that a run is sending at the moment is then left alone.
    """
    with current().transaction() as session:
        lead = lock_lead(session, lead_id)
        if lead.status != "sending":
            return
        if only_if_due and lead.due_at and lead.due_at > current().now():
            return
        if lead.posts > refused and not only_if_due:
            _check_later(lead)
        else:
            _end_unsent(lead)
            if only_if_due:  # the user has not seen this result: list it as a dead letter
                lead.why = "ALC has never received it."
                current().publish("dead_letter", {"id": f"send:{lead_id}"})


@step
def retry_later(lead_id: str) -> None:
    """Keep a lead open that ALC may have: ask ALC later, and let a click try again with the same key (C2)."""
    with current().transaction() as session:
        lead = lock_lead(session, lead_id)
        if lead.status == "sending":
            _check_later(lead)


@step
def apply_verdict(event: LeadProcessed) -> str | None:
    """Store ALC's verdict. Returns our lead's id, or None if the record has nothing new to show.

    None means: not one of our leads (R12), older than the verdict that we have (R16), or too early (R15).
    """
    return _apply_verdict(event)


@step
def apply_verdicts(events: Sequence[LeadProcessed]) -> list[str]:
    """Store verdicts that webhooks may not have delivered. Returns the ids of our leads that have changed."""
    return [lead_id for event in events if (lead_id := _apply_verdict(event))]


def _apply_verdict(event: LeadProcessed) -> str | None:
    with current().transaction() as session:
        lock_record(session, event.record_id)  # another verdict, or the answer to our POST, may arrive too
        lead = _lead_of(session, event)
        if lead is None:
            _keep_early(session, event)
            return None
        return lead.id if _apply_to_lead(lead, event) else None


@step
def record_of(alc_lead_id: str) -> str | None:
    """Return the record of the lead with ALC's id; None if the lead is not ours."""
    ours = (in_this_workspace(), col(Lead.alc_lead_id) == alc_lead_id)
    with current().reading() as session:
        found: str | None = session.exec(select(Lead.record_id).where(*ours)).first()
        return found


@step
def next_verdict_check(lead_id: str) -> str | None:
    """Return ALC's id of a lead to ask about, and schedule the next check (I6); None if the lead is not pending."""
    with current().transaction() as session:
        lead = lock_lead(session, lead_id)
        if lead.status != "pending" or lead.ask_at is None:
            return None
        waited = current().now() - lead.created_at
        lead.ask_at = current().now() + min(max(waited, FIRST_VERDICT_CHECK), LONGEST_VERDICT_CHECK)
        return lead.alc_lead_id


@step
def schedule_verdict_check() -> None:
    """Have ALC asked about every pending lead: its webhooks may have been lost while there was no connection."""
    pending = (in_this_workspace(), col(Lead.status) == "pending")
    with current().transaction() as session:
        session.exec(update(Lead).where(*pending).values(ask_at=current().now() + 5))


def due_for_verdict_check() -> Sequence[str]:
    """Return the pending leads about which ALC is to be asked now."""
    with current().reading() as session:
        due = (col(Lead.ask_at) <= current().now(), col(Lead.status) == "pending")
        return list(session.exec(select(Lead.id).where(*due).limit(100)))


def due_to_resolve() -> Sequence[str]:
    """Return the leads whose send is unresolved: an answer was lost, or a process died between two writes."""
    return due_leads(col(Lead.status) == "sending")


def _end_unsent(lead: Lead) -> None:
    """End a lead that ALC has not got: as not sent, or as failed if the record has to say so."""
    lead.status, lead.due_at = "not_sent", None
    if lead.requested:
        lead.status, lead.version, lead.due_at = "failed", lead.version + 1, current().now()


def _check_later(lead: Lead) -> None:
    lead.attempt, lead.tries = lead.attempt + 1, lead.tries + 1
    lead.due_at = current().now() + backoff(lead.tries, FIRST_RETRY)


def _new_lead(session: Session, record_id: str, *, id: str = "", requested: bool = False) -> Lead:
    now = current().now()
    lead = Lead(
        id=id or uuid4().hex,
        workspace_id=current().settings.workspace_id,
        record_id=record_id,
        created_at=now,
        due_at=now + SEND_TIMEOUT,
        requested=requested,
    )
    try:
        with session.begin_nested():
            session.add(lead)
    except IntegrityError:  # another process has made one meanwhile
        return open_lead(session, record_id) or _new_lead(session, record_id)
    return lead


def _lead_of(session: Session, event: LeadProcessed) -> Lead | None:
    if event.lead_id is None:  # the tutorial's events name the record only
        return open_lead(session, event.record_id)
    ours = (in_this_workspace(), col(Lead.alc_lead_id) == event.lead_id)
    lead = session.exec(select(Lead).where(*ours)).first()
    if lead is None or event.record_id not in (lead.record_id, lead.alc_record_id):
        return None
    if lead.record_id != event.record_id:  # the record was merged after ALC got the lead
        lock_record(session, lead.record_id)
        session.refresh(lead)
    return lead


def _keep_early(session: Session, event: LeadProcessed) -> None:
    lead = open_lead(session, event.record_id)
    if event.lead_id and lead and lead.status == "sending" and not _later_verdict_is_kept(session, event):
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


def _apply_to_lead(lead: Lead, event: LeadProcessed) -> bool:
    """Apply a verdict unless a later one was applied before (R16). Returns whether the lead has changed."""
    occurred_at = _seconds(event)
    if lead.status == "undeliverable" or (lead.status in TERMINAL and occurred_at <= lead.occurred_at):
        return False
    lead.status, lead.interest, lead.summary = event.status.lower(), event.interest, event.summary
    lead.occurred_at, lead.version = occurred_at, lead.version + 1
    lead.tries, lead.due_at = 0, current().now()
    return True
