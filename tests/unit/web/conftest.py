"""The whole web app with a sign-in, and people who have signed in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from alc_app.config.settings import Config
from alc_app.runtime.routes.sign_in import SESSION
from alc_app.runtime.services import Services
from alc_app.runtime.sign_in.people import Person
from alc_app.web.factory import build
from tests.support.chaos.proxy import ChaosProxy
from tests.support.fakes.engine import FakeEngine
from tests.support.sign_in import SIGN_IN

ROBIN = Person("robin", "robin@example.com", "Robin Marsh", "admin")
IMANI = Person("imani", "imani@example.com", "Imani Castellanos", "member")
BY_ROLE = {"admin": ROBIN, "member": IMANI}
BASE_URL = "http://127.0.0.1:8000"
NOWHERE = {"alc_url": "http://127.0.0.1:9", "attio_url": "http://127.0.0.1:9", "mock_attio_token": "t"}


@pytest.fixture
def attio() -> Iterator[ChaosProxy]:
    """An Attio that is nothing but its rules."""
    server = ChaosProxy()
    yield server
    server.close()


@pytest.fixture(scope="module")
def guarded(new_home: Callable[[], Path]) -> Iterator[Flask]:
    """The app, whose ALC and Attio are away."""
    yield from make_app(new_home(), members="imani@example.com", **SIGN_IN)


def make_app(home: Path, **settings: str) -> Iterator[Flask]:
    """The app with these settings, and an engine that does nothing."""
    app = build(Config.from_env(home=home, **{**NOWHERE, **settings}))
    services: Services = app.extensions["services"]
    services.engine = FakeEngine()
    services.people.save(ROBIN)
    services.people.save(IMANI)
    yield app
    app.extensions["live"].stop()
    services.close()


def client_of(app: Flask, role: str = "", *, browser: bool = False) -> FlaskClient:
    """A client that is signed in in this role, or not at all. With `browser`, it asks for pages."""
    client = app.test_client()
    if browser:
        client.environ_base["HTTP_ACCEPT"] = "text/html,*/*;q=0.8"
    if role:
        services: Services = app.extensions["services"]
        with client.session_transaction(base_url=BASE_URL) as session:
            session[SESSION] = services.sessions.begin(BY_ROLE[role])
    return client


def token_of(client: FlaskClient) -> str:
    """The CSRF token of a page."""
    return re.findall(r'<meta name="csrf-token" content="([^"]+)"', client.get("/apps/alc", base_url=BASE_URL).text)[0]


def post(client: FlaskClient, path: str, **fields: str) -> tuple[int, str]:
    """Submit a form."""
    answer = client.post(path, data={"csrf_token": token_of(client), **fields}, base_url=BASE_URL)
    return answer.status_code, answer.text
