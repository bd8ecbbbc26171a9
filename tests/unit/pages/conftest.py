"""The face over a fake workspace, reached with Flask's client as a browser would ask."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.fakes.pages_app import create_pages_app
from tests.support.fakes.scripted_actions import Stage
from tests.support.fakes.workspace import FakeWorkspace


@pytest.fixture
def workspace() -> FakeWorkspace:
    return FakeWorkspace()


@pytest.fixture
def app(workspace: FakeWorkspace) -> Flask:
    return create_pages_app(workspace, Stage())


@pytest.fixture
def browser_client(app: Flask) -> FlaskClient:
    """A client that asks for pages."""
    client = app.test_client()
    client.environ_base["HTTP_ACCEPT"] = "text/html,application/xhtml+xml,*/*;q=0.8"
    return client
