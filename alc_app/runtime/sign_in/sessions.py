"""Sessions of signed-in people. The browser has a random id in its cookie; the database has the hash of it (U4).

A session is new after each sign-in. It ends when the person signs out, when an admin ends it, when the rules that gave
the role change, when the person signs in again and has another role or none, and after a while, idle or not. From then
on the cookie opens nothing, in any process.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable

from sqlalchemy import delete, update
from sqlmodel import col, select

from alc_app.runtime.sign_in.people import Person, as_person
from alc_app.runtime.storage.database import Database
from alc_app.runtime.storage.sealing import CannotUnseal, Sealer
from alc_app.runtime.storage.tables import PersonRow, SignInSession

IDLE_LIMIT = 2 * 3600.0
"""Seconds without a page opened or a button pressed. What an open page asks for by itself does not count."""
ABSOLUTE_LIMIT = 12 * 3600.0
NOTE_USE_EVERY = 60.0
"""Seconds: a session that was used less than that ago is not written."""


class Sessions:
    """The store of sessions."""

    def __init__(self, database: Database, sealer: Sealer, rules_hash: str, now: Callable[[], float]) -> None:
        """Accept sessions of these rules only; `now` returns seconds since 1970."""
        self._database, self._sealer, self._rules_hash, self._now = database, sealer, rules_hash, now

    def begin(self, person: Person, id_token: str = "") -> str:
        """Start a session; return the id for the browser. Sessions of the person in another role end: it is no more."""
        session_id, now = secrets.token_urlsafe(32), self._now()
        row = SignInSession(
            id_hash=_hash(session_id),
            person_id=person.id,
            role=person.role,
            rules_hash=self._rules_hash,
            id_token=self._sealer.seal(_place(session_id), id_token),
            created_at=now,
            used_at=now,
        )
        in_another_role = (col(SignInSession.person_id) == person.id, col(SignInSession.role) != person.role)
        with self._database.transaction() as session:
            session.exec(delete(SignInSession).where(*in_another_role))
            session.add(row)
        return session_id

    def person(self, session_id: str, *, used: bool = False) -> Person | None:
        """Return whose session it is, or None if there is none any more. `used`: the person does something now."""
        now = self._now()
        live = (
            col(SignInSession.id_hash) == _hash(session_id),
            col(SignInSession.rules_hash) == self._rules_hash,
            col(SignInSession.created_at) > now - ABSOLUTE_LIMIT,
            col(SignInSession.used_at) > now - IDLE_LIMIT,
        )
        query = select(SignInSession, PersonRow).join(PersonRow, col(PersonRow.id) == col(SignInSession.person_id))
        with self._database.reading() as session:
            found = session.exec(query.where(*live)).first()
        if found is None:
            return None
        row, person = found
        if used and now - row.used_at > NOTE_USE_EVERY:
            with self._database.transaction() as session:
                session.exec(update(SignInSession).where(live[0]).values(used_at=now))
        return as_person(person, row.role)

    def end(self, session_id: str) -> str:
        """End a session; return its id token, or an empty text."""
        which = col(SignInSession.id_hash) == _hash(session_id)
        with self._database.transaction() as session:
            sealed = session.exec(select(SignInSession.id_token).where(which)).first()
            session.exec(delete(SignInSession).where(which))
        try:
            return self._sealer.unseal(_place(session_id), sealed) if sealed else ""
        except CannotUnseal:
            return ""

    def end_all(self, person_id: str) -> int:
        """End every session of a person; return how many there were."""
        with self._database.transaction() as session:
            return session.exec(delete(SignInSession).where(col(SignInSession.person_id) == person_id)).rowcount

    def delete_old(self, before: float, limit: int) -> int:
        """Delete at most `limit` sessions that began before a time; return how many."""
        old = select(SignInSession.id_hash).where(SignInSession.created_at < before).limit(limit)
        with self._database.transaction() as session:
            return session.exec(delete(SignInSession).where(col(SignInSession.id_hash).in_(old))).rowcount


def _place(session_id: str) -> str:
    return f"sign_in_session/{_hash(session_id)}/id_token"


def _hash(session_id: str) -> str:
    return hashlib.sha256(session_id.encode()).hexdigest()
