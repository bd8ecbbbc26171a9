"""Make the record in Attio show what our row says about its lead: one writer at a time, until they are equal.

The writing is level-triggered: it compares two versions and does not replay changes. `version` counts what the record
should show, `shown_version` what it does show. A run that finds them different writes the latest state; a write that
fails is due again later. So the record ends equal to the row, in whatever order things happen (C4).

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
from alc_app.leads.models import Claim, Lead, due_leads, lead_to_show, lock_lead, lock_record

WRITER_LEASE = 60.0
"""Seconds: longer than any call to Attio may take. If a writer dies, another may take over after this time."""
LATE_WRITE = 30.0
"""Seconds after which Attio has carried out a write whose answer was lost, or never will."""
log = logging.getLogger(__name__)


def sync_record(lead_id: str) -> None:
    """Write `alc_lead_id`, `alc_status` and `alc_interest` of this lead to its record. Usage 9, Later 11.

    Returns when the record is up to date or another run is writing it. A write that fails is due again later.
    """
    while lead := claim(lead_id):
        try:
            if not _write(lead_id, lead.record_id, lead.values):
                return
        except (NotFound, Forbidden) as error:
            log.warning("The record %s cannot be written: %s", lead.record_id, error.message)
            mark_undeliverable(lead_id, lead.record_id, error.message)
            return
        except AttioApiError as error:  # even a refusal is retried: a missing attribute can be added
            log.warning("The record %s is written later: %s", lead.record_id, error.message)
            answer_lost = isinstance(error, AnswerLost)
            retry_sync_later(lead_id, error.message, error.retry_after, answer_lost=answer_lost)
            return
        mark_synced(lead_id, lead.version)
        ids = {"record_id": lead.record_id, "lead_id": lead_id}
        log.info("The record %s says %s.", lead.record_id, lead.values["alc_status"], extra=ids)


@step
def _write(lead_id: str, record_id: str, values: dict[str, str | None]) -> bool:
    """Write the record, unless another run has taken over and may have written something newer: then return False."""
    if not renew_claim(lead_id):
        return False
    attio_api.update_record("people", record_id, values)
    return True


@step
def claim(lead_id: str) -> Claim | None:
    """Claim the right to write the record; None if it is up to date or another run is writing (C4)."""
    now, writer = current().now(), current().run_id
    with current().transaction() as session:
        lead = _lock_record_of(session, lead_id)
        if lead.shown_version == lead.version:
            return None
        if not _is_to_be_shown(session, lead):  # the record shows another lead now
            lead.shown_version, lead.due_at = lead.version, None
            return None
        busy = col(Lead.writer).is_not(None) & (col(Lead.writer) != writer) & (col(Lead.writer_until) > now)
        if session.exec(select(Lead.id).where(Lead.record_id == lead.record_id, busy)).first():
            return None
        lead.writer, lead.writer_until = writer, now + WRITER_LEASE
        return Claim(lead.record_id, lead.values(), lead.version)


def renew_claim(lead_id: str) -> bool:
    """Extend the claim; False if this run has lost it, because it was away for longer than its lease.

    Not a step: it runs inside the step that writes, each time that this one begins.
    """
    with current().transaction() as session:
        lead = _lock_record_of(session, lead_id)
        if lead.writer != current().run_id or not _is_to_be_shown(session, lead):
            return False
        lead.writer_until = current().now() + WRITER_LEASE
        return True


@step
def mark_synced(lead_id: str, version: int) -> None:
    """Store that the record shows `version` of the row, unless this run is not the writer any more.

    After a crash the step may run a second time, when another run has written a newer version since.
    """
    with current().transaction() as session:
        lead = lock_lead(session, lead_id)
        if lead.writer != current().run_id:
            return
        lead.shown_version, lead.writer, lead.why, lead.tries = version, None, None, 0
        lead.due_at = None if lead.version == version else current().now()
        current().publish("record", {"record_id": lead.record_id, "values": lead.values()})


@step
def retry_sync_later(lead_id: str, why: str, retry_after: float | None, *, answer_lost: bool = False) -> None:
    """Make the record due again after a backoff of seconds, or after what Attio asked for in `Retry-After`.

    After `answer_lost` Attio may still carry out the write. Nobody writes the record until that is over, so that the
    late write cannot undo the next one.
    """
    with current().transaction() as session:
        lead = lock_lead(session, lead_id)
        lead.tries, lead.why = lead.tries + 1, why
        now, late = current().now(), LATE_WRITE if answer_lost else 0.0
        lead.due_at = now + max(backoff(lead.tries, 1.0), retry_after or 0, late)
        lead.writer, lead.writer_until = ("late write", now + late) if answer_lost else (None, 0.0)


@step
def mark_undeliverable(lead_id: str, record_id: str, why: str) -> None:
    """End a lead whose record cannot be written any more, with the reason (C5), unless the lead has been moved."""
    with current().transaction() as session:
        lead = lock_lead(session, lead_id)
        if lead.record_id != record_id:  # it was merged into another record, which is written instead
            lead.writer = None
            return
        lead.undelivered, lead.status, lead.why = lead.undelivered or lead.status, "undeliverable", why
        lead.shown_version, lead.writer, lead.due_at = lead.version, None, None
        current().publish("dead_letter", {"id": f"lead:{lead_id}"})


@step
def is_synced(lead_id: str) -> bool:
    """Tell whether the record shows the latest state of the lead."""
    with current().transaction() as session:
        lead = lock_lead(session, lead_id)
        return bool(lead.shown_version == lead.version)


def due_to_sync() -> Sequence[str]:
    """Return the leads that are due and whose record is not up to date."""
    return due_leads(col(Lead.shown_version) < col(Lead.version))


def _lock_record_of(session: Session, lead_id: str) -> Lead:
    """Lock all leads of the lead's record, and return the lead."""
    lock_record(session, session.exec(select(Lead.record_id).where(Lead.id == lead_id)).one())
    return session.get_one(Lead, lead_id)


def _is_to_be_shown(session: Session, lead: Lead) -> bool:
    of_record = (Lead.workspace_id == lead.workspace_id, Lead.record_id == lead.record_id)
    shown = lead_to_show(session.exec(select(Lead).where(*of_record)))
    return shown is None or shown.id == lead.id
