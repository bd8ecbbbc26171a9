"""Makes the record in Attio say what we know about a lead: one writer at a time, until it does.

`version` counts what the record should say, `shown_version` what it does say. A run that finds them different writes;
what could not be written is due again later. So in whatever order things happen, the record ends equal to the latest
state of the row (C4).

TUTORIAL: it writes what just happened, so a late "Pending" can overwrite a "Complete".
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from sqlmodel import Session, col, select

from alc_app.attio.host.backoff import backoff
from alc_app.attio.host.context import current, step
from alc_app.clients import attio_api
from alc_app.clients.attio_api import AnswerLost, AttioApiError, Forbidden, NotFound
from alc_app.leads.models import Claim, Lead, due, lock_record, locked

WRITER_LEASE = 60.0
"""Seconds. Longer than any call to Attio may take; a writer that died is followed by another after this."""

STRAY = 30.0
"""Seconds after which a write whose answer was lost has been made, or never will be."""
log = logging.getLogger(__name__)


def sync_record(lead_id: str) -> None:
    """Write `alc_lead_id`, `alc_status` and `alc_interest` of this lead to its person. Usage 9, Later 11.

    Returns when the record is up to date or another run is writing it; what cannot be written now is due again later.
    """
    while lead := claim(lead_id):
        try:
            if not _write(lead_id, lead.record_id, lead.values):
                return
        except (NotFound, Forbidden) as error:
            log.warning("The record %s cannot be written: %s", lead.record_id, error.message)
            mark_undeliverable(lead_id, lead.record_id, error.message)
            return
        except AttioApiError as error:  # an attribute may be missing: somebody can mend that, so it stays due
            log.warning("The record %s is written later: %s", lead.record_id, error.message)
            may_arrive = isinstance(error, AnswerLost)
            retry_sync_later(lead_id, error.message, error.retry_after, may_arrive=may_arrive)
            return
        mark_synced(lead_id, lead.version)
        told = {"record_id": lead.record_id, "lead_id": lead_id}
        log.info("The record %s says %s.", lead.record_id, lead.values["alc_status"], extra=told)


@step
def _write(lead_id: str, record_id: str, values: dict[str, str | None]) -> bool:
    """False, when another run has taken over: what we were to write may be older than what the record says."""
    if not renew_claim(lead_id):
        return False
    attio_api.update_record("people", record_id, values)
    return True


@step
def claim(lead_id: str) -> Claim | None:
    """The right to write this lead to its record; None when it says so already or another run is at it (C4)."""
    now, writer = current().now(), current().run_id
    with current().transaction() as session:
        lead = _locked_with_its_record(session, lead_id)
        if lead.shown_version == lead.version:
            return None
        if _newer_lead(session, lead):  # the record belongs to a later send now
            lead.shown_version, lead.due_at = lead.version, None
            return None
        busy = col(Lead.writer).is_not(None) & (col(Lead.writer) != writer) & (col(Lead.writer_until) > now)
        if session.exec(select(Lead.id).where(Lead.record_id == lead.record_id, busy)).first():
            return None
        lead.writer, lead.writer_until = writer, now + WRITER_LEASE
        return Claim(lead.record_id, lead.values(), lead.version)


def renew_claim(lead_id: str) -> bool:
    """Has nobody else written since we claimed? A run that was lost for longer than its lease comes back too late.

    Not a step: it is asked within the one that writes, whenever that one is begun.
    """
    with current().transaction() as session:
        lead = _locked_with_its_record(session, lead_id)
        if lead.writer != current().run_id or _newer_lead(session, lead):
            return False
        lead.writer_until = current().now() + WRITER_LEASE
        return True


@step
def mark_synced(lead_id: str, version: int) -> None:
    """The record says what our row said at `version`."""
    with current().transaction() as session:
        lead = locked(session, lead_id)
        lead.shown_version, lead.writer, lead.why, lead.tries = version, None, None, 0
        lead.due_at = None if lead.version == version else current().now()
        current().publish("record", {"record_id": lead.record_id, "values": lead.values()})


@step
def retry_sync_later(lead_id: str, why: str, retry_after: float | None, *, may_arrive: bool = False) -> None:
    """The record could not be written now; it is due again after a while, or when Attio asked us to come back.

    A write that `may_arrive` yet keeps the record to itself meanwhile: it must not undo the one that follows.
    """
    with current().transaction() as session:
        lead = locked(session, lead_id)
        lead.tries, lead.why = lead.tries + 1, why
        lead.due_at = current().now() + max(backoff(lead.tries, 1.0), retry_after or 0, STRAY if may_arrive else 0)
        lead.writer, lead.writer_until = ("stray", current().now() + STRAY) if may_arrive else (None, 0.0)


@step
def mark_undeliverable(lead_id: str, record_id: str, why: str) -> None:
    """The record cannot be written any more; the lead ends here, with the reason (C5), unless it has moved on."""
    with current().transaction() as session:
        lead = locked(session, lead_id)
        if lead.record_id != record_id:  # merged into another, which is to be written instead
            lead.writer = None
            return
        lead.undelivered, lead.status, lead.why = lead.undelivered or lead.status, "undeliverable", why
        lead.shown_version, lead.writer, lead.due_at = lead.version, None, None
        current().publish("dead_letter", {"id": f"lead:{lead_id}"})


@step
def is_synced(lead_id: str) -> bool:
    """Does the record say what we know?"""
    with current().transaction() as session:
        lead = locked(session, lead_id)
        return bool(lead.shown_version == lead.version)


def due_to_sync() -> Sequence[str]:
    """Leads that their record does not show yet."""
    return due(col(Lead.shown_version) < col(Lead.version))


def _locked_with_its_record(session: Session, lead_id: str) -> Lead:
    """The row, and the right to decide for all leads of its record."""
    lock_record(session, session.exec(select(Lead.record_id).where(Lead.id == lead_id)).one())
    return session.get_one(Lead, lead_id)


def _newer_lead(session: Session, lead: Lead) -> bool:
    later = (
        Lead.workspace_id == lead.workspace_id,
        Lead.record_id == lead.record_id,
        Lead.created_at > lead.created_at,
    )
    # One that is still being sent may come to nothing, and until then the record shows the last one that did not.
    reached_alc = col(Lead.status).not_in(("sending", "not_sent"))
    return session.exec(select(Lead.id).where(*later, reached_alc)).first() is not None
