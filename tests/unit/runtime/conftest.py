"""The services on SQLite files, an ALC of `responses`, and tiny servers on loopback that misbehave."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import responses

from alc_app.app import app as manifest
from alc_app.attio.manifest import App
from alc_app.config.settings import Config
from alc_app.runtime.oauth_client import Tokens
from alc_app.runtime.services import WORKSPACE, Services
from alc_app.runtime.storage.database import Database
from tests.support.fakes.engine import FakeEngine
from tests.support.waiting import PATIENCE

START = 1_700_000_000.0
ALC = "https://alc.test"
METADATA = f"{ALC}/.well-known/oauth-authorization-server"
TOKEN, REVOKE = f"{ALC}/oauth/token", f"{ALC}/oauth/revoke"
METADATA_BODY = {
    "issuer": ALC,
    "authorization_endpoint": f"{ALC}/oauth/authorize",
    "token_endpoint": TOKEN,
    "revocation_endpoint": REVOKE,
}
FRESH = {"access_token": "new-access", "refresh_token": "new-refresh", "token_type": "Bearer", "expires_in": 3600}


class Clock:
    """Stands until it is told to move."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    """A clock for stores that are told the time."""
    return Clock()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path, empty_databases: Path) -> Iterator[Database]:
    """The app's database, up to date, on each of both."""
    if request.param == "sqlite":
        shutil.copy(empty_databases / "app.db", tmp_path)
        database = Database(f"sqlite:///{tmp_path / 'app.db'}")
    else:
        database = Database(request.getfixturevalue("postgres"))
    yield database
    database.close()


@pytest.fixture
def config(new_home: Callable[[], Path]) -> Config:
    """Settings of an installation of its own."""
    return Config.from_env(
        home=new_home(),
        alc_url=ALC,
        alc_client_secret="client-secret",
        attio_url="https://attio.test",
        mock_attio_token="attio-token",
    )


@pytest.fixture
def make_services(config: Config) -> Iterator[Callable[..., Services]]:
    """Make the services, with the app's manifest or another."""
    made: list[Services] = []

    def make(manifest: App = manifest, config: Config = config) -> Services:
        made.append(Services(config, manifest))
        return made[-1]

    yield make
    for services in made:
        services.close()


@pytest.fixture
def services(make_services: Callable[..., Services]) -> Services:
    """The app's own."""
    return make_services()


@pytest.fixture
def connect(services: Services) -> Callable[..., str]:
    """Save a connection; returns its id."""

    def save(lifetime: float = 3600.0, refresh_token: str = "old-refresh") -> str:
        tokens = Tokens("old-access", refresh_token, time.time() + lifetime, "leads:write", "ann@example.com")
        connection_id = services.connections.add(WORKSPACE, tokens)
        services.connections.activate(connection_id)
        return connection_id

    return save


@pytest.fixture
def alc() -> Iterator[responses.RequestsMock]:
    """ALC's authorization server; what is not prepared cannot be reached."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get(METADATA, json=METADATA_BODY)
        yield mock


def posts(alc: responses.RequestsMock, url: str) -> list[Any]:
    """The bodies that were posted there."""
    return [call.request.body for call in alc.calls if call.request.url == url and call.request.method == "POST"]


class Peer:
    """A server that says exactly these bytes, piece by piece, to whoever comes."""

    def __init__(self, pieces: Sequence[bytes], gap: float) -> None:
        self.seen: list[bytes] = []
        self._pieces, self._gap = pieces, gap
        self._closing = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        try:
            self.seen.append(connection.recv(64 * 1024))
            for piece in self._pieces:
                connection.sendall(piece)
                if self._gap and self._closing.wait(self._gap):
                    return
        except OSError:  # the client has had enough
            return

    def close(self) -> None:
        """Stop serving."""
        self._closing.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(timeout=PATIENCE)


@pytest.fixture
def peer() -> Iterator[Callable[..., Peer]]:
    """Make servers that misbehave."""
    made: list[Peer] = []

    def make(*pieces: bytes, gap: float = 0.0) -> Peer:
        made.append(Peer(pieces, gap))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def engine(services: Services) -> FakeEngine:
    """The services ask this one for runs."""
    fake = FakeEngine()
    services.engine = fake
    return fake
