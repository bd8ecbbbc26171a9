"""A handler's secret is new: ALC is told it, and says when the previous one ends."""

import pytest

from alc_app.attio import Connection
from alc_app.clients.alc_api import AlcAnswerLost
from alc_app.events.connection_added import connection_added
from alc_app.events.secret_rotated import secret_rotated
from tests.support.fakes.runtime import START, FakeRuntime, Outside, answer_lost

CONNECTION = Connection("connection", "alc-token")


@pytest.fixture(autouse=True)
def rotated(runtime: FakeRuntime) -> None:
    """A connection whose handler has a new secret."""
    connection_added(CONNECTION)
    runtime.webhook_handlers.rotate_secret("handler_1")


def test_alc_gets_the_secret_that_is_stored(runtime: FakeRuntime, outside: Outside) -> None:
    """R5, R19: ours, so that nothing is lost with ALC's answer."""
    assert secret_rotated(CONNECTION, runtime.handlers["handler_1"]) == START + 86_400
    assert outside.secrets["wh_1"] == runtime.handlers["handler_1"].secret


def test_told_again_it_is_the_same(runtime: FakeRuntime, outside: Outside) -> None:
    """R5: after an answer that was lost."""
    outside.fault("POST /api/v1/webhooks/wh_1/rotate-secret", answer_lost)
    with pytest.raises(AlcAnswerLost):
        secret_rotated(CONNECTION, runtime.handlers["handler_1"])

    assert secret_rotated(CONNECTION, runtime.handlers["handler_1"]) == START + 86_400
    assert len({body["secret"] for body in outside.sent("POST /api/v1/webhooks/wh_1/rotate-secret")}) == 1


def test_a_service_that_does_not_say_when_the_previous_one_ends(runtime: FakeRuntime, outside: Outside) -> None:
    """R5: then nobody knows, and it stays valid."""
    outside.overlap_ends = None

    assert secret_rotated(CONNECTION, runtime.handlers["handler_1"]) is None
