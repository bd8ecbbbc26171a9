"""Make the record in Attio show what it should: one writer at a time, until the two are equal.

The writing is level-triggered: it compares two versions and does not replay changes. `version` counts what the record
should show, `shown_version` what it does show. A run that finds them different writes the latest values; a write that
fails is due again later. So the record ends right, in whatever order things happen (C4).

TUTORIAL: it writes what just happened, so a late "Pending" can overwrite a "Complete".
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, case, update
from sqlmodel import col, or_, select

from alc_app.attio.host.backoff import backoff
from alc_app.attio.host.context import current, repeatable
from alc_app.clients import attio_api
from alc_app.clients.attio_api import AnswerLost, AttioApiError, AttioRefused, Forbidden, NotFound
from alc_app.leads.models import FORBIDDEN, GONE, REFUSED, RecordSync, lock_record

WRITER_LEASE = 60.0
"""Seconds: longer than any call to Attio may take. If a writer dies, another may take over after this time; and at once
if its lease is said to end later than that, because the clock was set back."""
LATE_WRITE = 30.0
"""Seconds after which Attio has carried out a write whose answer was lost, or never will."""
NOBODY = "late write"
"""The writer of a record that nobody writes until then."""
FIRST_RETRY, FIRST_BLOCKED_RETRY, LONGEST_RETRY = 1.0, 60.0, 86_400.0
"""Seconds until a failed write is tried again; until one is that Attio has refused; the longest wait."""
LAST_TRY = 12
"""Writes to a record that Attio does not find, over some days; then it is taken for gone."""
_DUE = (
    select(col(RecordSync.record_id))
    .where(
        col(RecordSync.workspace_id) == bindparam("workspace_id"),
        col(RecordSync.due_at) <= bindparam("now"),
        or_(
            col(RecordSync.writer).is_(None),
            col(RecordSync.writer_until) < bindparam("shared_now"),
            col(RecordSync.writer_until) > bindparam("lease_from_now"),
        ),
    )
    .limit(100)
)
_MARK = (
    update(RecordSync)
    .where(
        col(RecordSync.workspace_id) == bindparam("workspace"),
        col(RecordSync.record_id) == bindparam("record"),
        col(RecordSync.writer) == bindparam("run"),
    )
    .values(
        shown_version=bindparam("shown"),
        writer=None,
        why=None,
        blocked=None,
        tries=0,
        due_at=case((col(RecordSync.version) == bindparam("shown"), None), else_=bindparam("now")),
    )
    .returning(
        col(RecordSync.version), col(RecordSync.alc_lead_id), col(RecordSync.alc_status), col(RecordSync.alc_interest)
    )
)
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Claim:
    """The right of one run to write the values of `version` to the record."""

    record_id: str
    values: dict[str, str | None]
    version: int
    begun: bool
    """A run that died may have written them already: this one before a crash, or the one whose lease has ended."""


@dataclass(frozen=True)
class Shown:
    """Whether a record shows what it should; `why` not, if it cannot be written at the moment."""

    shown: bool
    why: str | None


def sync_record(record_id: str) -> None:
    """Have the record show what it should, unless another run is writing it."""
    write_claimed(claim_record(record_id))


def write_claimed(claimed: Claim | None) -> None:
    """Write `alc_lead_id`, `alc_status` and `alc_interest` to the record, if it was claimed. Usage 9, Later 11.

    Returns when the record is up to date. A write that fails is due again later.
    """
    while claimed:
        try:
            write_record(claimed)
        except AttioApiError as error:  # even a refusal is retried: a permission can be given, an attribute added
            log.warning("The record %s will be written later: %s", claimed.record_id, error.message)
            retry_sync_later(claimed.record_id, error)
            return
        claimed = mark_synced(claimed)


def claim_record(record_id: str) -> Claim | None:
    """Claim the right to write the record; None if there is nothing to write now or another run is writing (C4)."""
    with current().transaction() as session:
        return claim(lock_record(session, record_id))


def claim(sync: RecordSync) -> Claim | None:
    """Claim a record that the current transaction has locked. A run may claim again, after a crash, what it has."""
    now, writer = current().shared_now(), current().run_id
    busy = sync.writer not in (None, writer) and now < sync.writer_until <= now + WRITER_LEASE
    waits = sync.due_at is None or sync.due_at > current().now()
    if sync.shown_version == sync.version or busy or waits:
        return None
    begun, sync.writer, sync.writer_until = sync.writer is not None, writer, now + WRITER_LEASE
    sync.due_at = 0.0  # for whoever follows this writer, also if the clock is set back meanwhile
    return Claim(sync.record_id, sync.values(), sync.version, begun)


@repeatable
def write_record(claimed: Claim) -> None:
    """Write the values to the record, unless it has them since a run that died. Raises: AttioApiError."""
    if not (claimed.begun and attio_api.has_values("people", claimed.record_id, claimed.values)):
        attio_api.update_record("people", claimed.record_id, claimed.values)
    ids = {"record_id": claimed.record_id}
    log.info("The record %s says %s.", claimed.record_id, claimed.values["alc_status"], extra=ids)


@repeatable
def mark_synced(claimed: Claim) -> Claim | None:
    """Store that the record shows this version. Returns the claim of a newer one, if there is one by now.

    This run is not the writer any more if it was away for so long that another one has taken over. Then it may have
    undone what was written meanwhile, so the record is written again.
    """
    runtime, record_id = current(), claimed.record_id
    which = {"workspace": runtime.settings.workspace_id, "record": record_id, "run": runtime.run_id}
    with runtime.transaction() as session:
        for version, *values in runtime.change(_MARK, which | {"shown": claimed.version, "now": runtime.now()}):
            runtime.publish(
                "record", {"record_id": record_id, "values": dict(zip(claimed.values, values, strict=True))}
            )
            return None if version == claimed.version else claim(lock_record(session, record_id))
        sync = lock_record(session, record_id)
        if sync.version != claimed.version:
            _write_again(sync)
    return None


def _write_again(sync: RecordSync, after: float = 0.0) -> None:
    """Have a locked record written again: an older write may have come later than the last one.

    If it may still come, nobody writes the record for so many seconds; whoever does so now does it again.
    """
    if sync.merged_into is None and sync.blocked != GONE:
        sync.version, sync.due_at = sync.version + 1, current().now() + after
        if after:
            sync.writer, sync.writer_until = NOBODY, current().shared_now() + after


@repeatable
def retry_sync_later(record_id: str, error: AttioApiError) -> None:
    """Make the record due again after a backoff of seconds, or after what Attio asked for in `Retry-After`.

    If the answer was lost, Attio may still carry out the write. Nobody writes the record until that is over, so that
    the late write cannot undo the next one. A write that Attio has refused is tried again more rarely.
    """
    blocked, answer_lost, shared_now = _blocked_by(error), isinstance(error, AnswerLost), current().shared_now()
    with current().transaction() as session:
        sync = lock_record(session, record_id)
        if sync.merged_into:
            return  # its leads are shown on another record now
        if sync.writer not in (None, current().run_id) or sync.shown_version == sync.version:
            if answer_lost:  # this run was away for longer than its lease
                _write_again(sync, LATE_WRITE)
            return
        sync.tries, sync.why = sync.tries + 1, error.message
        late = LATE_WRITE if answer_lost else 0.0
        sync.writer, sync.writer_until = (NOBODY, shared_now + late) if answer_lost else (None, 0.0)
        wait = backoff(sync.tries, FIRST_BLOCKED_RETRY, LONGEST_RETRY) if blocked else backoff(sync.tries, FIRST_RETRY)
        sync.due_at = current().now() + max(wait, error.retry_after or 0, late)
        if blocked == GONE and sync.tries >= LAST_TRY:
            sync.due_at = None
        if blocked and blocked != sync.blocked:
            current().publish("dead_letter", {"id": f"record:{record_id}"})
        sync.blocked = blocked


@repeatable
def mark_gone(record_id: str, why: str) -> None:
    """Store that the record does not exist any more (C5). Its leads go on: ALC is still chatting."""
    with current().transaction() as session:
        sync = lock_record(session, record_id)
        if sync.merged_into is None:
            sync.blocked, sync.why, sync.due_at, sync.writer = GONE, why, None, None


def dismiss_blocked(record_id: str) -> None:
    """Take a record off the list of dead letters: it stays blocked, without its reason."""
    with current().transaction() as session:
        lock_record(session, record_id).why = None


@repeatable
def read_shown(record_id: str) -> Shown:
    """Tell whether the record shows what it should, and what is in the way."""
    with current().reading() as session:
        sync = session.get(RecordSync, (current().settings.workspace_id, record_id))
        if sync is None or sync.shown_version == sync.version:
            return Shown(True, None)
        return Shown(False, sync.why if sync.blocked else None)


def due_to_sync() -> Sequence[str]:
    """Return the records that are due to be written and have no writer."""
    runtime = current()
    shared_now = runtime.shared_now()
    times = {"now": runtime.now(), "shared_now": shared_now, "lease_from_now": shared_now + WRITER_LEASE}
    rows = runtime.read(_DUE, {"workspace_id": runtime.settings.workspace_id, **times})
    return [record_id for (record_id,) in rows]


def _blocked_by(error: AttioApiError) -> str | None:
    if isinstance(error, NotFound):
        return GONE
    if isinstance(error, Forbidden):
        return FORBIDDEN
    return REFUSED if isinstance(error, AttioRefused) else None
