"""Versions of our tables. On SQLite every start migrates them; on Postgres `alc-app migrate` does (C15).

Alembic migrates in one transaction. It is imported only when there is something to migrate, to keep the start quick.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

from alc_app.config.settings import Config
from alc_app.runtime.engine import create_tables
from alc_app.runtime.storage.database import Database, DatabaseUnusable, explain

MIGRATIONS = Path(__file__).parent
FOLDERS = ("app", "inbox", "exchanges")
UNDEFINED_TABLE = "42P01"
"""Postgres's code (SQLSTATE) of the error."""
TOO_OLD = (
    "The database was made by a program before 0.1.0 and cannot be migrated: move the home away (ALC_APP_HOME) or name "
    "an empty database (ALC_APP_DATABASE_URL), start again, and connect ALC again."
)


class DatabaseUnreachable(DatabaseUnusable):
    """The database does not answer, or refuses us."""


class SchemaMismatch(DatabaseUnusable):
    """The database is older or newer than this program. The message says what to do."""


class _NoSuchTable(Exception):
    """The database does not have the table that holds its version."""


@contextmanager
def told() -> Iterator[None]:
    """Turn an error of the database into a sentence. Raises: DatabaseUnreachable, _NoSuchTable."""
    try:
        yield
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", "") == UNDEFINED_TABLE or "no such table" in str(error.orig):
            raise _NoSuchTable from error
        raise DatabaseUnreachable(explain(error)) from error


class Schema:
    """The tables that one folder of `runtime/migrations` creates, in one database."""

    def __init__(self, database: Database, folder: str) -> None:
        """Use the migrations in `folder`: "app", "inbox" or "exchanges"."""
        self._database, self.folder = database, folder
        self._version_table = f"{folder}_schema"

    @property
    def versions(self) -> list[str]:
        """Return every version that this program knows, the newest last."""
        return sorted(path.name[1:5] for path in (MIGRATIONS / self.folder).glob("r[0-9][0-9][0-9][0-9]_*.py"))

    def version(self) -> str | None:
        """Return the version of the database, or None if it is empty. Raises: DatabaseUnreachable."""
        try:
            with told(), self._database.reading() as session:
                return _read_version(session.connection(), self._version_table)
        except _NoSuchTable:
            return None

    def prepare(self) -> None:
        """Migrate a SQLite database; check any other. Raises: DatabaseUnusable."""
        if self._database.is_sqlite:
            self.migrate()
        else:
            self.check()

    def check(self) -> None:
        """Compare the version of the database with that of this program. Raises: DatabaseUnusable."""
        version = self.version()
        if version and version < self.versions[0]:
            raise SchemaMismatch(TOO_OLD)
        if version not in (None, *self.versions):
            raise SchemaMismatch(
                f"The database is at version {version}, newer than this program. Start a newer program."
            )
        if version != self.versions[-1]:
            raise SchemaMismatch(
                f"The database is at version {version or 'none'}, not {self.versions[-1]}. Run: alc-app migrate"
            )

    def migrate(self) -> bool:
        """Migrate to the newest version; return whether there was anything to do. Raises: DatabaseUnusable."""
        if self.version() == self.versions[-1]:
            return False
        with told(), self._database.engine.begin() as connection:  # one at a time: SQLite takes the write lock here
            if not self._database.is_sqlite:
                connection.execute(text("select pg_advisory_xact_lock(hashtext('alc_app/migrations'))"))
            self._upgrade(connection)
        self.check()
        return True

    def _upgrade(self, connection: Connection) -> None:
        from alembic import command
        from alembic.config import Config

        tables = set(inspect(connection).get_table_names())
        version = _read_version(connection, self._version_table) if self._version_table in tables else None
        if version not in (None, *self.versions):
            return  # too old or too new: check() raises
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.set_main_option("version_locations", str(MIGRATIONS / self.folder))
        config.set_main_option("path_separator", "newline")
        config.attributes.update(connection=connection, version_table=self._version_table)
        command.upgrade(config, "head")


def migrate_all(config: Config, say: Callable[[str], None]) -> None:
    """Migrate our tables and those of the engine; report each with `say`. Raises: DatabaseUnusable."""
    for folder in FOLDERS:
        with closing(Database(config.database(folder))) as database:
            schema = Schema(database, folder)
            say(f"{folder}: {'brought' if schema.migrate() else 'is'} up to date, at version {schema.version()}")
    with told():
        create_tables(config.database("engine"))
    say("engine: is up to date")


def _read_version(connection: Connection, version_table: str) -> str | None:
    version: str | None = connection.execute(text(f"select version_num from {version_table}")).scalar()  # noqa: S608 - ours
    return version
