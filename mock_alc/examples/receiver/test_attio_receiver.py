"""Tests of `attio_receiver.py`: signed as Attio signs, and graded."""

import pytest
from attio_receiver import create_app

from mock_alc.signing import explain, sign, verify

SECRET = "0123456789abcdef" * 4
MESSAGE = b'{"webhook_id": "1", "events": [{"event_type": "note.created", "id": {"note_id": "2"}}]}'


@pytest.fixture
def messages():
    """Return the store of the receiver, empty at the start."""
    return {}


@pytest.fixture
def hook(mock_alc, messages):
    """Run the receiver, and return its URL."""
    return mock_alc.serve(create_app(SECRET, messages)) + "/attio/events"


def test_a_message_that_comes_twice_is_stored_once(messages):
    """Attio repeats a message under the same Idempotency-Key."""
    client = create_app(SECRET, messages).test_client()
    headers = sign("attio", SECRET, MESSAGE, message_id="msg-1")
    for _ in range(2):
        assert client.post("/attio/events", data=MESSAGE, headers=headers).status_code == 200
    assert list(messages) == ["msg-1"]


def test_the_mistake_in_a_signature_is_named():
    """A signature of another dialect does not verify, and `explain` says what was signed."""
    headers = {"Attio-Signature": sign("github", SECRET, MESSAGE)["X-Hub-Signature-256"]}
    assert not verify("attio", SECRET, headers, MESSAGE)
    assert "starts with sha256=" in explain("attio", SECRET, headers, MESSAGE).problems[0].sentence


def test_attios_messages_are_received_rightly(mock_alc, hook):
    """Every check of `mock-alc grade --dialect attio` passes."""
    report = mock_alc.grade(hook, SECRET, dialect="attio")
    assert report.full_marks, str(report)
