"""One stand-in in memory for all of these tests, restored to its seed before each test."""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from alc_app.mock_attio.app import create_app
from alc_app.mock_attio.store.config import MockAttioConfig
from alc_app.mock_attio.store.services import Services

TOKEN = "c0ffee" * 10 + "abcd"


class Clock:
    """A clock that only moves when a test advances it."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        self.moment += timedelta(seconds=seconds)


@dataclass
class Attio:
    """A client of the stand-in, with shortcuts for tests."""

    app: Flask
    clock: Clock
    token: str = TOKEN

    def send(self, method: str, path: str, body: object = None, **more: Any) -> TestResponse:
        """Send a request with the token, and the body as JSON if there is one."""
        headers = {"Authorization": f"Bearer {self.token}"} | more.pop("headers", {})
        more |= {} if body is None else {"json": body}
        return self.app.test_client().open(path, method=method, headers=headers, **more)

    def ok(self, method: str, path: str, body: object = None) -> Any:
        """Send a request that must succeed, and return what is under `data`."""
        reply = self.send(method, path, body)
        assert reply.status_code == 200, reply.get_data(as_text=True)
        return reply.get_json().get("data")

    def refused(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """Send a request that must be refused in Attio's shape, and return the error."""
        reply = self.send(method, path, body)
        error: dict[str, Any] = reply.get_json()
        assert reply.status_code == error["status_code"]
        assert 400 <= reply.status_code < 500, error
        return error

    def write(self, method: str, path: str, values: dict[str, Any]) -> Any:
        """Write values, and return the values of the record that comes back."""
        return self.ok(method, path, {"data": {"values": values}})["values"]

    def person(self, position: int = 0) -> Any:
        """Return a seeded person, counted in the order of creation."""
        return self.ok("POST", "/v2/objects/people/records/query", {"limit": 1, "offset": position})[0]

    def path(self, position: int = 0) -> str:
        """Return the path of a seeded person."""
        return f"/v2/objects/people/records/{self.person(position)['id']['record_id']}"

    def names(self, query: dict[str, Any]) -> list[str | None]:
        """Return the names of the people that a query finds."""
        found = self.ok("POST", "/v2/objects/people/records/query", query)
        return [person["values"]["name"][0]["full_name"] if person["values"]["name"] else None for person in found]

    def add_attribute(self, slug: str, kind: str, **more: Any) -> Any:
        """Create an attribute of people."""
        body: dict[str, Any] = {"title": slug, "description": None, "api_slug": slug, "type": kind, "config": {}}
        flags = {"is_required": False, "is_unique": False, "is_multiselect": False}
        return self.ok("POST", "/v2/objects/people/attributes", {"data": body | flags | more})


def config_for(clock: Callable[[], datetime], **settings: Any) -> MockAttioConfig:
    """Return the settings of a stand-in in memory without limits."""
    config = MockAttioConfig("sqlite://", TOKEN, writes_per_second=0, reads_per_second=0, now=clock, control=True)
    return replace(config, **settings)


def sqlite_of(app: Flask) -> sqlite3.Connection:
    """Return the one connection that a database in memory has."""
    services: Services = app.extensions["mock_attio"]
    connection = services.database.engine.raw_connection().driver_connection
    assert isinstance(connection, sqlite3.Connection)
    return connection


@pytest.fixture(scope="session")
def seeded() -> Iterator[tuple[Flask, Clock, sqlite3.Connection]]:
    """Make the stand-in once, and keep a copy of its fresh state: seeding takes longer than most tests."""
    clock = Clock()
    app = create_app(config_for(clock))
    copy = sqlite3.connect(":memory:")
    sqlite_of(app).backup(copy)
    yield app, clock, copy
    copy.close()
    app.extensions["mock_attio"].database.close()


@pytest.fixture
def attio(seeded: tuple[Flask, Clock, sqlite3.Connection]) -> Attio:
    """Return a client of a stand-in that is as fresh as after a reset."""
    app, clock, copy = seeded
    copy.backup(sqlite_of(app))
    app.extensions["mock_attio"].forget()
    return Attio(app, clock)
