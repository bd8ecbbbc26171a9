"""The door to our own memory: one row for each lead that was meant to be sent, and every change of its state.

    sending → pending → complete | failed        and: not_sent, undeliverable

One that was asked for in the CRM and never reached ALC ends as failed, not as not_sent: the record must say so.

A row is written before anything is sent, and its id is ALC's idempotency key. While it is open (sending, pending) it
is the only one for its record: a unique index, not a check. `version` counts what the record in Attio should say,
`shown_version` what it does say. TUTORIAL: it has no memory, and so it cannot know what it has lost.
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
from alc_app.leads.models import OPEN, TERMINAL, EarlyEvent, Intent, Lead, due, lock_record, locked, open_lead

RUN_WITHIN = 240.0
"""Seconds. A send that has said nothing for so long is looked into: longer than all its calls and waits together."""
FIRST_LOOK = 30.0
ASK_AFTER = 900.0
"""Seconds after which ALC is asked what became of a lead; then again after twice as long, up to a day."""
LONGEST_ASK = 86_400.0


def open_send(record_id: str) -> Intent:
    """Store that this record is to be sent, before anything is sent; or return the send that is open already (C1)."""
    with current().transaction() as session:
        lead = open_lead(session, record_id) or _new_lead(session, record_id)
        return Intent(lead.id, lead.alc_lead_id, lead.attempt)


@step
def open_requested_send(record_id: str, request: str) -> str | None:
    """Write down that somebody in the CRM wants this record sent; returns the lead to send, or None.

    The id is made of the request, so one that is told twice, or days late, is one lead for ever (C1). A lead that is
    under way answers the request too: it is shown again, over what the person has written.
    """
    workspace = current().settings.workspace_id
    lead_id = uuid5(NAMESPACE_URL, f"{workspace}/{record_id}/{request}").hex
    with current().transaction() as session:
        lock_record(session, record_id)
        if asked_before := session.get(Lead, lead_id):
            return lead_id if asked_before.status == "sending" else None
        lead = open_lead(session, record_id) or _new_lead(session, record_id, id=lead_id, requested=True)
        if lead.id != lead_id and lead.status == "pending":
            lead.version, lead.tries, lead.due_at = lead.version + 1, 0, current().now()
        return lead_id if lead.id == lead_id else None


@step
def claim_for_send(record_id: str) -> Intent | None:
    """The open lead of this record, which nobody looks into while the run that asks is at it."""
    with current().transaction() as session:
        lock_record(session, record_id)
        lead = open_lead(session, record_id)
        if lead is None:
            return None
        if lead.status == "sending":
            lead.due_at = current().now() + RUN_WITHIN
        return Intent(lead.id, lead.alc_lead_id, lead.attempt)


def record_post_attempt(lead_id: str) -> bool:
    """Count a POST before it is made, and keep the intent for it; False, when the intent was given up meanwhile.

    Not a step: one that a crash makes us repeat counts again, and may come so late that the record was sent anew (I1).
    """
    with current().transaction() as session:
        lead = locked(session, lead_id)
        if lead.never_reached_alc or lead.status == "undeliverable":
            return False
        lead.posts += 1
        if lead.status == "sending":
            lead.due_at = current().now() + RUN_WITHIN
        return True


@step
def mark_sent(lead_id: str, alc_lead_id: str) -> None:
    """ALC has the lead. A verdict that came before we knew is taken up in the same transaction (R15)."""
    with current().transaction() as session:
        lead = locked(session, lead_id)
        if lead.alc_lead_id:
            return
        if session.exec(select(Lead.id).where(Lead.alc_lead_id == alc_lead_id)).first():  # for ALC it is nothing new
            lead.status, lead.due_at, lead.why = "not_sent", None, f"ALC knows it as {alc_lead_id}, sent before."
            return
        lead.alc_lead_id = alc_lead_id
        if lead.status == "sending" or (lead.never_reached_alc and open_lead(session, lead.record_id) is None):
            lead.status, lead.ask_at = "pending", current().now() + ASK_AFTER
        if lead.status in (*OPEN, *TERMINAL):  # a verdict that named no lead may have come first: it stays
            lead.version, lead.tries, lead.due_at = lead.version + 1, 0, current().now()
        if early := session.get(EarlyEvent, alc_lead_id):
            _apply_to_lead(lead, LeadProcessed.model_validate_json(early.event))
            session.delete(early)


@step
def mark_not_sent(lead_id: str, *, refused: int = 0, only_if_due: bool = False) -> None:
    """Nothing reached ALC, for certain: the intent is closed, and the next click begins anew.

    A POST beyond those that ALC has `refused` is one whose answer was lost, in this run or an earlier one: the intent
    stays open until ALC has been asked. `only_if_due` says that it has been, and spares an intent that a run has taken
    up.
    """
    with current().transaction() as session:
        lead = locked(session, lead_id)
        if lead.status != "sending":
            return
        if only_if_due and lead.due_at and lead.due_at > current().now():
            return
        if lead.posts > refused and not only_if_due:
            _check_later(lead)
        else:
            lead.status, lead.due_at = "not_sent", None
            if lead.requested:
                lead.status, lead.version, lead.due_at = "failed", lead.version + 1, current().now()
            if only_if_due:  # whoever clicked has gone by now, and was told that nobody knew
                lead.why = "ALC has never received it."
                current().publish("dead_letter", {"id": f"send:{lead_id}"})


@step
def retry_later(lead_id: str) -> None:
    """Nobody knows whether ALC has it: keep the intent and its key, ask again later, let a click try again (C2)."""
    with current().transaction() as session:
        lead = locked(session, lead_id)
        if lead.status == "sending":
            _check_later(lead)


@step
def apply_verdict(event: LeadProcessed) -> str | None:
    """Take ALC's verdict; returns our lead's id, or None when there is nothing to show.

    None means: not a lead of ours (R12), a verdict older than the one we have (R16), or one that is early (R15).
    """
    return _apply_verdict(event)


@step
def apply_verdicts(events: Sequence[LeadProcessed]) -> list[str]:
    """Take verdicts that no webhook may have told; returns our leads for which one was news."""
    return [lead_id for event in events if (lead_id := _apply_verdict(event))]


def _apply_verdict(event: LeadProcessed) -> str | None:
    with current().transaction() as session:
        lock_record(session, event.record_id)  # another verdict, or the send's own answer, may be coming in
        lead = _lead_of(session, event)
        if lead is None:
            _keep_early(session, event)
            return None
        return lead.id if _apply_to_lead(lead, event) else None


@step
def record_of(alc_lead_id: str) -> str | None:
    """The record of a lead that ALC names, if the lead is ours."""
    ours = (Lead.alc_lead_id == alc_lead_id, Lead.workspace_id == current().settings.workspace_id)
    with current().reading() as session:
        found: str | None = session.exec(select(Lead.record_id).where(*ours)).first()
        return found


@step
def next_verdict_check(lead_id: str) -> str | None:
    """ALC's id of a lead that it is still at; None when there is nothing to ask. The next time to ask is set (I6)."""
    with current().transaction() as session:
        lead = locked(session, lead_id)
        if lead.status != "pending" or lead.ask_at is None:
            return None
        waited = current().now() - lead.created_at
        lead.ask_at = current().now() + min(max(waited, ASK_AFTER), LONGEST_ASK)
        return lead.alc_lead_id


@step
def schedule_verdict_check() -> None:
    """Ask ALC about every lead that it is at: its webhooks may have come while nobody was connected."""
    mine = (col(Lead.workspace_id) == current().settings.workspace_id, col(Lead.status) == "pending")
    with current().transaction() as session:
        session.exec(update(Lead).where(*mine).values(ask_at=current().now() + 5))


def due_for_verdict_check() -> Sequence[str]:
    """Leads whose verdict has not come for so long that ALC is asked for it."""
    with current().reading() as session:
        due = (col(Lead.ask_at) <= current().now(), col(Lead.status) == "pending")
        return list(session.exec(select(Lead.id).where(*due).limit(100)))


def due_to_resolve() -> Sequence[str]:
    """Leads whose send has to be looked into: an answer was lost, or a process died between two writes."""
    return due(col(Lead.status) == "sending")


def _check_later(lead: Lead) -> None:
    lead.attempt, lead.tries = lead.attempt + 1, lead.tries + 1
    lead.due_at = current().now() + backoff(lead.tries, FIRST_LOOK)


def _new_lead(session: Session, record_id: str, *, id: str = "", requested: bool = False) -> Lead:
    now = current().now()
    lead = Lead(
        id=id or uuid4().hex,
        workspace_id=current().settings.workspace_id,
        record_id=record_id,
        created_at=now,
        due_at=now + RUN_WITHIN,
        requested=requested,
    )
    try:
        with session.begin_nested():
            session.add(lead)
    except IntegrityError:  # another process was faster: its lead is the one
        return open_lead(session, record_id) or _new_lead(session, record_id)
    return lead


def _lead_of(session: Session, event: LeadProcessed) -> Lead | None:
    if event.lead_id is None:  # the tutorial's handler knows the record only
        return open_lead(session, event.record_id)
    ours = (Lead.alc_lead_id == event.lead_id, Lead.workspace_id == current().settings.workspace_id)
    lead = session.exec(select(Lead).where(*ours)).first()
    if lead is None or event.record_id not in (lead.record_id, lead.alc_record_id):
        return None
    if lead.record_id != event.record_id:  # the record was merged into another since ALC has it
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
    waiting = session.get(EarlyEvent, event.lead_id)
    return waiting is not None and _instant(LeadProcessed.model_validate_json(waiting.event)) >= _instant(event)


def _instant(event: LeadProcessed) -> float:
    return event.occurred_at.timestamp() if event.occurred_at else 0.0


def _apply_to_lead(lead: Lead, event: LeadProcessed) -> bool:
    """Apply a verdict if it is news: any verdict after Pending, between two verdicts the later one (R16)."""
    occurred_at = _instant(event)
    if lead.status == "undeliverable" or (lead.status in TERMINAL and occurred_at <= lead.occurred_at):
        return False
    lead.status, lead.interest, lead.summary = event.status.lower(), event.interest, event.summary
    lead.occurred_at, lead.version = occurred_at, lead.version + 1
    lead.tries, lead.due_at = 0, current().now()
    return True
