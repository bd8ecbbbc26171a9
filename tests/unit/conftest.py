"""What holds for every unit test, and the fake runtime around those of the app's own files."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from alc_app.app import app as manifest
from alc_app.attio.host import backoff
from alc_app.attio.host.context import running
from alc_app.config.settings import Config
from alc_app.runtime.services import Services
from alc_app.runtime.storage.database import Database
from tests.support.fakes.runtime import FakeRuntime, Outside, memory


@pytest.fixture(scope="package", autouse=True)
def exact_waits() -> Iterator[None]:
    """Waits have no jitter, so that a test can say how long they are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backoff, "JITTER", 0.0)
        yield


@pytest.fixture(scope="session")
def empty_databases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose tables are there: copying it is quicker than making them for each test."""
    home = tmp_path_factory.mktemp("empty")
    Services(Config.from_env(home=home), manifest).close()
    return home


@pytest.fixture(scope="session")
def new_home(empty_databases: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Make a home for an installation, with the tables of `empty_databases`."""

    def make() -> Path:
        home = tmp_path_factory.mktemp("home")
        for database in empty_databases.glob("*.db"):
            shutil.copy(database, home)
        return home

    return make


@pytest.fixture(scope="session")
def empty_memory() -> Iterator[Callable[[], Database]]:
    """Empty the one database in memory, and return it: its engine knows the statements of earlier tests."""
    database, empty = memory(), sqlite3.connect(":memory:")
    pooled = database.engine.raw_connection()
    connection = pooled.driver_connection
    assert isinstance(connection, sqlite3.Connection)
    connection.backup(empty)
    pooled.close()

    def make() -> Database:
        empty.backup(connection)
        return database

    yield make
    empty.close()
    database.close()


@pytest.fixture
def runtime(empty_memory: Callable[[], Database]) -> Iterator[FakeRuntime]:
    """The test runs inside of it, as app code does."""
    fake = FakeRuntime(database=empty_memory())
    with running(fake):
        yield fake


@pytest.fixture
def outside(runtime: FakeRuntime) -> Outside:
    """What the fake runtime finds at the other end of `fetch()`."""
    return runtime.outside
