"""Dead letters: records that cannot be written, and sends that never reached ALC and that nobody has seen fail."""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists
from sqlalchemy.orm import aliased
from sqlmodel import and_, col, select

from alc_app.attio.host.context import current
from alc_app.attio.host.doctor import DeadLetter
from alc_app.leads.models import Lead, RecordSync, in_this_workspace, lock_record
from alc_app.leads.record_values import retry_now

SEND_AGAIN = "Open the person and press Send to ALC again. The app never starts a chat by itself."
LIMIT = 200


def list_blocked() -> list[DeadLetter]:
    """List the records that cannot be written. They are tried again now and then, but a person may have to help."""
    blocked = (in_this_workspace(RecordSync), cannot_be_shown())
    query = select(RecordSync).where(*blocked).order_by(col(RecordSync.changed_at).desc()).limit(LIMIT)
    with current().reading() as session:
        return [
            DeadLetter(
                sync.record_id,
                f"The record {sync.record_id} cannot show its ALC status, {sync.alc_status}.",
                sync.why or "",
                sync.changed_at,
                record_id=sync.record_id,
            )
            for sync in session.exec(query)
        ]


def sync_again(record_id: str) -> str:
    """Have a record written again now. Returns a sentence for the user."""
    with current().transaction() as session:
        lock_record(session, record_id)
        retry_now(session, record_id)
    return f"The record {record_id} is being written again."


def list_not_sent() -> list[DeadLetter]:
    """List the sends that ended as not sent after it had been unknown for a while whether ALC had them."""
    dead = (in_this_workspace(), nobody_was_told())
    with current().reading() as session:
        return [
            DeadLetter(
                lead.id,
                f"Sending the record {lead.record_id} to ALC failed.",
                lead.why or "",
                lead.created_at,
                SEND_AGAIN,
                record_id=lead.record_id,
            )
            for lead in session.exec(select(Lead).where(*dead).order_by(col(Lead.created_at).desc()).limit(LIMIT))
        ]


def cannot_be_shown() -> ColumnElement[bool]:
    """Return the condition that a `RecordSync` is a dead letter: it has news that its record cannot be given."""
    behind = col(RecordSync.shown_version) < col(RecordSync.version)
    return and_(behind, col(RecordSync.blocked).is_not(None), col(RecordSync.why).is_not(None))


def nobody_was_told() -> ColumnElement[bool]:
    """Return the condition that a `Lead` is a dead letter.

    One that the record shows as Failed is none, nor is one after which the person was sent again.
    """
    later = aliased(Lead)
    same = (col(later.workspace_id) == col(Lead.workspace_id), col(later.record_id) == col(Lead.record_id))
    sent_again = exists().where(*same, col(later.created_at) > col(Lead.created_at))
    was_unseen = (col(Lead.why).is_not(None), col(Lead.resend_until).is_(None))
    return and_(col(Lead.status) == "not_sent", *was_unseen, ~sent_again)
