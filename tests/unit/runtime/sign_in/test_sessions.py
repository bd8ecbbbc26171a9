"""Sessions: how they begin, who has them, and everything that ends one, on SQLite and on Postgres."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text

from alc_app.runtime.sign_in.people import People, Person
from alc_app.runtime.sign_in.sessions import ABSOLUTE_LIMIT, IDLE_LIMIT, Sessions
from alc_app.runtime.storage.database import Database
from alc_app.runtime.storage.sealing import Sealer
from tests.unit.runtime.conftest import Clock

ROBIN = Person("robin", "robin@example.com", "Robin Marsh", "admin")
IMANI = Person("imani", "imani@example.com", "Imani Castellanos", "member")


@pytest.fixture
def sealer() -> Sealer:
    return Sealer([Fernet.generate_key().decode()])


@pytest.fixture
def sessions(database: Database, sealer: Sealer, clock: Clock) -> Sessions:
    """The store, with two people who have signed in before."""
    people = People(database, clock)
    people.save(ROBIN)
    people.save(IMANI)
    return Sessions(database, sealer, "rules", clock)


def test_a_session_says_whose_it_is_until_it_is_ended(sessions: Sessions) -> None:
    """U4: a cookie that was stolen opens nothing after the sign-out; other sessions go on."""
    stolen, other = sessions.begin(ROBIN, "id-token"), sessions.begin(IMANI)
    assert (sessions.person(stolen), sessions.person(other)) == (ROBIN, IMANI)

    assert sessions.end(stolen) == "id-token"

    assert (sessions.person(stolen), sessions.person(other)) == (None, IMANI)
    assert sessions.end(stolen) == ""


def test_a_new_role_ends_the_sessions_of_the_former_one(sessions: Sessions) -> None:
    """U4: whoever was an admin, and is a member now, is an admin in no browser. Others go on."""
    admin, other, member = sessions.begin(ROBIN), sessions.begin(IMANI), Person("robin", "", "", "member")

    ids = sessions.begin(member), sessions.begin(member)

    assert sessions.person(admin) is None
    assert [found.role for each in (*ids, other) if (found := sessions.person(each))] == ["member"] * 3


@pytest.mark.parametrize("session_id", ["", "x", "é", "0" * 5000])
def test_an_id_that_was_never_given_opens_nothing(sessions: Sessions, session_id: str) -> None:
    """Whatever is in the cookie."""
    assert sessions.person(session_id) is None


def test_an_idle_session_ends(sessions: Sessions, clock: Clock) -> None:
    """U4: by what the person does, not by what an open page asks for by itself."""
    used, left_open = sessions.begin(ROBIN), sessions.begin(IMANI)
    for _ in range(3):
        clock.time += IDLE_LIMIT / 2
        sessions.person(left_open)
        assert sessions.person(used, used=True) == ROBIN

    assert sessions.person(left_open) is None


def test_no_session_lasts_for_ever(sessions: Sessions, clock: Clock) -> None:
    """U4: however much it is used."""
    session_id, ends_at = sessions.begin(ROBIN), clock.time + ABSOLUTE_LIMIT
    while clock.time + IDLE_LIMIT / 2 < ends_at:
        clock.time += IDLE_LIMIT / 2
        assert sessions.person(session_id, used=True)

    clock.time = ends_at
    assert sessions.person(session_id, used=True) is None


def test_an_admin_ends_all_sessions_of_a_person(sessions: Sessions) -> None:
    """On every device, and nobody else's."""
    theirs, mine = [sessions.begin(IMANI) for _ in range(3)], sessions.begin(ROBIN)

    assert sessions.end_all("imani") == 3

    assert [sessions.person(one) for one in theirs] == [None] * 3
    assert sessions.person(mine) == ROBIN


def test_new_rules_end_every_session(sessions: Sessions, database: Database, sealer: Sealer, clock: Clock) -> None:
    """U4: a role that somebody had by the old rules is not theirs any more; they sign in anew."""
    session_id = sessions.begin(ROBIN)

    assert Sessions(database, sealer, "new rules", clock).person(session_id) is None


def test_neither_the_id_nor_the_id_token_is_readable_in_the_database(sessions: Sessions, database: Database) -> None:
    """O17: a backup of it opens no session."""
    session_id = sessions.begin(ROBIN, "the-id-token")
    with database.reading() as session:
        rows = str(session.connection().execute(text("select * from sign_in_session")).all())

    assert session_id not in rows
    assert "the-id-token" not in rows


def test_old_sessions_and_actions_are_deleted_in_batches(sessions: Sessions, database: Database, clock: Clock) -> None:
    """By retention, a thousand at a time."""
    people = People(database, clock)
    for _ in range(3):
        sessions.begin(ROBIN)
        people.note_action(ROBIN, "POST /settings", "/settings")

    assert [sessions.delete_old(clock.time + 1, 2) for _ in range(3)] == [2, 1, 0]
    assert [people.delete_actions(clock.time + 1, 2) for _ in range(3)] == [2, 1, 0]
