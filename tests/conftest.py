"""What every test may use: a browser of this machine, and the option to take the README's screenshots."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

from alc_app.config.settings import Config
from alc_app.runtime.migrations.schema import migrate_all
from tests.support.compiled_routes import compile_routes_once
from tests.support.compiled_statements import compile_statements_once
from tests.support.compiled_templates import keep_compiled_templates
from tests.support.installation import Installation, build_wheel, install
from tests.support.servers import nginx as own_nginx
from tests.support.servers import postgres as own_postgres
from tests.support.servers.browsers import HOW_TO_GET_ONE, find_or_fetch
from tests.support.servers.stack import free_ports
from tests.support.waiting import PATIENCE

QUIET = (
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
    "--disable-dev-shm-usage", "--disable-gpu", "--disable-quic", "--renderer-process-limit=1",
)  # fmt: skip

gc.set_threshold(50_000)  # with Python's 700, a tenth of the time goes to looking for garbage in 6,000 collected tests
keep_compiled_templates()
compile_routes_once()
compile_statements_once()
expect.set_options(timeout=PATIENCE * 1000)
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's `&` does that; what we start would ignore it too
    signal.signal(signal.SIGINT, signal.default_int_handler)


def missing(how_to_get_one: str) -> None:
    """Skip what this machine cannot do. CI can do everything, so there it fails."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(how_to_get_one)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Launch what this machine has."""
    launch = find_or_fetch()
    if launch is None:
        missing(HOW_TO_GET_ONE)
    return {**browser_type_launch_args, **launch, "args": list(QUIET)}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """Calm, and in the zone that the fakes' times are in."""
    return {**browser_context_args, "reduced_motion": "reduce", "timezone_id": "UTC"}


@pytest.fixture
def context(context: BrowserContext) -> BrowserContext:
    """A window of its own, in which a slow machine is given its time."""
    context.set_default_timeout(PATIENCE * 1000)
    return context


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as others install it."""
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An installation with the extra `pytest`, beside what others have in theirs."""
    others = ("freezegun", "pytest-asyncio", "pytest-xdist", "time-machine")
    return install(wheel, tmp_path_factory.mktemp("installed") / "venv", "pytest", beside=others)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a Postgres of our own."""
    if own_postgres.binaries() is None:
        missing(own_postgres.HOW_TO_GET_ONE)
    with own_postgres.server(free_ports(1)[0]) as url:
        yield url


@pytest.fixture(scope="session")
def nginx() -> None:
    """An nginx is here."""
    if own_nginx.program() is None:
        missing(own_nginx.HOW_TO_GET_ONE)


@pytest.fixture
def empty_postgres(postgres_server: str) -> Iterator[str]:
    """The URL of a database with nothing in it."""
    with own_postgres.database(postgres_server) as url:
        yield url


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: str) -> Iterator[str]:
    """The name of a database that `alc-app migrate` has prepared: copying it is quicker."""
    with own_postgres.database(postgres_server) as url:
        migrate_all(Config.from_env(database_url=url), lambda _: None)
        yield url.rpartition("/")[2]


@pytest.fixture(scope="module")
def module_postgres(postgres_server: str, migrated_postgres: str) -> Iterator[str]:
    """The URL of a database that is up to date, for all tests of a file."""
    with own_postgres.database(postgres_server, migrated_postgres) as url:
        yield url


@pytest.fixture(scope="session")
def shared_postgres(postgres_server: str, migrated_postgres: str) -> Iterator[str]:
    """The URL of the database that tests use one after the other."""
    with own_postgres.database(postgres_server, migrated_postgres) as url:
        yield url


@pytest.fixture
def postgres(shared_postgres: str) -> str:
    """The URL of an empty database that is up to date."""
    own_postgres.empty(shared_postgres)
    return shared_postgres


TOGETHER = {
    "laboratory": "labs",
    "stack": "stack",
    "world": "kill",
    "installation": "doctor",
    "machines": "machines",
    "deployment": "sign-in",
    "example": "nginx",
    "demo": "demo",
    "page": "browser",
    "context": "browser",
}
"""Fixtures that are worth sharing, and what the tests are called that share one."""


@pytest.hookimpl(tryfirst=True)  # before xdist reads the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests that share servers, and those that share a browser, on one core each."""
    for item in items:
        fixture = next((name for name in TOGETHER if name in getattr(item, "fixturenames", ())), None)
        if fixture:
            params = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
            item.add_marker(pytest.mark.xdist_group(f"{TOGETHER[fixture]} {params.get(fixture, '')}".strip()))


def pytest_collection_finish() -> None:
    """Never look at what has been collected again: it stays."""
    gc.freeze()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--screenshots`."""
    parser.addoption("--screenshots", action="store_true", help="take the README's pictures, and film its recording")
