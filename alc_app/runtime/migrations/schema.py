"""The shape of our tables: brought up to date on SQLite by whoever starts, on Postgres by `alc-app migrate` (bar C15).

Alembic does the work, in one transaction. It is imported only when there is work: starting must stay quick.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

from alc_app.config.settings import Config
from alc_app.runtime.engine import Engine
from alc_app.runtime.storage.database import Database

MIGRATIONS = Path(__file__).parent
FIRST = "0001"
"""What a database with tables and without a note of its version has: it was made before there were migrations."""
OLDEST_TABLE = {"app": "connection", "inbox": "delivery"}
FOLDERS = ("app", "inbox", "exchanges")


class SchemaUnfit(Exception):
    """The database is older or newer than this program; the message says what to do."""


class Schema:
    """The tables of one folder of `alc_app/migrations`, in one database."""

    def __init__(self, database: Database, folder: str) -> None:
        self._database, self.folder = database, folder
        self._version_table = f"{folder}_schema"

    @property
    def known(self) -> list[str]:
        """Every version that this program knows, the newest last."""
        return sorted(path.name[1:5] for path in (MIGRATIONS / self.folder).glob("r[0-9][0-9][0-9][0-9]_*.py"))

    def version(self) -> str | None:
        """The version of the database; None, when it has no note of one."""
        try:
            with self._database.reading() as session:
                return _noted(session.connection(), self._version_table)
        except DBAPIError:  # no such table
            return None

    def fit(self) -> None:
        """See that the database fits this program: SQLite's is brought up to date. Raises: SchemaUnfit."""
        if self._database.is_sqlite:
            self.migrate()
        else:
            self.check()

    def check(self) -> None:
        """Raises: SchemaUnfit, when the database is not what this program is made for."""
        version = self.version()
        if version not in (None, *self.known):
            raise SchemaUnfit(f"The database is at version {version}, newer than this program. Start a newer program.")
        if version != self.known[-1]:
            raise SchemaUnfit(
                f"The database is at version {version or 'none'}, not {self.known[-1]}. Run: alc-app migrate"
            )

    def migrate(self) -> bool:
        """Bring the database up to date; returns whether there was anything to do. Raises: SchemaUnfit."""
        if self.version() == self.known[-1]:
            return False
        with self._database.engine.begin() as connection:  # on SQLite a writer from the start: two at once take turns
            if not self._database.is_sqlite:
                connection.execute(text("select pg_advisory_xact_lock(hashtext('alc_app/migrations'))"))
            self._upgrade(connection)
        self.check()
        return True

    def _upgrade(self, connection: Connection, to: str = "head") -> None:
        from alembic import command
        from alembic.config import Config

        tables = set(inspect(connection).get_table_names())
        version = _noted(connection, self._version_table) if self._version_table in tables else None
        if version not in (None, *self.known):
            return  # newer than we are: check() says so
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.set_main_option("version_locations", str(MIGRATIONS / self.folder))
        config.set_main_option("path_separator", "newline")
        config.attributes.update(connection=connection, version_table=self._version_table)
        if version is None and OLDEST_TABLE.get(self.folder) in tables:
            command.stamp(config, FIRST)
        command.upgrade(config, to)


def migrate_all(config: Config, say: Callable[[str], None]) -> None:
    """Bring every table of ours and of the engine up to date. Raises: SchemaUnfit."""
    for folder in FOLDERS:
        database = Database(config.database(folder))
        schema = Schema(database, folder)
        say(f"{folder}: {'brought' if schema.migrate() else 'is'} up to date, at version {schema.version()}")
        database.close()
    Engine(config.database("engine")).prepare()
    say("engine: is up to date")


def _noted(connection: Connection, version_table: str) -> str | None:
    version: str | None = connection.execute(text(f"select version_num from {version_table}")).scalar()  # noqa: S608 - ours
    return version
