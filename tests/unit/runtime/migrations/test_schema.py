"""The shape of the tables: brought up to date, equal to the classes, and never older or newer than the program."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from click.testing import CliRunner
from sqlalchemy import inspect, text

from alc_app.app import app as manifest
from alc_app.cli.commands import main
from alc_app.config.settings import Config
from alc_app.runtime.migrations.schema import FIRST, Schema, SchemaUnfit
from alc_app.runtime.services import House
from alc_app.runtime.storage.database import Database
from alc_app.runtime.storage.tables import InboxTable, Table

METADATA = {"app": [Table.metadata, *{table.metadata for table in manifest.tables}], "inbox": [InboxTable.metadata]}


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database with nothing in it."""
    sqlite = request.param == "sqlite"
    database = Database(f"sqlite:///{tmp_path / 'new.db'}" if sqlite else request.getfixturevalue("empty_postgres"))
    yield database
    database.close()


@pytest.mark.parametrize("folder", ["app", "inbox"])
def test_migrations_make_the_tables_that_the_classes_describe(empty: Database, folder: str) -> None:
    """A column that is added to a class and to no migration fails here."""
    assert Schema(empty, folder).migrate()

    with empty.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": _not_a_note})
        assert compare_metadata(context, METADATA[folder]) == []
    assert not Schema(empty, folder).migrate(), "the second time there is nothing to do"


def test_two_that_start_at_once_migrate_once(empty: Database) -> None:
    """C15: start is safe twice in parallel."""
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: Schema(empty, "app").migrate(), range(4)))

    assert any(done)
    assert Schema(empty, "app").version() == Schema(empty, "app").known[-1]


def test_a_database_from_before_migrations_keeps_its_rows(tmp_path: Path) -> None:
    """Whoever ran the demo before has a connection and leads: they stay."""
    database = Database(f"sqlite:///{tmp_path / 'old.db'}")
    with database.engine.begin() as connection:
        Schema(database, "app")._upgrade(connection, to=FIRST)
    with database.transaction() as session:
        session.connection().execute(text("drop table app_schema"))
        session.connection().execute(text("insert into pace (name, next_at) values ('attio', 7)"))

    assert Schema(database, "app").migrate()

    with database.reading() as session:
        assert session.connection().execute(text("select name, next_at from pace")).all() == [("attio", 7.0)]
    assert "executor" in inspect(database.engine).get_table_names()
    database.close()


def test_a_newer_database_refuses_an_older_program(tmp_path: Path) -> None:
    """C15: it could not know what the newer one has promised; nothing is changed."""
    config = Config.from_env(home=tmp_path)
    House(config, manifest).close()
    with sqlite3.connect(tmp_path / "app.db") as connection:
        connection.execute("update app_schema set version_num = '9999'")
    connection.close()

    with pytest.raises(SchemaUnfit, match="9999, newer than this program"):
        House(config, manifest)
    outcome = CliRunner().invoke(main, ["worker", "--home", str(tmp_path)])
    assert (outcome.exit_code, "Start a newer program" in outcome.output) == (1, True)


def test_postgres_is_migrated_by_hand(empty_postgres: str, tmp_path: Path) -> None:
    """Scale-out: of N processes none changes the tables by itself; the command says what it has done."""
    config = Config.from_env(home=tmp_path, database_url=empty_postgres)
    with pytest.raises(SchemaUnfit, match="Run: alc-app migrate"):
        House(config, manifest)

    outcome = CliRunner().invoke(main, ["migrate", "--database-url", empty_postgres, "--home", str(tmp_path)])
    assert outcome.output.splitlines()[0].startswith("app: brought up to date, at version 0")
    House(config, manifest).close()


def _not_a_note(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or name not in ("app_schema", "inbox_schema")
