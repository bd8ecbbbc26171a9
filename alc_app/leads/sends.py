"""A send, from the click to ALC's answer: the row is written first, and its id is ALC's idempotency key.

TUTORIAL: it sends first and stores nothing. Whoever clicks again sends a second time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from sqlalchemy import update
from sqlmodel import Session, col, select

from alc_app.attio.host.backoff import backoff
from alc_app.attio.host.context import current, repeatable, step
from alc_app.leads.models import (
    EarlyEvent,
    Lead,
    due_leads,
    in_this_workspace,
    is_any_lead,
    lock_lead,
    lock_open_lead,
    locked_record,
    open_lead,
    present_record,
)
from alc_app.leads.record_sync import Claim, claim
from alc_app.leads.record_values import retry_now, update_values
from alc_app.leads.transitions import CLAIM, NOT_TAKEN, SEND, TAKEN, TRY_AGAIN, apply, begin
from alc_app.leads.verdicts import apply_early

FIRST_RETRY = 30.0
"""Seconds until a send that came to nothing is tried again; then twice as long each time."""
RESEND_FOR = 3600.0
"""Seconds for which a lead is sent again by itself. After that the user would not expect it any more."""
NEVER_RECEIVED = "ALC has never received it."


@dataclass(frozen=True)
class Send:
    """A lead that is under way, as those need it who send it."""

    id: str
    record_id: str
    alc_record_id: str
    alc_lead_id: str | None
    attempt: int = 0
    name: str | None = None
    phone_number: str | None = None
    may_resend: bool = False
    """Is it sent again by itself? Otherwise ALC is only asked whether it has it."""

    @property
    def run_key(self) -> str:
        """Return the idempotency key of the run that answers a click.

        Clicks on a lead that is being sent join one run; after each attempt that failed there is a new one. A lead that
        ALC has is not sent again, so each click on it is a run of its own, which sees whether ALC is connected now.
        """
        return f"{self.id}.{uuid4().hex if self.alc_lead_id else self.attempt}"


def open_send(record_id: str) -> Send:
    """Store that this record is to be sent, before anything is sent; or return its open lead (C1)."""
    with current().transaction() as session:
        lead = lock_open_lead(session, record_id) or begin(session, record_id, SEND, id=uuid4().hex)
        retry_now(session, lead.record_id)  # a person sees the record, so it is there
        return _as_send(lead)


@step
def open_requested_send(record_id: str, request: str) -> str | None:
    """Store that a user requested this send in the CRM. Returns the lead to send, or None if there is nothing to send.

    The lead's id is made from the request: an event that Attio delivers twice, or days late, makes one lead (C1). If
    the record has an open lead, its status is written again, over the "Requested" that the user has written.
    """
    lead_id = uuid5(NAMESPACE_URL, f"{current().settings.workspace_id}/{record_id}/{request}").hex
    with current().transaction() as session:
        lead = lock_open_lead(session, record_id)
        if known := session.get(Lead, lead_id):
            return lead_id if known.status == "sending" else None
        retry_now(session, lead.record_id if lead else present_record(session, record_id))
        if lead:
            update_values(session, lead.record_id, again=True)
            return None
        return begin(session, record_id, SEND, id=lead_id, resend_until=current().now() + RESEND_FOR).id


@step
def claim_for_send(record_id: str, name: str, phone_number: str) -> Send | None:
    """Return the open lead of this record, and keep `resolve_send` off it while this run sends it; None without one.

    ALC takes one body for one key. So the name and the number of an earlier attempt stay if ALC may have them. A lead
    that is sent again by itself is so for as long again.
    """
    with current().transaction() as session:
        lead = lock_open_lead(session, record_id)
        if lead is None:
            return None
        fields: dict[str, Any] = {"sender": current().run_id}
        if not (lead.unanswered and lead.phone_number):
            fields |= {"name": name, "phone_number": phone_number}
        if lead.resend_until is not None:
            fields["resend_until"] = current().now() + RESEND_FOR
        apply(session, lead, CLAIM, **fields)
        return _as_send(lead)


@step
def claim_to_resolve(lead_id: str) -> Send | None:
    """Return a lead whose send is due to be looked into, and keep others off it meanwhile; None if it is not due."""
    with current().transaction() as session:
        lead = lock_lead(session, lead_id)
        if lead.status != "sending" or lead.due_at is None:
            return None
        if lead.due_at > current().now() and lead.sender != current().run_id:  # this step may run again after a crash
            return None
        apply(session, lead, CLAIM, sender=current().run_id)
        return _as_send(lead)


def record_post_attempt(lead_id: str) -> bool:
    """Count a POST before it is made. False if the lead has ended meanwhile: then it must not be sent (I1).

    Not a step: a POST that is repeated after a crash counts again, and is refused if the record was sent again.
    """
    with current().transaction() as session:
        lead = lock_lead(session, lead_id)
        if lead.status == "not_sent":
            return False
        apply(session, lead, CLAIM, unanswered=lead.unanswered + 1)
        return True


@repeatable
def mark_sent(lead_id: str, alc_lead_id: str) -> Claim | None:
    """Store that ALC has the lead. A verdict that arrived early is applied in the same transaction (R15).

    Returns the claim of the record that shows it.
    """
    with current().transaction() as session:
        lead = lock_lead(session, lead_id)
        if lead.alc_lead_id is None:
            _mark_sent(session, lead, alc_lead_id)
        return claim(locked_record(session, lead.record_id))


@step
def mark_not_sent(lead_id: str, why: str, *, answered: bool = True, may_pass: bool = False) -> bool:
    """End a lead that has not reached ALC, so that the next click makes a new one. Returns whether it stays open.

    `answered`: it was the last POST that has failed. If the answer to an earlier one was lost, the lead stays open
    until ALC has been asked about it. `may_pass`: a lead that is sent again by itself is tried again.
    """
    with current().transaction() as session:
        lead = lock_lead(session, lead_id)
        if lead.status != "sending":
            return False
        lead.unanswered = max(lead.unanswered - answered, 0)
        goes_on = bool(lead.unanswered or (may_pass and _may_resend(lead)))
        if goes_on:
            apply(session, lead, TRY_AGAIN, due_in=backoff(lead.tries + 1, FIRST_RETRY))
        else:
            _end(session, lead, why, seen=True)
        return goes_on


@step
def mark_never_received(lead_id: str) -> None:
    """End a lead that ALC does not have, unless another run has begun to send it since this one has claimed it."""
    with current().transaction() as session:
        lead = lock_lead(session, lead_id)
        if lead.status == "sending" and lead.sender == current().run_id:
            lead.unanswered = 0
            _end(session, lead, NEVER_RECEIVED, seen=False)


@step
def retry_later(lead_id: str, why: str, retry_after: float | None = None, *, resend: bool = False) -> None:
    """Keep a lead open that ALC may have, or take later: a click, or a job, tries again with the same key (C2).

    `resend`: the user was told that we keep trying. It is then sent again for as long as the user would expect it, and
    after that the record says that nothing was sent.
    """
    with current().transaction() as session:
        lead = lock_lead(session, lead_id)
        if lead.status != "sending":
            return
        if resend and lead.resend_until is None:
            lead.resend_until = current().now() + RESEND_FOR
        if lead.unanswered or lead.resend_until is None or _may_resend(lead):
            wait = max(backoff(lead.tries + 1, FIRST_RETRY), retry_after or 0)
            apply(session, lead, TRY_AGAIN, due_in=wait)
        else:
            _end(session, lead, why, seen=False)


def dismiss_not_sent(lead_id: str) -> None:
    """Take a send off the list of dead letters: the row stays, without its reason."""
    with current().transaction() as session:
        session.exec(update(Lead).where(in_this_workspace(), col(Lead.id) == lead_id).values(why=None))


@step
def record_of(alc_lead_id: str) -> str | None:
    """Return the record of the lead with ALC's id; None if the lead is not ours."""
    ours = (in_this_workspace(), col(Lead.alc_lead_id) == alc_lead_id)
    with current().reading() as session:
        found: str | None = session.exec(select(Lead.record_id).where(*ours)).first()
        return found


def is_any_unanswered() -> bool:
    """Tell whether ALC may have a lead of ours whose id we do not know yet."""
    return is_any_lead(col(Lead.status) == "sending", col(Lead.unanswered) > 0)


def due_to_resolve() -> Sequence[str]:
    """Return the leads whose send is unresolved: ALC asked us to wait, an answer was lost, or a process died."""
    return due_leads("sending")


def _mark_sent(session: Session, lead: Lead, alc_lead_id: str) -> None:
    if session.exec(select(Lead.id).where(Lead.alc_lead_id == alc_lead_id)).first():
        # ALC answered with one of our older leads, as if this send were a repetition.
        _end(session, lead, f"ALC knows it as {alc_lead_id}, sent before.", seen=False)
    elif lead.status == "not_sent" and open_lead(session, lead.alc_record_id):
        lead.alc_lead_id = alc_lead_id  # the record was sent again meanwhile: this one waits for its verdict
    else:
        apply(session, lead, TAKEN, alc_lead_id=alc_lead_id, unanswered=0)
    if early := session.get(EarlyEvent, alc_lead_id):
        apply_early(session, lead, early)


def _may_resend(lead: Lead) -> bool:
    return lead.resend_until is not None and current().now() < lead.resend_until


def _end(session: Session, lead: Lead, why: str, *, seen: bool) -> None:
    """End a lead that ALC has not got. Unless a user has `seen` it on the page, somebody has to be told why."""
    looks_at_record = lead.resend_until is not None
    apply(session, lead, NOT_TAKEN, why=why if looks_at_record or not seen else None)
    if looks_at_record:  # it may say "Requested", or what an earlier lead has left
        update_values(session, lead.record_id, again=True)
        if locked_record(session, lead.record_id).alc_lead_id:  # it shows a chat and not this failure
            lead.resend_until = None
    if lead.why and lead.resend_until is None:
        current().publish("dead_letter", {"id": f"send:{lead.id}"})


def _as_send(lead: Lead) -> Send:
    may_resend = _may_resend(lead) and lead.phone_number is not None
    return Send(
        lead.id,
        lead.record_id,
        lead.alc_record_id,
        lead.alc_lead_id,
        lead.attempt,
        lead.name,
        lead.phone_number,
        may_resend,
    )
