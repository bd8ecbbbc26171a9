"""Transactions: the write lock from the first statement on, nesting, and private files."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import InternalError, ProgrammingError
from sqlmodel import select

from alc_app.runtime.services import Services
from alc_app.runtime.storage import database as database_module
from alc_app.runtime.storage import postgres as postgres_module
from alc_app.runtime.storage.database import UNAVAILABLE, Database
from alc_app.runtime.storage.postgres import CONNECT_WITH, KEEPALIVES, WITHOUT_RECEIPT, with_timeouts
from alc_app.runtime.storage.tables import RateLimitSlot
from tests.support.servers.postgres import END_OTHERS
from tests.support.tables import make_tables

NOTE = text(
    "insert into rate_limit_slot (name, next_at) values (:name, :next_at) "
    "on conflict (name) do update set next_at = excluded.next_at returning next_at"
)
NOTED = text("select name, next_at from rate_limit_slot")


def test_sqlite_is_set_as_it_was_measured_to_be_best(services: Services) -> None:
    """C13: WAL, FULL, foreign keys. Only the log of exchanges waits for no disk (NORMAL)."""
    databases = {services.database: 2, services.inbox._database: 2}
    assert services.exchanges._database
    databases[services.exchanges._database] = 1
    for one, synchronous in databases.items():
        with one.transaction() as session:
            pragmas = [
                session.connection().exec_driver_sql(f"PRAGMA {name}").scalar_one()
                for name in ("journal_mode", "synchronous", "foreign_keys")
            ]
        assert pragmas == ["wal", synchronous, 1]


def test_eight_threads_that_read_and_then_write_lose_nothing(services: Services) -> None:
    """C13: a transaction that begins as a reader would fail at once when it turns writer."""
    with services.database.transaction() as session:
        session.add(RateLimitSlot(name="n", next_at=0))

    def add_one(_: int) -> None:
        with services.database.transaction() as session:
            row = session.get_one(RateLimitSlot, "n")
            row.next_at += 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add_one, range(40)))
    with services.database.reading() as session:
        assert session.get_one(RateLimitSlot, "n").next_at == 40


def test_a_reader_does_not_wait_for_a_writer(services: Services) -> None:
    """Pages are served while the worker writes."""
    with ThreadPoolExecutor(1) as pool, services.database.transaction() as session:
        session.add(RateLimitSlot(name="n", next_at=0))
        session.flush()

        def look() -> int:
            with services.database.reading() as reader:
                return int(reader.connection().execute(text("select count(*) from rate_limit_slot")).scalar_one())

        assert pool.submit(look).result(timeout=2) == 0


def test_a_transaction_within_another_ends_with_it(services: Services) -> None:
    """R14: an event and what it causes are one commit."""
    with pytest.raises(ZeroDivisionError), services.database.transaction():
        with services.database.transaction() as inner:
            inner.add(RateLimitSlot(name="n", next_at=0))
        raise ZeroDivisionError

    with services.database.reading() as session:
        assert session.get(RateLimitSlot, "n") is None


def test_files_are_their_owners_alone_and_folders_are_made(tmp_path: Path) -> None:
    """O17: the journal too."""
    database = Database(f"sqlite:///{tmp_path / 'new' / 'app.db'}")
    make_tables(database, [RateLimitSlot])
    with database.transaction() as session:
        session.add(RateLimitSlot(name="n", next_at=0))
        session.flush()
        assert {path.stat().st_mode & 0o777 for path in (tmp_path / "new").iterdir()} == {0o600}
    database.close()


def test_processes_that_start_at_once_on_a_new_file_wait_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """C13: one of them turns on WAL, and SQLite refuses the others instead of letting them wait."""
    said: list[str] = []

    class Connection:
        def execute(self, statement: str) -> None:
            said.append(statement)
            if len(said) < 3:
                raise sqlite3.OperationalError("database is locked")

    monkeypatch.setattr(database_module, "RETRY_WAL", 0.0)
    database_module._turn_on_wal(Connection())  # SQLite's own cannot be made to do that
    assert said == ["PRAGMA journal_mode=WAL"] * 3

    monkeypatch.setattr(database_module, "BUSY_TIMEOUT", 0.0)
    said.clear()
    with pytest.raises(sqlite3.OperationalError):
        database_module._turn_on_wal(Connection())


def test_what_is_only_read_is_not_written(database: Database) -> None:
    """A row that was read and changed is not stored by the next query, which on Postgres would be for ever."""
    database.change(NOTE, {"name": "n", "next_at": 1.0})
    with database.reading() as session:
        session.get_one(RateLimitSlot, "n").next_at = 2.0
        session.exec(select(RateLimitSlot)).all()

    assert [tuple(row) for row in database.fetch(NOTED, {})] == [("n", 1.0)]


def test_one_statement_is_a_transaction_of_its_own(database: Database) -> None:
    """It is committed when it returns, and its rows come back."""
    assert [row.next_at for row in database.change(NOTE, {"name": "n", "next_at": 1.0})] == [1.0]

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(database.fetch, NOTED, {}).result() == [("n", 1.0)]


def test_one_statement_in_a_transaction_sees_it_and_ends_with_it(database: Database) -> None:
    """What an object has changed is there before the statement, and an error takes both back."""
    with pytest.raises(ValueError, match="no"), database.transaction() as session:
        session.add(RateLimitSlot(name="object", next_at=1))
        assert database.fetch(NOTED, {}) == [("object", 1.0)]
        database.change(NOTE, {"name": "object", "next_at": 2.0})
        assert database.fetch(NOTED, {}) == [("object", 2.0)]
        raise ValueError("no")

    assert database.fetch(NOTED, {}) == []


def test_an_idle_connection_that_the_server_has_closed_is_replaced(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Postgres that was restarted costs nobody an error."""
    monkeypatch.setattr(postgres_module, "PING_AFTER", 0.0)
    with closing(Database(postgres)) as database, closing(Database(postgres)) as other:
        assert database.fetch(NOTED, {}) == []
        other.change(text(END_OTHERS), {})

        assert database.fetch(NOTED, {}) == []


def test_a_process_that_stands_still_in_a_transaction_loses_its_locks(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """C13: everybody else would wait for them, until all connections are in use. Afterwards it goes on."""
    monkeypatch.setattr(postgres_module, "LET_GO", "set idle_in_transaction_session_timeout = '0.3s'")
    lock = text("lock table rate_limit_slot in exclusive mode")
    with closing(Database(postgres)) as paused, closing(Database(postgres)) as other:
        with pytest.raises(UNAVAILABLE), paused.transaction() as session:
            session.execute(lock)
            with other.transaction() as waiting:
                waiting.execute(lock)
            session.execute(lock)

        assert paused.fetch(NOTED, {}) == []


def test_a_bug_in_a_transaction_is_not_taken_for_a_database_that_is_away(postgres: str) -> None:
    """C14: psycopg has one class of errors for it and for a server that takes no writes, as after a failover."""
    with closing(Database(postgres)) as database:
        with pytest.raises(UNAVAILABLE), database.transaction() as session:
            session.execute(text("set transaction read only"))
            session.execute(NOTE, {"name": "one", "next_at": 1.0})
        with pytest.raises(InternalError), database.transaction() as session:
            with suppress(ProgrammingError):
                session.execute(text("select nothing"))
            session.execute(NOTED)


def test_a_timeout_in_the_address_of_a_database_stays_as_it_is() -> None:
    """An operator who names one knows the network. The others are ours."""
    url = with_timeouts("postgresql+psycopg://alc@db/alc?connect_timeout=3&sslmode=require")
    assert {name: url.query[name] for name in ("connect_timeout", "sslmode", "keepalives_count")} == {
        "connect_timeout": "3",
        "sslmode": "require",
        "keepalives_count": "3",
    }


def test_each_end_of_a_connection_to_postgres_notices_that_the_other_is_cut_off(postgres: str) -> None:
    """Else it waits by the system's settings: for hours. DBOS is given an engine of this kind, too."""
    expected = KEEPALIVES | {"user_timeout": WITHOUT_RECEIPT}
    with closing(Database(postgres)) as database, database.engine.connect() as connection:
        client = connection.connection.driver_connection.info.get_parameters()
        server = {name: connection.execute(text(f"show tcp_{name}")).scalar_one() for name in expected}

    assert server == {name: str(value) for name, value in expected.items()}
    assert {name: client[name] for name in CONNECT_WITH} == {name: str(value) for name, value in CONNECT_WITH.items()}
