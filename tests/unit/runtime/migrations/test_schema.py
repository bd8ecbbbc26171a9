"""Migrations: up to date, equal to the table classes, and never older or newer than the program."""

from __future__ import annotations

import gc
import socket
import sqlite3
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from click.testing import CliRunner
from sqlalchemy import create_engine, event, inspect, text

from alc_app.app import app as manifest
from alc_app.cli.commands import main
from alc_app.config.settings import Config
from alc_app.runtime.migrations.schema import Schema, SchemaMismatch, migrate_all
from alc_app.runtime.oauth_client import Tokens
from alc_app.runtime.services import WORKSPACE, Services
from alc_app.runtime.storage.database import Database
from alc_app.runtime.storage.sealing import KeyMissing
from alc_app.runtime.storage.tables import ExchangeTable, InboxTable, Table
from tests.support.chaos.crashes import Crash
from tests.support.waiting import eventually

METADATA = {
    "app": [Table.metadata, *{table.metadata for table in manifest.operations.tables}],
    "inbox": [InboxTable.metadata],
    "exchanges": [ExchangeTable.metadata],
}


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database with nothing in it."""
    sqlite = request.param == "sqlite"
    database = Database(f"sqlite:///{tmp_path / 'new.db'}" if sqlite else request.getfixturevalue("empty_postgres"))
    yield database
    database.close()


@pytest.mark.parametrize("folder", METADATA)
def test_migrations_make_the_tables_that_the_classes_describe(empty: Database, folder: str) -> None:
    """A column that is added to a class and to no migration fails here."""
    assert Schema(empty, folder).migrate()

    with empty.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": _not_a_note})
        assert compare_metadata(context, METADATA[folder]) == []
    assert not Schema(empty, folder).migrate(), "the second time there is nothing to do"


@pytest.mark.parametrize("folder", METADATA)
def test_indices_are_partial_as_the_classes_say(empty: Database, folder: str) -> None:
    """Alembic compares no conditions. SQLite keeps them word for word; Postgres says the same in other words."""
    Schema(empty, folder).migrate()

    tables = [table for metadata in METADATA[folder] for table in metadata.sorted_tables]
    told = {str(index.name): index.info["where"] for table in tables for index in table.indexes if index.info}
    made = {}
    for index in (index for table in tables for index in inspect(empty.engine).get_indexes(table.name)):
        for option, condition in index.get("dialect_options", {}).items():
            if option.endswith("_where"):
                made[index["name"]] = str(condition)
    assert made.keys() == told.keys()
    if empty.is_sqlite:
        assert made == told


LEADS_OF_0_1_0 = """
    insert into lead (id, workspace_id, record_id, alc_record_id, status, undelivered, alc_lead_id, version,
        shown_version, due_at, ask_at, requested, occurred_at, created_at, attempt, posts, tries, writer_until) values
    ('pending', 'w', 'r1', null, 'pending', null, 'a1', 1, 1, null, 50, false, 0, 10, 0, 1, 0, 0),
    ('forbidden', 'w', 'r2', null, 'undeliverable', 'pending', 'a2', 2, 2, null, null, false, 0, 20, 0, 1, 0, 0),
    ('sending', 'w', 'r3', null, 'sending', null, null, 0, 0, 60, null, false, 0, 30, 0, 2, 0, 0),
    ('decided', 'w', 'r3', null, 'complete', null, 'a3', 2, 1, 70, null, false, 25, 15, 0, 1, 0, 0),
    ('requested', 'w', 'r4', null, 'failed', null, null, 1, 1, null, null, true, 0, 40, 0, 0, 0, 0),
    ('moved', 'w', 'r5', 'r6', 'undeliverable', 'pending', 'a6', 1, 1, null, null, false, 0, 41, 0, 1, 0, 0),
    ('stays', 'w', 'r5', null, 'pending', null, 'a5', 1, 1, null, 80, false, 0, 42, 0, 1, 0, 0)
"""


def test_the_leads_of_0_1_0_are_split_into_chats_and_what_records_show(empty: Database) -> None:
    """A lead whose record could not be written is what it is at ALC again; the record is tried once more."""
    migrate_to(empty, "0101")
    with empty.engine.begin() as connection:
        connection.execute(text(LEADS_OF_0_1_0))

    assert Schema(empty, "app").migrate()

    with empty.engine.connect() as connection:
        leads = connection.execute(text("select id, status, due_at is not null, unanswered, alc_record_id from lead"))
        found = {row[0]: tuple(row[1:]) for row in leads}
        query = "select record_id, alc_status, alc_lead_id, shown_version < version from record_sync where version > 0"
        records = {row[0]: tuple(row[1:]) for row in connection.execute(text(query))}
    assert found == {
        "pending": ("pending", True, 0, "r1"),
        "forbidden": ("pending", True, 0, "r2"),
        "sending": ("sending", True, 2, "r3"),
        "decided": ("complete", False, 0, "r3"),
        "requested": ("not_sent", False, 0, "r4"),
        "moved": ("pending", True, 0, "r6"),
        "stays": ("pending", True, 0, "r5"),
    }
    assert records == {
        "r1": ("Pending", "a1", False),
        "r2": ("Pending", "a2", True),
        "r3": ("Complete", "a3", True),
        "r5": ("Pending", "a5", False),
    }


def migrate_to(database: Database, version: str) -> None:
    """Migrate an empty database to an older version."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Schema, "versions", [version])
        patch.setattr("alembic.command.upgrade", lambda config, _, upgrade=command.upgrade: upgrade(config, version))
        Schema(database, "app").migrate()


def test_a_database_of_0_1_0_with_two_runs_for_one_person_is_migrated(empty: Database) -> None:
    """They count as started by a trigger, so neither is in the way of the unique index."""
    schema = Schema(empty, "app")
    migrate_to(empty, "0100")
    columns = "id, workflow_id, version_id, definition, record_id, given, state, number, turn, started_at"
    with empty.engine.begin() as connection:
        for run_id in ("a", "b"):
            values = f"'{run_id}', 'w', 'v', '{{}}', 'r', '{{}}', 'running', 1, 0, 0"
            connection.exec_driver_sql(f"insert into workflow_run ({columns}) values ({values})")  # noqa: S608 - ours

    assert schema.migrate()

    with empty.engine.connect() as connection:
        assert connection.exec_driver_sql("select count(*) from workflow_run where not by_user").scalar_one() == 2


def test_two_that_start_at_once_migrate_once(empty: Database) -> None:
    """C15: start is safe twice in parallel."""
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: Schema(empty, "app").migrate(), range(4)))

    assert any(done)
    assert Schema(empty, "app").version() == Schema(empty, "app").versions[-1]


@pytest.mark.parametrize("at", ["CREATE TABLE webhook_handler", "INSERT INTO app_schema"])
def test_a_migration_that_is_broken_off_leaves_nothing(empty: Database, at: str) -> None:
    """C15: it is done whole or not at all, so a crash in its midst, or just before its end, needs no person."""

    def crash(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if at in statement:
            raise Crash(at)

    event.listen(empty.engine, "before_cursor_execute", crash)
    with pytest.raises(Crash):
        Schema(empty, "app").migrate()
    event.remove(empty.engine, "before_cursor_execute", crash)

    assert inspect(empty.engine).get_table_names() == []
    assert Schema(empty, "app").migrate()


def test_a_home_from_before_0_1_0_is_refused_with_what_to_do(tmp_path: Path) -> None:
    """Its tables have other names; nothing in it is changed."""
    config = Config.from_env(home=tmp_path)
    with sqlite3.connect(tmp_path / "app.db") as connection:
        connection.execute("create table app_schema (version_num varchar)")
        connection.execute("insert into app_schema values ('0024')")
    connection.close()

    with pytest.raises(SchemaMismatch, match=r"before 0\.1\.0 and cannot be migrated: move the home away"):
        Services(config, manifest)
    outcome = CliRunner().invoke(main, ["migrate", "--home", str(tmp_path)])
    assert (outcome.exit_code, "move the home away" in outcome.output) == (1, True)


def test_a_newer_database_refuses_an_older_program(tmp_path: Path) -> None:
    """C15: an older program refuses a newer database; nothing is changed."""
    config = Config.from_env(home=tmp_path)
    Services(config, manifest).close()
    with sqlite3.connect(tmp_path / "app.db") as connection:
        connection.execute("update app_schema set version_num = '9999'")
    connection.close()

    with pytest.raises(SchemaMismatch, match="9999, newer than this program"):
        Services(config, manifest)
    outcome = CliRunner().invoke(main, ["worker", "--home", str(tmp_path)])
    assert (outcome.exit_code, "Start a newer program" in outcome.output) == (1, True)


def test_postgres_is_migrated_by_hand(empty_postgres: str, tmp_path: Path) -> None:
    """Scale-out: on Postgres no process migrates at its start; the command says what it did."""
    config = Config.from_env(home=tmp_path, database_url=empty_postgres)
    with pytest.raises(SchemaMismatch, match="Run: alc-app migrate"):
        Services(config, manifest)

    outcome = CliRunner().invoke(main, ["migrate", "--database-url", empty_postgres, "--home", str(tmp_path)])
    assert outcome.output.splitlines()[0].startswith("app: brought up to date, at version 0")
    Services(config, manifest).close()


def test_a_process_that_cannot_start_leaves_no_connection_open(empty_postgres: str, tmp_path: Path) -> None:
    """O18: the key of the stored secrets is gone. The server tells who is still connected."""
    config = Config.from_env(home=tmp_path, database_url=empty_postgres)
    migrate_all(config, lambda _: None)
    with closing(Services(config, manifest)) as services:
        services.connections.add(WORKSPACE, Tokens("access", "refresh", 0.0, ""))
    (tmp_path / "sealing_key").unlink()

    with pytest.raises(KeyMissing):
        Services(config, manifest)

    others = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    engine = create_engine(empty_postgres, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        eventually(lambda: connection.exec_driver_sql(others).scalar_one() == 0, what=lambda: "someone is connected")
    engine.dispose()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
@pytest.mark.parametrize(
    "command",
    [
        ["migrate"],
        ["serve"],
        ["worker"],
        ["doctor"],
        ["catch-up"],
        ["rotate-keys"],
        ["rotate-secrets"],
        ["dead-letters", "list"],
    ],
    ids=" ".join,
)
def test_a_database_that_is_away_is_not_told_as_unmigrated(command: list[str], scheme: str, tmp_path: Path) -> None:
    """One sentence with the reason, for each command; no traceback."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"{scheme}://user:canary@127.0.0.1:{port}/alc"

    outcome = CliRunner().invoke(main, [*command, "--database-url", url, "--home", str(tmp_path)])

    assert outcome.exit_code == (2 if command == ["doctor"] else 1)
    assert isinstance(outcome.exception, SystemExit)
    assert "The database cannot be reached: " in outcome.output
    assert "Connection refused" in outcome.output
    assert "alc-app migrate" not in outcome.output
    assert "canary" not in outcome.output


@pytest.mark.parametrize("command", ["migrate", "doctor", "serve"])
def test_a_database_that_refuses_us_is_told_as_that(command: str, empty_postgres: str, tmp_path: Path) -> None:
    """A user who may create nothing, as Postgres 15 makes them, and one who may not read: no word of a migration."""
    name, create_user = f"weak_{uuid4().hex[:8]}", "create user {0}; grant pg_read_all_data to {0}"
    engine = create_engine(empty_postgres, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(create_user.format(name) if command == "migrate" else f"create user {name}")
        if command != "migrate":
            migrate_all(Config.from_env(database_url=empty_postgres), lambda _: None)
    url = empty_postgres.replace("//alc@", f"//{name}@")

    outcome = CliRunner().invoke(main, [command, "--database-url", url, "--home", str(tmp_path)])

    assert isinstance(outcome.exception, SystemExit)
    assert "The database refuses: permission denied" in outcome.output
    assert "alc-app migrate" not in outcome.output
    engine.dispose()
    del outcome  # its traceback holds the connection
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()  # DBOS leaves a connection open when its migration fails


def test_an_option_that_the_driver_does_not_know_is_told(tmp_path: Path) -> None:
    """It is an error of the driver, as a missing table is one."""
    url = "postgresql://alc@127.0.0.1:1/alc?nonsense=1"

    outcome = CliRunner().invoke(main, ["migrate", "--database-url", url, "--home", str(tmp_path)])

    assert isinstance(outcome.exception, SystemExit)
    assert 'invalid connection option "nonsense"' in outcome.output


@pytest.mark.parametrize("command", ["migrate", "doctor"])
def test_a_file_that_is_no_database_is_told_as_that(command: str, tmp_path: Path) -> None:
    """SQLite opens it, and says what is wrong."""
    (tmp_path / "app.db").write_bytes(b"not a database, " * 400)

    outcome = CliRunner().invoke(main, [command, "--home", str(tmp_path)])

    assert isinstance(outcome.exception, SystemExit)
    assert "file is not a database" in outcome.output


def _not_a_note(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or name not in ("app_schema", "inbox_schema", "exchanges_schema")
