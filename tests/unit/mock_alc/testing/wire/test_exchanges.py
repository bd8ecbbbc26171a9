"""What is read from the control API of a mock."""

from typing import get_args

import pytest
import requests
from flask import Flask

from mock_alc.double.fault import DeliveryTrouble, RequestTrouble
from mock_alc.testing.alc import Alc
from mock_alc.testing.wire.diagnosis import diagnose
from mock_alc.testing.wire.exchange import Exchange
from mock_alc.testing.wire.exchanges import read_exchanges
from mock_alc.testing.wire.faults import DELIVERY_FAULTS, REQUEST_FAULTS
from tests.unit.mock_alc.support import REDIRECT

FORGED = {"bad_signature", "wrong_secret", "tampered_body", "stale", "future", "missing_header"}
LEAD = {"recordId": "ada", "name": "Ada", "phoneNumber": "+442071838750"}


@pytest.fixture
def hook(mock_alc: Alc) -> str:
    """A receiver that accepts everything."""
    app = Flask(__name__)
    app.post("/hook")(lambda: "")
    url = mock_alc.serve(app) + "/hook"
    mock_alc.register_webhook(url)
    return url


def send(alc: Alc, token: str) -> None:
    """Send a lead as the app does."""
    requests.post(f"{alc.url}/api/v1/leads", json=LEAD, headers={"Authorization": f"Bearer {token}"}, timeout=10)


def last(alc: Alc) -> Exchange:
    """The last exchange."""
    return read_exchanges(alc.control)[-1]


def test_requests_and_deliveries_are_in_the_order_of_the_clock(mock_alc: Alc, hook: str) -> None:
    """Who called whom, what it was about, and what was answered."""
    send(mock_alc, mock_alc.token())
    mock_alc.wait_until_idle()
    registered, sent, told = read_exchanges(mock_alc.control)
    assert (registered.sender, registered.what, registered.answer) == ("test", "POST /api/v1/webhooks", "201")
    assert (sent.sender, sent.receiver, sent.what) == ("your app", "ALC", "POST /api/v1/leads")
    assert sent.about.startswith("record ada, lead_")
    assert (told.sender, told.receiver, told.what, told.answer) == ("ALC", "your app", "lead.processed", "200")
    assert told.about.endswith("…, Complete") and told.path == hook
    assert told.signature == "right"
    assert (told.at - sent.at).total_seconds() >= 600, "the time is virtual"


def test_secrets_are_not_in_what_is_drawn(mock_alc: Alc, hook: str) -> None:
    """Neither a token nor the secret of a webhook."""
    tokens = mock_alc.tokens()
    send(mock_alc, tokens["access_token"])
    secret = mock_alc.register_webhook(hook, name="other")["secret"]
    everything = repr(read_exchanges(mock_alc.control))
    assert not [one for one in (tokens["access_token"], tokens["refresh_token"], secret) if one in everything]


def test_a_refusal_is_shown_with_its_code_and_its_sentence(mock_alc: Alc) -> None:
    """So that nobody has to open the log."""
    requests.post(f"{mock_alc.url}/api/v1/leads", json={}, timeout=10)
    assert last(mock_alc).answer == "401 unauthorized"
    assert last(mock_alc).refusal.startswith("Send an access token")


@pytest.mark.parametrize(("effect", "done"), [("done", True), ("none", False)])
def test_an_answer_that_was_lost_is_none_for_the_sender(mock_alc: Alc, effect: str, done: bool) -> None:
    """But it is known whether ALC did what was asked."""
    mock_alc.fail_next("POST /api/v1/leads", "drop", effect=effect)
    with pytest.raises(requests.ConnectionError):
        send(mock_alc, mock_alc.token())
    assert (last(mock_alc).status, last(mock_alc).answer, last(mock_alc).done) == (None, "answer lost", done)
    assert len(mock_alc.leads()) == done


@pytest.mark.parametrize("form", ["seconds", "http-date"])
def test_retry_after_is_known_in_seconds(mock_alc: Alc, form: str) -> None:
    """Whichever form it has, also when the clock was moved."""
    mock_alc.advance(86_400)
    mock_alc.fail_next("POST /api/v1/leads", "rate_limited", seconds=30, retry_after_as=form)
    send(mock_alc, mock_alc.token())
    assert 28 <= last(mock_alc).retry_after <= 30


@pytest.mark.parametrize("trouble", get_args(DeliveryTrouble))
def test_a_delivery_says_what_was_done_to_it_and_whether_it_is_forged(mock_alc: Alc, hook: str, trouble: str) -> None:
    """The verdict about its signature is that of the sender, who knows."""
    mock_alc.fail_next("lead.processed", trouble)
    mock_alc.decide(mock_alc.send_lead())
    first = next(one for one in read_exchanges(mock_alc.control) if one.event)
    assert (first.trouble, first.forged) == (trouble, trouble in FORGED)
    assert first.fault and "{" not in first.fault
    assert first.signature.startswith("" if trouble == "lost" else "forged: " if trouble in FORGED else "right")


def test_a_timestamp_within_five_minutes_is_not_forged(mock_alc: Alc, hook: str) -> None:
    """Clocks differ."""
    mock_alc.fail_next("lead.processed", "stale", seconds=120)
    mock_alc.decide(mock_alc.send_lead())
    assert (last(mock_alc).forged, last(mock_alc).fault) == (False, "signed 120 s ago")


def test_every_trouble_has_its_words() -> None:
    """And none that does not exist."""
    assert set(REQUEST_FAULTS) == {None, *get_args(RequestTrouble)}
    assert set(DELIVERY_FAULTS) == {None, *get_args(DeliveryTrouble)}


def test_a_token_that_was_revoked_is_known_by_its_grant(mock_alc: Alc) -> None:
    """Also when it is used after the refresh token of the same grant was revoked."""
    client = mock_alc.client(REDIRECT)
    tokens = mock_alc.tokens(client_id=client["client_id"])
    requests.post(
        f"{mock_alc.url}/oauth/revoke", data={"token": tokens["refresh_token"]},
        auth=(client["client_id"], client["client_secret"]), timeout=10,
    )  # fmt: skip
    send(mock_alc, tokens["access_token"])
    revoked, used = read_exchanges(mock_alc.control)
    assert revoked.grant == used.grant is not None
    found = diagnose([revoked, used])
    assert found is not None and "had revoked" in found.happened
