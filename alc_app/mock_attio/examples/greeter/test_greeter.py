"""Tests of `greeter.py` against a stand-in for Attio."""

import pytest
from greeter import Greeter

SCOPES = "record_permission:read-write object_configuration:read webhook:read-write"


@pytest.fixture
def greeter(mock_attio):
    """Run the integration, and connect it to Attio."""
    greeter = Greeter(mock_attio.url, mock_attio.token(scope=SCOPES))
    greeter.connect(mock_attio.serve(greeter.app) + "/attio/events")
    return greeter


def description(mock_attio, person):
    """Return what the record says now."""
    values = mock_attio.record(person)["values"]["description"]
    return values[0]["value"] if values else None


def test_a_new_person_gets_a_description(mock_attio, greeter):
    """Attio calls the webhook, and the integration writes to the record."""
    ada = mock_attio.person("Ada Lovelace", email="ada@example.com")
    mock_attio.delivered("record.created", record_id=ada["id"]["record_id"])
    assert description(mock_attio, ada) == "Say hello to Ada Lovelace."


@pytest.mark.parametrize("trouble", ["rate_limited", "drop", "cut", "garbage"])
@pytest.mark.parametrize("route", ["GET /v2/objects/*/records/*", "PATCH /v2/objects/*/records/*"])
def test_what_goes_wrong_at_attio_is_made_good(mock_attio, greeter, route, trouble):
    """The integration answers 503, and Attio delivers again."""
    mock_attio.fail_next(route, trouble, times=3)
    ada = mock_attio.person("Ada Lovelace")
    mock_attio.wait_until_idle()  # minutes of retries, in a moment
    assert description(mock_attio, ada) == "Say hello to Ada Lovelace."


def test_a_message_that_comes_twice_is_handled_once(mock_attio, greeter):
    """Attio may deliver more than once, always under the same key."""
    ada = mock_attio.person()
    mock_attio.resend(mock_attio.deliveries("record.created")[0])
    path = f"/v2/objects/{ada['id']['object_id']}/records/{ada['id']['record_id']}"
    mock_attio.received("PATCH", path, times=1)


@pytest.mark.parametrize("trouble", ["bad_signature", "wrong_secret", "tampered_body", "missing_header"])
def test_a_forged_message_is_refused(mock_attio, greeter, trouble):
    """Nothing happens before the right one comes."""
    mock_attio.fail_next("record.created", trouble)
    ada = mock_attio.person()
    assert description(mock_attio, ada) is None
    mock_attio.wait_until_idle()
    [delivery] = mock_attio.delivered("record.created")
    assert [attempt["status"] for attempt in delivery["attempts"]] == [401, 200]
