"""`alc-app rotate-secrets`: what it stores, whom it asks, and what it says of how that went."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from alc_app.app import app as manifest
from alc_app.attio.host.errors import ServerFunctionError, ServerFunctionTimeout
from alc_app.cli import doctor
from alc_app.cli.commands import main
from alc_app.config.settings import Config
from alc_app.runtime.oauth_client import Tokens
from alc_app.runtime.services import WORKSPACE, Services
from tests.support.fakes.engine import FakeEngine

UNTOLD = "Error: The new secrets are stored, and the previous ones stay valid. ALC does not have all of them yet"


class Installation:
    """An installation that is connected, with one webhook at ALC and a worker that a test speaks for."""

    def __init__(self, home: Path) -> None:
        self.services = Services(Config.from_env(home=home), manifest)
        self.engine = FakeEngine()
        self.services.engine = self.engine
        self.connection_id = self.services.connections.add(
            WORKSPACE, Tokens("access", "refresh", time.time() + 3600, "")
        )
        self.services.connections.activate(self.connection_id)
        self.handler_id = self.services.webhook_handlers.create(self.connection_id, "lead_processed")
        self.services.webhook_handlers.set_external_id(self.handler_id, "wh_1")

    def secrets(self) -> list[str]:
        """Return the secrets that are accepted."""
        row = self.services.webhook_handlers.row(self.handler_id)
        assert row
        return self.services.webhook_handlers.secrets(row)

    def run(self, *words: str) -> tuple[int, str]:
        """Run the command; return its exit code and what it prints."""
        result = CliRunner().invoke(main, ["rotate-secrets", *words])
        return result.exit_code, result.output


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    made = Installation(tmp_path / "home")

    @contextmanager
    def services_of(_: Config) -> Iterator[Services]:
        yield made.services

    monkeypatch.setattr(doctor, "_services", services_of)
    yield made
    made.services.close()


def test_the_worker_is_asked_to_tell_alc(installation: Installation) -> None:
    """R5: the secret is stored first; the run waits in the queue of connects and disconnects."""
    [first] = installation.secrets()

    assert installation.run() == (0, "Webhooks at ALC with a new signing secret: 1.\n")
    rotation = ("rotation", (installation.handler_id,), "lifecycle")
    assert installation.engine.runs == {f"rotate:{installation.handler_id}": rotation}
    assert installation.secrets()[1] == first


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"error": {"name": "AlcUnreachable", "message": "ALC cannot be reached."}}, "ALC cannot be reached."),
        (ServerFunctionTimeout("late"), "Is a worker running?"),
        (ServerFunctionError("See the worker's log."), "See the worker's log."),
    ],
)
def test_what_alc_was_not_told_is_said_and_goes_on(
    installation: Installation, answer: dict[str, Any] | Exception, why: str
) -> None:
    """R5: exit code 1; run again, it goes on with the same secret."""
    installation.engine.answer = answer

    status, said = installation.run()
    assert (status, said.startswith(UNTOLD), said.rstrip().endswith(why)) == (1, True, True)
    stored = installation.secrets()
    assert len(stored) == 2
    installation.run()
    assert installation.secrets() == stored


def test_without_a_connection_there_is_nothing_to_rotate(installation: Installation) -> None:
    """Nobody signs anything."""
    installation.services.connections.erase(installation.connection_id)

    assert installation.run() == (1, "Error: Acme Lead Checker is not connected.\n")
    assert not installation.engine.runs


def test_the_help_says_what_it_does_and_that_it_may_be_stopped(installation: Installation) -> None:
    """A person reads it before anything is rotated."""
    status, said = installation.run("--help")

    assert status == 0
    assert "You can stop this command and run it again at any time" in " ".join(said.split())
    assert len(installation.secrets()) == 1
