"""Appending to the log of live events, so that its ids become visible in their order.

On Postgres a number is drawn before its transaction commits: a reader could see 8, remember it, and never see 7. So
events are written last in their transaction, behind a lock that ends with it. SQLite has one writer anyway.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import event, text
from sqlmodel import Session

from alc_app.runtime.storage.tables import LiveEvent

WAITING = "live_events"


def append_event(session: Session, kind: str, data: Any, at: float) -> None:
    """Write an event when the session's transaction commits."""
    entry = LiveEvent(kind=kind, data=json.dumps(data), at=at)
    if WAITING not in session.info:
        session.info[WAITING] = []
        event.listen(session, "before_commit", _write)
    session.info[WAITING].append(entry)


def _write(session: Session) -> None:
    entries, session.info[WAITING] = session.info[WAITING], []
    if not entries:
        return
    session.flush()  # every other row of the transaction first: nobody waits for a row while holding this lock
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(text("select pg_advisory_xact_lock(hashtext('alc_app/live_event'))"))
    session.add_all(entries)
    session.flush()
