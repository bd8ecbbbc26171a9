"""Nothing is found in a correct app, whatever ALC does; and what is wrong with a careless one is found."""

from collections.abc import Callable
from contextlib import suppress
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask

from mock_alc.scenarios import SCENARIOS
from mock_alc.testing.alc import Alc
from mock_alc.testing.wire.diagnosis import diagnose
from mock_alc.testing.wire.drawing import Highlight
from mock_alc.testing.wire.exchanges import read_exchanges

EXAMPLE = Path(__file__).parents[5] / "mock_alc/examples/receiver/receiver.py"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TIMES = 4


def correct_receiver() -> Flask:
    """The receiver of the README."""
    spec = spec_from_file_location("receiver", EXAMPLE)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    app: Flask = module.create_app(SECRET, {})
    return app


def careless_receiver() -> Flask:
    """One that takes whatever comes."""
    app = Flask(__name__)
    app.post("/hook")(lambda: "")
    return app


class Sender:
    """An app that sends Ada until it is answered; a correct one keeps the key, and waits as it is asked to."""

    def __init__(self, alc: Alc, *, correct: bool) -> None:
        self._alc, self._correct = alc, correct
        self._auth = {"Authorization": f"Bearer {alc.token()}"}

    def register(self, url: str) -> None:
        """Register the webhook, once more if that fails."""
        body = {"name": "app", "url": f"{url}/hook", "event": "lead.processed", "secret": SECRET}
        self._until_answered(lambda: self._post("webhooks", body))

    def send(self) -> None:
        """Send Ada, again if that fails."""
        body = {"recordId": "ada", "name": "Ada", "phoneNumber": "+442071838750"}
        self._until_answered(lambda: self._post("leads", body, **({"Idempotency-Key": "k"} if self._correct else {})))

    def _post(self, path: str, body: Any, **headers: str) -> requests.Response:
        return requests.post(f"{self._alc.url}/api/v1/{path}", json=body, headers={**self._auth, **headers}, timeout=30)

    def _until_answered(self, call: Callable[[], requests.Response]) -> None:
        for _ in range(TIMES):
            with suppress(requests.RequestException):
                answer = call()
                if answer.status_code < 500 and answer.status_code != 429:
                    return
                if self._correct:
                    self._alc.advance(float(answer.headers.get("Retry-After", 1)))


def play(alc: Alc, name: str, receiver: Flask, *, correct: bool) -> Highlight | None:
    """Let an app live through a scenario, and return what is found in it."""
    app = Sender(alc, correct=correct)
    alc.scenario(name)
    app.register(alc.serve(receiver))
    app.send()
    alc.wait_until_idle()
    return diagnose(read_exchanges(alc.control))


@pytest.mark.parametrize("name", SCENARIOS)
def test_nothing_is_found_in_a_correct_app(mock_alc: Alc, name: str) -> None:
    """In none of the scenarios."""
    assert play(mock_alc, name, correct_receiver(), correct=True) is None


@pytest.mark.parametrize(
    "name", ["bad_signature", "wrong_secret", "tampered_body", "stale", "future", "missing_header"]
)
def test_a_receiver_that_takes_forged_deliveries_is_found(mock_alc: Alc, name: str) -> None:
    """By the first of them."""
    found = play(mock_alc, name, careless_receiver(), correct=True)
    assert found is not None and "The receiver accepted it (200)" in found.happened


def test_an_app_that_sends_again_without_a_key_is_found(mock_alc: Alc) -> None:
    """A second chat has begun. The first one lasts: had its verdict come before, this would be a new intent."""
    mock_alc.fail_next("POST /api/v1/leads", "drop", effect="done")
    found = play(mock_alc, "slow_lead", correct_receiver(), correct=False)
    assert found is not None and "without an Idempotency-Key" in found.happened


def test_an_app_that_does_not_wait_is_found(mock_alc: Alc) -> None:
    """It is asked to wait for a minute."""
    mock_alc.fail_next("POST /api/v1/leads", "rate_limited", seconds=60)
    found = play(mock_alc, "happy", correct_receiver(), correct=False)
    assert found is not None and "Retry-After: 60 s" in found.happened
