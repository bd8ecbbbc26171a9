"""Append to the log of live events, so that ids become visible in ascending order.

On Postgres an id is drawn before its transaction commits: a reader could see 8, continue from there, and never see 7.
So events are written last in their transaction, under a lock that is held until commit. SQLite has one writer anyway.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import event, insert, text
from sqlmodel import Session

from alc_app.runtime.storage.tables import LiveEvent

WAITING = "live_events"
_LOCK = text("select pg_advisory_xact_lock(hashtext('alc_app/live_event'))")
_INSERT = insert(LiveEvent)


def append_event(session: Session, kind: str, data: Any, at: float) -> None:
    """Add an event to the session's transaction. It is written right before the commit."""
    entry = {"kind": kind, "data": json.dumps(data), "at": at}
    if WAITING not in session.info:
        session.info[WAITING] = []
        event.listen(session, "before_commit", _write)
    session.info[WAITING].append(entry)


def _write(session: Session) -> None:
    entries, session.info[WAITING] = session.info[WAITING], []
    if not entries:
        return
    session.flush()  # all other rows first, so that nothing waits for a row lock while holding this lock
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(_LOCK)
    session.connection().execute(_INSERT, entries)
