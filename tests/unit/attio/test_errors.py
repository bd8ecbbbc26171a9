"""Errors cross the border between the two runtimes by name, message and wait."""

import json

import pytest

from alc_app.attio.host.errors import SerializableError, ServerFunctionError
from alc_app.clients.alc_api import AlcRefused
from alc_app.clients.attio_api import NotFound

KINDS = [kind for kind in SerializableError.by_name.values() if kind.__module__.startswith("alc_app")]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_of_the_app_comes_back_as_itself(kind: type[SerializableError]) -> None:
    """The tutorial's warning: what is thrown must be serializable."""
    sent = json.loads(json.dumps(kind("It failed.", retry_after=3.5).to_json()))
    back = SerializableError.from_json(sent)

    assert type(back) is kind
    assert (back.message, str(back), back.retry_after) == ("It failed.", "It failed.", 3.5)


def test_the_errors_of_both_doors_are_known() -> None:
    """What the tests above stand on."""
    assert {AlcRefused, NotFound} <= set(KINDS)


def test_a_name_that_is_not_known_keeps_its_message() -> None:
    """A worker that is newer than the web process."""
    back = SerializableError.from_json({"name": "FromTheFuture", "message": "It failed."})

    assert type(back) is ServerFunctionError
    assert (back.message, back.retry_after) == ("It failed.", None)


def test_a_cause_is_for_the_log_and_does_not_travel() -> None:
    """U9: no inner word crosses the border."""
    error = ServerFunctionError("It failed.").because(ValueError("canary"))

    assert isinstance(error.__cause__, ValueError)
    assert "canary" not in json.dumps(error.to_json())
