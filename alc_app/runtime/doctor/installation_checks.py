"""Checks of the installation: keys, clocks, files and versions. `work_checks.py` checks the work."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path

from sqlalchemy import text

from alc_app.attio.host.doctor import Finding
from alc_app.attio.host.errors import FetchError
from alc_app.runtime.services import Services

MAX_CLOCK_SKEW = 60.0
"""Seconds."""
MIN_FREE_BYTES = 256 * 1024 * 1024
GROUP_AND_OTHERS = 0o077
WRITABLE_BY_OTHERS = 0o022


def check_keys(services: Services) -> Iterator[Finding]:
    """Find sealed secrets that none of our keys can open (O19)."""
    for kind, ids in (
        ("connection", services.connections.undecryptable()),
        ("webhook handler", services.webhook_handlers.undecryptable()),
    ):
        for subject in ids:
            yield Finding(
                f"The secrets of the {kind} {subject} were encrypted with an unknown key. Add the key to "
                "ALC_APP_KEYS, or disconnect and connect again.",
                subject,
            )


def check_clocks(services: Services) -> Iterator[Finding]:
    """Compare our clock with those of ALC and of Postgres.

    Receivers refuse signatures when the clocks differ by minutes. Raises: FetchError.
    """
    try:
        answer = services.http.request(
            "GET", f"{services.oauth.issuer}/.well-known/oauth-authorization-server", headers={}
        )
    except FetchError as error:
        raise FetchError("ALC cannot be reached.").because(error) from error
    if date := answer.headers.get("Date"):
        yield from _check_skew("ALC's", parsedate_to_datetime(date).timestamp() - services.now())
    if services.database.engine.dialect.name == "postgresql":
        with services.database.reading() as session:
            theirs = session.connection().execute(text("select extract(epoch from clock_timestamp())")).scalar_one()
        yield from _check_skew("the database's", float(theirs) - services.now())


def check_files(services: Services) -> Iterator[Finding]:
    """Find key and database files that others can read, and disks that are nearly full (O18, C14)."""
    home = services.config.home
    if home.stat().st_mode & WRITABLE_BY_OTHERS:
        yield Finding(f"Other users can write to {home}.", str(home), repair=partial(_make_private, home, 0o700))
    for path in _private_files(services):
        if path.stat().st_mode & GROUP_AND_OTHERS:
            yield Finding(f"Other users can read {path}.", str(path), repair=partial(_make_private, path, 0o600))
    if shutil.disk_usage(home).free < MIN_FREE_BYTES:
        yield Finding(f"Less than 256 MB are free on the disk of {home}. Make room.", str(home), "warning")


def check_sqlite(services: Services) -> Iterator[Finding]:
    """Find a SQLite that is too old: from Python 3.12 on, DBOS uses a function that came with SQLite 3.42."""
    versions = ((sys.version_info.major, sys.version_info.minor), sqlite3.sqlite_version_info)
    if services.engine.url.startswith("sqlite") and not _versions_fit(*versions):
        yield Finding(
            f"SQLite {sqlite3.sqlite_version} is too old for the engine on this Python. Use SQLite 3.42 or newer, "
            "Python 3.11, or Postgres.",
            "sqlite",
        )


def _versions_fit(python: tuple[int, int], sqlite: tuple[int, ...]) -> bool:
    return python < (3, 12) or sqlite >= (3, 42)


def _check_skew(whose: str, seconds: float) -> Iterator[Finding]:
    if abs(seconds) > MAX_CLOCK_SKEW:
        how = "ahead of" if seconds > 0 else "behind"
        advice = "The app refuses signed deliveries from 5 minutes on. Correct the clocks."
        yield Finding(f"{whose.capitalize()} clock is {abs(seconds):.0f} seconds {how} ours. {advice}", "clock")


def _private_files(services: Services) -> list[Path]:
    config = services.config
    urls = (config.database(name) for name in ("app", "inbox", "engine"))
    databases = [Path(url.removeprefix("sqlite:///")) for url in urls if url.startswith("sqlite:///")]
    keys = [config.home / name for name in ("sealing_key", "session_key", "mock_attio_token")]
    journals = [path.with_name(f"{path.name}-wal") for path in databases]
    return [path for path in (*databases, *journals, *keys) if path.exists()]


def _make_private(path: Path, mode: int) -> str:
    path.chmod(mode)
    return f"Only its owner can access {path} now."
