"""Tests of `receiver.py` against a running mock of ALC."""

import pytest
from receiver import create_app

from mock_alc.scenarios import RECEIVER_STORIES
from mock_alc.signing import sign

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def verdicts():
    """Return the store of the receiver, empty at the start."""
    return {}


@pytest.fixture
def hook(mock_alc, verdicts):
    """Run the receiver, register it at ALC, and return its URL."""
    url = mock_alc.serve(create_app(SECRET, verdicts)) + "/hook"
    mock_alc.register_webhook(url, secret=SECRET)
    return url


def test_a_verdict_is_stored(mock_alc, hook, verdicts):
    """The receiver stores what the agent decides."""
    lead = mock_alc.send_lead(recordId="ada")
    mock_alc.decide(lead, "interested")
    mock_alc.delivered(record_id="ada")
    assert verdicts == {"ada": "Complete"}


def test_a_forged_delivery_changes_nothing(mock_alc, hook, verdicts):
    """A delivery that is signed with another secret is refused with 401."""
    mock_alc.fail_next("lead.processed", "wrong_secret", times=None)
    mock_alc.decide(mock_alc.send_lead(recordId="ada"))
    assert verdicts == {}
    assert [attempt["status"] for attempt in mock_alc.deliveries()[0]["attempts"]] == [401]


def test_a_delivery_that_was_lost_comes_again(mock_alc, hook, verdicts):
    """ALC retries until the receiver has the verdict."""
    mock_alc.fail_next("lead.processed", "lost", times=3)
    mock_alc.decide(mock_alc.send_lead(recordId="ada"))
    mock_alc.wait_until_idle()  # hours of retries, in a moment
    assert verdicts == {"ada": "Complete"}


@pytest.mark.parametrize("story", RECEIVER_STORIES)
def test_every_story_ends_well(mock_alc, hook, verdicts, story):
    """The receiver ends with the status that a correct app has."""
    expected = mock_alc.scenario(story)
    mock_alc.send_lead(recordId="ada")
    mock_alc.wait_until_idle()
    assert verdicts["ada"] == expected["crm_status"], expected["ends"]


def test_a_delivery_of_ones_own(verdicts):
    """A receiver can be called without a server; `sign` returns the headers of a delivery."""
    body = b'{"event":"lead.processed","record_id":"ada","status":"Complete","occurred_at":"2030-01-01T12:00:00Z"}'
    client = create_app(SECRET, verdicts).test_client()
    assert client.post("/hook", data=body, headers=sign("standard-webhooks", SECRET, body)).status_code == 200
    assert verdicts == {"ada": "Complete"}


def test_the_receiver_gets_full_marks(mock_alc, hook):
    """Every check of `mock-alc grade` passes."""
    report = mock_alc.grade(hook, SECRET)
    assert report.full_marks, str(report)
