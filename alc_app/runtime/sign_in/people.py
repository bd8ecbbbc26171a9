"""People who sign in, what they have asked for, and who it is that code runs for right now."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import delete
from sqlmodel import col, select

from alc_app.runtime.storage.database import Database
from alc_app.runtime.storage.tables import PersonAction, PersonRow

Role = Literal["member", "admin"]


@dataclass(frozen=True)
class Person:
    """Somebody who has signed in."""

    id: str
    email: str
    name: str
    role: Role


_current: ContextVar[Person | None] = ContextVar("person", default=None)


def current_person() -> Person | None:
    """Return the person whose request or click this is; None if nobody's, or if nobody has to sign in."""
    return _current.get()


def current_person_id() -> str | None:
    """Return the id of that person, or None."""
    person = _current.get()
    return person.id if person else None


@contextmanager
def acting(person: Person | None) -> Iterator[None]:
    """Within the block, run for this person."""
    token = _current.set(person)
    try:
        yield
    finally:
        _current.reset(token)


def act_for(person: Person | None) -> None:
    """Run for this person from now on, until this is called again with None."""
    _current.set(person)


def person_id(issuer: str, subject: str) -> str:
    """Return our id of a person. An address may be somebody else's one day; a subject never is (OpenID Connect 2)."""
    return hashlib.sha256(json.dumps([issuer, subject]).encode()).hexdigest()[:32]


class People:
    """The store of people and of what they have asked for."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        """Store in `database`; `now` returns seconds since 1970."""
        self._database, self._now = database, now

    def save(self, person: Person) -> None:
        """Store a person who signs in, with the name, the address and the role of today."""
        new = {"email": person.email, "name": person.name, "role": person.role, "seen_at": self._now()}
        insert = self._database.insert(PersonRow).values(id=person.id, **new)
        with self._database.transaction() as session:
            session.execute(insert.on_conflict_do_update(index_elements=["id"], set_=new))

    def find(self, person_id: str | None) -> Person | None:
        """Return a person by our id, or None."""
        with self._database.reading() as session:
            row = session.get(PersonRow, person_id) if person_id else None
        return as_person(row, row.role) if row else None

    def names(self, ids: Collection[str | None]) -> dict[str, str]:
        """Return the names of people by id."""
        known = [one for one in ids if one]
        if not known:
            return {}
        with self._database.reading() as session:
            found = session.exec(select(PersonRow.id, PersonRow.name).where(col(PersonRow.id).in_(known)))
            return {row[0]: row[1] for row in found}

    def all(self) -> Sequence[PersonRow]:
        """Return everybody who has ever signed in, the last one first."""
        with self._database.reading() as session:
            return session.exec(select(PersonRow).order_by(col(PersonRow.seen_at).desc())).all()

    def note_action(self, person: Person, route: str, path: str) -> None:
        """Store that a person asks for something, before it is done."""
        with self._database.transaction() as session:
            session.add(PersonAction(at=self._now(), person_id=person.id, route=route, path=path))

    def actions(self, limit: int) -> Sequence[PersonAction]:
        """Return what was asked for last, the newest first."""
        with self._database.reading() as session:
            return session.exec(select(PersonAction).order_by(col(PersonAction.id).desc()).limit(limit)).all()

    def delete_actions(self, before: float, limit: int) -> int:
        """Delete at most `limit` actions from before a time; return how many."""
        old = select(PersonAction.id).where(PersonAction.at < before).limit(limit)
        with self._database.transaction() as session:
            return session.exec(delete(PersonAction).where(col(PersonAction.id).in_(old))).rowcount


def as_person(row: PersonRow, role: str) -> Person:
    """Return a stored person in a role."""
    return Person(row.id, row.email, row.name, "admin" if role == "admin" else "member")
