"""A Postgres server for tests, from Debian's package, on a free port."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from sqlalchemy import NullPool, create_engine, text

from alc_app.runtime.storage.locks import lock_key

HOW_TO_GET_ONE = "No Postgres here: on Debian, apt-get install postgresql. These tests are skipped."
USER = "alc"
END_OTHERS = """
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()
"""
MADE_BY_MIGRATIONS = ("app_schema", "inbox_schema", "exchanges_schema", "dbos_migrations")
DELETE_ROWS = f"""
do $$ declare one record; begin
    for one in select schemaname, tablename from pg_tables
        where schemaname in ('public', 'dbos') and tablename not in {MADE_BY_MIGRATIONS}
    loop execute format('delete from %I.%I', one.schemaname, one.tablename); end loop;
end $$
"""  # noqa: S608 - names of ours


def binaries() -> Path | None:
    """Return the folder of the newest Postgres programs on this machine, or None."""
    packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    found = packaged[-1] if packaged else shutil.which("initdb")
    return Path(found).parent if found else None


@contextmanager
def server(port: int, *, durable: bool = False) -> Iterator[str]:
    """Run a server, and yield the URL of its database. Only a durable one waits for the disk."""
    folder = binaries()
    assert folder, HOW_TO_GET_ONE
    with tempfile.TemporaryDirectory(prefix="alc-pg-") as home:
        if os.geteuid() == 0:  # it refuses to run as root
            shutil.chown(home, "postgres", "postgres")
        data = f"{home}/data"
        _run(folder / "initdb", "-D", data, "-U", USER, "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
        fsync = "on" if durable else "off"
        options = f"-p {port} -k {home} -c listen_addresses=127.0.0.1 -c fsync={fsync} -c max_connections=400"
        _run(folder / "pg_ctl", "-D", data, "-w", "-l", f"{home}/log", "-o", options, "start")
        try:
            yield f"postgresql+psycopg://{USER}@127.0.0.1:{port}/postgres"
        finally:
            _run(folder / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


@contextmanager
def database(server_url: str, template: str = "template1") -> Iterator[str]:
    """Create a database as a copy of the template, yield its URL, and drop it."""
    name, base = f"test_{uuid4().hex}", server_url.rpartition("/")[0]
    _admin(server_url, f"create database {name} template {template}")
    try:
        yield f"{base}/{name}"
    finally:
        _admin(server_url, f"drop database {name} with (force)")


def empty(url: str) -> None:
    """End every other session of a database, and delete all rows but those that its migrations have made.

    It takes a tenth of the time of making another database.
    """
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text(END_OTHERS))
        connection.execute(text("set local session_replication_role = replica"))  # rows in any order
        connection.execute(text(DELETE_ROWS))


def end_holder_of(url: str, name: str) -> bool:
    """End the session that holds the advisory lock of this name. Return False if no session does."""
    holders = "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted and objid = :low"
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        return bool(connection.execute(text(holders), {"low": lock_key(name) % 2**32}).all())


def _admin(server_url: str, statement: str) -> None:
    engine = create_engine(server_url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(statement))


def _run(program: Path, *arguments: str) -> None:
    user = "postgres" if os.geteuid() == 0 else None
    done = subprocess.run(  # noqa: S603 - Debian's own program
        [program, *arguments], user=user, capture_output=True, text=True, check=False, cwd="/", stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, f"{program.name}: {done.stdout}{done.stderr}"
