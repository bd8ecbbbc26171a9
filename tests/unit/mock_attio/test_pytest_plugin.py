"""The fixtures, used as in other projects: the plugin is loaded by its entry point."""

import hashlib
import hmac
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests
from flask import Flask, request

from alc_app.mock_attio.store import webhook_sender
from alc_app.mock_attio.store.webhook_sender import EndlessDeliveries
from alc_app.mock_attio.testing import Attio, Refused
from mock_alc.double.matching import NotFound

PEOPLE = "/v2/objects/people/records"
HOUR = 3_600
THREE_DAYS = 72 * HOUR


class Receiving:
    """A receiver of webhooks that keeps what it got, and answers with the given statuses, then 200."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.statuses: list[int] = []
        self.app = Flask(__name__)
        self.app.post("/hook")(self._take)

    def _take(self) -> tuple[str, int]:
        self.bodies.append(request.get_data())
        self.headers.append(dict(request.headers))
        return "", self.statuses.pop(0) if self.statuses else 200

    def is_signed(self, secret: str, number: int = -1) -> bool:
        """Say whether a message has the signature of this secret."""
        mac = hmac.digest(secret.encode(), self.bodies[number], hashlib.sha256).hex()
        return mac == self.headers[number].get("Attio-Signature")


@pytest.fixture
def receiving() -> Receiving:
    """A receiver of the test's own."""
    return Receiving()


def hook(attio: Attio, receiving: Receiving) -> str:
    """Run the receiver, subscribe it, and return its secret."""
    url = f"{attio.serve(receiving.app)}/hook"
    return str(attio.register_webhook(url, "record.created", "record.updated")["secret"])


def call(attio: Attio, method: str, path: str, values: Any = None, token: str | None = None) -> requests.Response:
    """Send a request as an integration does."""
    headers = {"Authorization": f"Bearer {token or attio.token()}"}
    body = None if values is None else {"data": {"values": values}}
    return requests.request(method, f"{attio.url}{path}", json=body, headers=headers, timeout=10)


def path_of(record: dict[str, Any]) -> str:
    """Return the path of a person."""
    return f"{PEOPLE}/{record['id']['record_id']}"


def test_each_test_begins_with_an_empty_workspace(mock_attio: Attio) -> None:
    """Whatever earlier tests did; and the schema is Attio's own."""
    assert mock_attio.records("people") == mock_attio.records("companies") == []
    assert mock_attio.requests() == mock_attio.deliveries() == []


def test_the_people_and_companies_of_the_demo_come_on_demand(mock_attio: Attio) -> None:
    """Twice is once."""
    mock_attio.seed()
    mock_attio.seed()
    assert (len(mock_attio.records("people")), len(mock_attio.records("companies"))) == (25, 8)


def test_makers_create_what_an_integration_finds(mock_attio: Attio) -> None:
    """People, companies and others, by the real API's values."""
    works = mock_attio.company(domain="analytical.example.com")
    target = {"target_object": "companies", "target_record_id": works["id"]["record_id"]}
    ada = mock_attio.person(email="ada@example.com", phone="+442079460142", job_title="Countess", company=target)

    found = call(mock_attio, "GET", path_of(ada)).json()["data"]["values"]

    assert found["name"][0]["full_name"] == "Ada Lovelace"
    assert found["phone_numbers"][0]["original_phone_number"] == "+442079460142"
    assert found["company"][0]["target_record_id"] == works["id"]["record_id"]
    assert found["created_by"][0]["referenced_actor_type"] == "workspace-member"
    mock_attio.update_record(ada, {"job_title": "Analyst"})
    assert mock_attio.record(ada)["values"]["job_title"][0]["value"] == "Analyst"
    mock_attio.delete_record(ada)
    assert mock_attio.records() == []
    with pytest.raises(Refused, match=r"was answered 400. .*email"):
        mock_attio.person(email="no address")


def test_a_test_asserts_what_the_integration_sent_and_nothing_else(mock_attio: Attio) -> None:
    """What the test itself did is not there; tokens are masked; the status is what was answered."""
    ada = mock_attio.person()
    call(mock_attio, "PATCH", path_of(ada), {"job_title": "Analyst"})
    call(mock_attio, "PATCH", path_of(ada), {"nope": 1})

    [sent] = mock_attio.received("PATCH", path_of(ada), body={"data": {"values": {"job_title": "Analyst"}}}, status=200)
    assert sent["headers"]["Authorization"] == "Bearer ***"
    assert [one["status"] for one in mock_attio.requests()] == [200, 400]
    assert mock_attio.requests()[1]["answer"]["code"] == "value_not_found"
    with pytest.raises(NotFound) as raised:
        mock_attio.received("PATCH", path_of(ada), body={"data": {"values": {"job_title": "Countess"}}})
    assert 'body.data.values.job_title is "Analyst" (expected "Countess")' in str(raised.value)
    with pytest.raises(NotFound, match="Expected 1 time, found 2 times"):
        mock_attio.received("PATCH", path_of(ada), times=1)


def test_a_token_has_the_scopes_that_the_test_wants(mock_attio: Attio) -> None:
    """An integration that lacks one, or whose token was revoked."""
    narrow = mock_attio.token(scope="record_permission:read object_configuration:read")
    assert call(mock_attio, "POST", f"{PEOPLE}/query", token=narrow).status_code != 403
    assert call(mock_attio, "POST", PEOPLE, {"job_title": "x"}, token=narrow).status_code == 403
    mock_attio.revoke_tokens()
    assert call(mock_attio, "GET", "/v2/objects", token=narrow).status_code == 401
    with pytest.raises(Refused, match="There is no scope"):
        mock_attio.token(scope="records:read")


def test_changes_are_delivered_signed_when_the_method_returns(mock_attio: Attio, receiving: Receiving) -> None:
    """By the test, at once; by the integration, when the test waits for it."""
    secret = hook(mock_attio, receiving)
    ada = mock_attio.person(email="ada@example.com")
    [delivery] = mock_attio.delivered("record.created", record_id=ada["id"]["record_id"])
    assert json.loads(receiving.bodies[0]) == delivery["body"]
    assert receiving.headers[0]["Idempotency-Key"] == delivery["id"]

    call(mock_attio, "PATCH", path_of(ada), {"job_title": "Analyst"})
    mock_attio.wait_until_idle()

    [updated] = mock_attio.delivered("record.updated", times=1)
    assert updated["body"]["events"][0]["actor"]["type"] == "api-token"
    assert receiving.is_signed(secret)


def test_three_days_of_retries_pass_at_once(mock_attio: Attio, receiving: Receiving) -> None:
    """The same key each time, on Attio's schedule; `advance` lets some of it pass."""
    receiving.statuses = [500] * 10
    hook(mock_attio, receiving)
    mock_attio.person()
    assert len(receiving.bodies) == 1
    mock_attio.advance(HOUR)
    assert 4 < len(receiving.bodies) < 8

    mock_attio.wait_until_idle()

    [delivery] = mock_attio.delivered("record.created")
    assert [attempt["status"] for attempt in delivery["attempts"]] == [*[500] * 10, 200]
    assert {headers["Idempotency-Key"] for headers in receiving.headers} == {delivery["id"]}
    first, last = (datetime.fromisoformat(delivery["attempts"][one]["at"]) for one in (0, -1))
    assert timedelta(seconds=THREE_DAYS) * 0.9 < last - first < timedelta(seconds=THREE_DAYS) * 1.1


def test_what_was_not_delivered_is_shown(mock_attio: Attio, receiving: Receiving) -> None:
    """With its state, its attempts, and when the next one is."""
    receiving.statuses = [503]
    hook(mock_attio, receiving)
    mock_attio.person()
    with pytest.raises(NotFound, match=r'state is "pending"') as raised:
        mock_attio.delivered("record.created")
    assert "(503)" in str(raised.value)
    [waiting] = mock_attio.deliveries("record.created")
    assert waiting["next_attempt_at"] > waiting["attempts"][0]["at"]


def test_an_event_that_attio_never_sends_is_refused(mock_attio: Attio) -> None:
    """A test that expects none of a misspelt event would pass, whatever the app does."""
    with pytest.raises(ValueError, match=r"record\.craeted.*record\.created"):
        mock_attio.deliveries("record.craeted")
    with pytest.raises(ValueError, match=r"record\.craeted"):
        mock_attio.delivered("record.craeted", times=0)


def test_nothing_was_delivered_for_a_reason(mock_attio: Attio, receiving: Receiving) -> None:
    """No webhook yet, or none for this."""
    with pytest.raises(NotFound, match="There is no webhook: create one"):
        mock_attio.delivered("record.created")
    hook(mock_attio, receiving)
    with pytest.raises(NotFound, match="none of its events has happened"):
        mock_attio.delivered("record.created")


def test_what_was_sent_with_new_fields_is_sent_again_with_the_same_bytes(
    mock_attio: Attio, receiving: Receiving
) -> None:
    """A receiver may refuse a key that it knows with another body."""
    hook(mock_attio, receiving)
    mock_attio.fail_next("record.created", "extra_fields")
    mock_attio.person()
    [delivery] = mock_attio.deliveries()

    mock_attio.resend(delivery)

    assert b"delivered_by" in receiving.bodies[0]
    assert receiving.bodies[0] == receiving.bodies[1]


def test_a_delivery_can_be_sent_again(mock_attio: Attio, receiving: Receiving) -> None:
    """The same bytes under the same key: a receiver should do nothing the second time."""
    hook(mock_attio, receiving)
    mock_attio.person()
    [delivery] = mock_attio.deliveries()
    mock_attio.resend(delivery)
    assert receiving.bodies[0] == receiving.bodies[1]
    assert receiving.headers[0]["Idempotency-Key"] == receiving.headers[1]["Idempotency-Key"]
    assert [attempt["status"] for attempt in mock_attio.deliveries()[0]["attempts"]] == [200, 200]
    with pytest.raises(Refused, match="There is no delivery nope"):
        mock_attio.resend("nope")


@pytest.mark.parametrize(
    ("trouble", "attempts", "first_is_signed"),
    [
        ("duplicate", 2, True), ("answer_lost", 2, True), ("lost", 1, True), ("extra_fields", 1, True),
        ("bad_signature", 1, False), ("wrong_secret", 1, False), ("tampered_body", 1, False),
        ("missing_header", 1, False), ("truncated", 1, True), ("huge", 1, True), ("wrong_type", 1, True),
    ],
)  # fmt: skip
def test_deliveries_can_be_spoiled(
    mock_attio: Attio, receiving: Receiving, trouble: str, attempts: int, first_is_signed: bool
) -> None:
    """Each trouble once; a body that was changed before it was signed is signed as it is."""
    secret = hook(mock_attio, receiving)
    mock_attio.fail_next("record.created", trouble)
    mock_attio.person()
    mock_attio.wait_until_idle()
    assert len(receiving.bodies) == attempts
    assert len({headers["Idempotency-Key"] for headers in receiving.headers}) == 1
    assert receiving.is_signed(secret, 0) is first_is_signed
    assert mock_attio.deliveries()[0]["attempts"][0]["fault"] == trouble


def test_a_duplicate_that_is_asked_for_always_is_sent_twice(mock_attio: Attio, receiving: Receiving) -> None:
    """And not for ever."""
    hook(mock_attio, receiving)
    mock_attio.fail_next("*", "duplicate", times=None)
    mock_attio.person()
    mock_attio.person("Charles Babbage")
    assert len(receiving.bodies) == 4


def test_a_status_is_answered_with_its_headers_in_attios_shape(mock_attio: Attio) -> None:
    """Nothing is written; the next request passes."""
    mock_attio.fail_next(f"POST {PEOPLE}", status=503, headers={"Retry-After": "7"})
    refused = call(mock_attio, "POST", PEOPLE, {"job_title": "x"})
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "7")
    assert (refused.json()["status_code"], refused.json()["code"]) == (503, "service_unavailable")
    assert mock_attio.records() == []
    assert call(mock_attio, "POST", PEOPLE, {"job_title": "x"}).status_code == 200
    assert mock_attio.requests()[0]["fault"]


@pytest.mark.parametrize("form", ["seconds", "http-date", None])
def test_a_rate_limit_asks_to_wait_in_either_form(mock_attio: Attio, form: str | None) -> None:
    """By default as Attio does, with a date."""
    mock_attio.fail_next(f"POST {PEOPLE}/query", "rate_limited", seconds=30, retry_after_as=form)
    limited = call(mock_attio, "POST", f"{PEOPLE}/query")
    assert (limited.status_code, limited.json()["code"]) == (429, "rate_limit_exceeded")
    assert 25 < mock_attio.requests()[0]["retry_after"] <= 31
    wait = limited.headers["Retry-After"]
    if form == "seconds":
        assert wait == "30"
    else:
        assert 25 < (parsedate_to_datetime(wait) - datetime.now(UTC)).total_seconds() <= 30


@pytest.mark.parametrize(("effect", "written"), [("none", 0), ("done", 1)])
def test_a_connection_ends_without_an_answer_before_or_after_the_effect(
    mock_attio: Attio, effect: str, written: int
) -> None:
    """The integration cannot know which."""
    mock_attio.fail_next(f"POST {PEOPLE}", "drop", effect=effect)
    with pytest.raises(requests.ConnectionError):
        call(mock_attio, "POST", PEOPLE, {"job_title": "x"})
    assert len(mock_attio.records()) == written


@pytest.mark.parametrize("trouble", ["cut", "garbage", "truncated"])
def test_an_answer_that_cannot_be_read_comes_after_the_effect(mock_attio: Attio, trouble: str) -> None:
    """Half a body, or none that is JSON: the record is there."""
    mock_attio.fail_next(f"POST {PEOPLE}", trouble)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError, requests.JSONDecodeError)):
        call(mock_attio, "POST", PEOPLE, {"job_title": "x"}).json()
    assert len(mock_attio.records()) == 1


@pytest.mark.parametrize("fault", [{"trouble": "slow", "seconds": 0.3}, {"trouble": None, "latency": 0.3}])
def test_an_answer_can_be_slow_or_late(mock_attio: Attio, fault: dict[str, Any]) -> None:
    """In real seconds, and complete."""
    faults = mock_attio.control("POST", "faults", {"route": f"POST {PEOPLE}", **fault})
    began = time.monotonic()
    assert call(mock_attio, "POST", PEOPLE, {"job_title": "x"}).json()["data"]["id"]
    assert time.monotonic() - began >= 0.25, faults


def test_an_answer_can_wait_for_the_webhook_about_its_record(mock_attio: Attio, receiving: Receiving) -> None:
    """The webhook overtakes the answer, as it may at Attio."""
    hook(mock_attio, receiving)
    ada = mock_attio.person()
    mock_attio.fail_next(f"PATCH {PEOPLE}/*", "hold", latency=10)
    assert call(mock_attio, "PATCH", path_of(ada), {"job_title": "x"}).status_code == 200
    assert len(receiving.bodies) == 2, "it was called before the answer came"


def test_an_integration_that_answers_its_own_changes_is_noticed(
    mock_attio: Attio, receiving: Receiving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test ends with a sentence; it would never end otherwise. Ten waves show it as a hundred do."""
    monkeypatch.setattr(webhook_sender, "MOST_WAVES", 10)
    ada, token, count = mock_attio.person(), mock_attio.token(), itertools.count()

    @receiving.app.before_request
    def change_it_again() -> None:
        changed = call(mock_attio, "PATCH", path_of(ada), {"job_title": f"Title {next(count)}"}, token)
        assert changed.status_code == 200, changed.text

    mock_attio.register_webhook(f"{mock_attio.serve(receiving.app)}/hook", "record.updated")
    with pytest.raises(EndlessDeliveries, match="Does the receiver answer each"):
        mock_attio.update_record(ada, {"job_title": "The first of many"})


def test_one_record_can_fail_while_others_do_not(mock_attio: Attio) -> None:
    """As if Attio were down for it: the route is its path, and reads still work."""
    ada, charles = mock_attio.person(), mock_attio.person("Charles Babbage")
    mock_attio.fail_next(f"PATCH {path_of(ada)}", times=None)
    for _ in range(2):
        assert call(mock_attio, "PATCH", path_of(ada), {"job_title": "x"}).status_code == 503
    assert call(mock_attio, "PATCH", path_of(charles), {"job_title": "x"}).status_code == 200
    assert call(mock_attio, "GET", path_of(ada)).status_code == 200
    mock_attio.update_record(ada, {"job_title": "The test itself is not disturbed"})


def test_a_fault_can_be_for_certain_bodies(mock_attio: Attio) -> None:
    """Others pass, and are not counted."""
    mock_attio.fail_next(f"POST {PEOPLE}", status=500, match={"data": {"values": {"job_title": "x"}}})
    assert call(mock_attio, "POST", PEOPLE, {"job_title": "y"}).status_code == 200
    assert call(mock_attio, "POST", PEOPLE, {"job_title": "x"}).status_code == 500


@pytest.mark.parametrize(
    ("where", "trouble", "said"),
    [
        ("POST /v2/object", "drop", "There is no route POST /v2/object"),
        ("POST /_mock/reset", "drop", "Faults apply to paths below /v2/"),
        ("POST /v2/objects/people/records", "oauth_error", "The troubles of this mock are"),
        ("record.created", "stale", "The troubles of this mock are"),
        ("record.create", "lost", "There is no event record.create"),
        ("PATCH /v2/objects/people/records/*", "hold", "needs a latency"),
    ],
)
def test_a_slip_in_a_fault_is_named(mock_attio: Attio, where: str, trouble: str, said: str) -> None:
    """A fault that can never apply would prove nothing."""
    with pytest.raises(Refused, match=said):
        mock_attio.fail_next(where, trouble)


def test_rate_limits_follow_the_clock(mock_attio_factory: Callable[..., Attio]) -> None:
    """Attio's 25 writes a second, here one: `advance` makes room, and the date to wait for is in real time."""
    real = datetime.now(UTC)
    attio = mock_attio_factory(writes_per_second=1, now=lambda: real)
    attio.advance(HOUR)
    token = attio.token()
    assert call(attio, "POST", PEOPLE, {"job_title": "x"}, token).status_code == 200
    limited = call(attio, "POST", PEOPLE, {"job_title": "x"}, token)
    assert limited.status_code == 429
    wait = parsedate_to_datetime(limited.headers["Retry-After"]) - real
    assert 0 < wait.total_seconds() <= 2, "an hour off would be the virtual time"
    attio.advance(1.1)
    assert call(attio, "POST", PEOPLE, {"job_title": "x"}, token).status_code == 200
    attio.person("The test itself is not limited")


def test_timestamps_follow_the_clock(mock_attio: Attio) -> None:
    """A record that is made next month says so."""
    mock_attio.advance(30 * 24 * HOUR)
    made = datetime.fromisoformat(mock_attio.person()["created_at"][:19] + "+00:00")
    assert timedelta(days=29) < made - datetime.now(UTC) < timedelta(days=31)


def test_the_factory_makes_stand_ins_with_settings_of_ones_own(mock_attio_factory: Callable[..., Attio]) -> None:
    """Two at once, which share nothing."""
    seeded, empty = mock_attio_factory(seeded=True), mock_attio_factory()
    assert seeded.url != empty.url
    assert (len(seeded.records()), len(empty.records())) == (25, 0)


def test_loading_the_plugin_loads_nothing_heavy() -> None:
    """The plugin must not slow down test runs that do not use it."""
    heavy = ("flask", "sqlmodel", "requests", "pydantic", "graphql")
    code = f"import sys, alc_app.mock_attio.pytest_plugin; print([m for m in {heavy} if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - our own code
    assert ran.stdout.strip() == "[]"
