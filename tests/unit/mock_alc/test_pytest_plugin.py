"""The fixtures, used as in other projects: the plugin is loaded by its entry point."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import freezegun
import pytest
import requests
import responses
import time_machine
from flask import Flask, request
from standardwebhooks import Webhook

from mock_alc.double.matching import NotFound
from mock_alc.testing.alc import Alc, Refused
from mock_alc.testing.person import ConsentNotRequested
from tests.unit.mock_alc.support import CHALLENGE, REDIRECT, VERIFIER

DAY = 86_400


class Receiving:
    """A receiver that keeps what it is sent and answers as told."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.statuses: list[int] = []
        self.app = Flask(__name__)
        self.app.post("/hook")(self._take)

    def _take(self) -> tuple[str, int]:
        self.bodies.append(request.get_json())
        self.headers.append(dict(request.headers))
        return "", self.statuses.pop(0) if self.statuses else 200


@pytest.fixture
def receiving() -> Receiving:
    """A receiver of the test's own."""
    return Receiving()


@pytest.fixture(params=["mock_alc", "alc_responses"])
def alc(request: pytest.FixtureRequest) -> Alc:
    """Behind a socket, and in process: both do the same."""
    found: Alc = request.getfixturevalue(request.param)
    return found


@pytest.mark.parametrize("path", ["", "/", "?limit=1", "/api/v1/leads", "/api/v1/leads?limit=1"])
@pytest.mark.parametrize("origin", ["https://api.acmeleadchecker.ai", "https://api.acmeleadchecker.ai:443"])
def test_the_default_port_may_be_written_out(alc_responses: Alc, origin: str, path: str) -> None:
    """Some HTTP libraries and settings do that."""
    bearer = {"Authorization": f"Bearer {alc_responses.token()}"}
    assert requests.get(f"{origin}{path}", headers=bearer, timeout=10).status_code == 200


@pytest.mark.parametrize("url", ["https://api.acmeleadchecker.ai:444/", "https://api.acmeleadchecker.ai.evil.example/"])
def test_another_origin_is_not_answered(alc_responses: Alc, url: str) -> None:
    """Nor is it reached."""
    with pytest.raises(requests.ConnectionError, match="Connection refused by Responses"):
        requests.get(url, timeout=10)


@responses.activate
def test_a_test_may_activate_responses_itself(alc_responses: Alc) -> None:
    """ALC and what the test itself registers are both answered, and ALC reaches the receiver."""
    received = list[str]()

    def receiver(_environ: Any, start_response: Any) -> list[bytes]:
        received.append("delivered")
        start_response("200 OK", [])
        return []

    url = alc_responses.serve(receiver)
    responses.get("https://other.example/", json={"other": True})
    alc_responses.register_webhook(url)
    assert requests.get("https://other.example/", timeout=10).json() == {"other": True}
    assert send(alc_responses).status_code == 201
    alc_responses.decide(alc_responses.leads()[0])
    assert received == ["delivered"]
    with pytest.raises(requests.ConnectionError, match="Connection refused by Responses"):
        requests.get("https://third.example/", timeout=10)


@responses.activate(registry=responses.registries.OrderedRegistry)
def test_a_test_may_activate_responses_with_a_registry(alc_responses: Alc) -> None:
    """What the test registers for this machine is its own."""
    responses.get("http://127.0.0.1:9/", json={"mine": True})
    assert send(alc_responses).status_code == 201
    assert requests.get("http://127.0.0.1:9/", timeout=10).json() == {"mine": True}


def send(alc: Alc, **changes: Any) -> requests.Response:
    """Send a lead as a client does."""
    body = {"recordId": "7", "name": "Ada Lovelace", "phoneNumber": "+442071838750", **changes}
    bearer = {"Authorization": f"Bearer {alc.token()}"}
    return requests.post(f"{alc.url}/api/v1/leads", json=body, headers=bearer, timeout=10)


def test_a_whole_story_through_real_requests(alc: Alc, receiving: Receiving) -> None:
    """A client sends, the agent decides, a receiver gets it signed: over HTTP and in process alike."""
    hook = alc.register_webhook(f"{alc.serve(receiving.app)}/hook")

    lead = send(alc).json()
    alc.decide(lead, "not_interested")

    [sent] = alc.received("POST", "/api/v1/leads", body={"recordId": "7"}, status=201)
    assert sent["headers"]["Authorization"] == "Bearer ***"
    [delivery] = alc.delivered("lead.processed", record_id="7", interest="not_interested")
    assert receiving.bodies == [delivery["body"]]
    signed = {name.lower(): value for name, value in receiving.headers[0].items()}
    text = json.dumps(delivery["body"], ensure_ascii=False, separators=(",", ":"))
    assert Webhook(hook["secret"]).verify(text, signed)


def test_each_test_begins_with_an_empty_mock(alc: Alc) -> None:
    """Whatever earlier tests did."""
    assert alc.leads() == alc.requests() == alc.deliveries() == []


def test_three_days_of_retries_pass_at_once(alc: Alc, receiving: Receiving) -> None:
    """Virtual time: the published schedule, to its end."""
    receiving.statuses = [500] * 7
    alc.register_webhook(f"{alc.serve(receiving.app)}/hook")
    alc.send_lead()

    alc.wait_until_idle()

    assert len(receiving.bodies) == 8
    [delivery] = alc.delivered(times=1)
    assert [attempt["status"] for attempt in delivery["attempts"]] == [*[500] * 7, 200]


def test_what_shall_fail_next_fails_once(alc: Alc) -> None:
    """A status, a refusal that asks to wait, and a connection that breaks."""
    alc.fail_next("POST /api/v1/leads", status=500)
    alc.fail_next("POST /api/v1/leads", "rate_limited", seconds=3)
    alc.fail_next("POST /api/v1/leads", "drop", effect="done")
    assert send(alc).status_code == 500
    limited = send(alc)
    assert (limited.status_code, limited.headers["Retry-After"]) == (429, "3")
    with pytest.raises(requests.ConnectionError):
        send(alc)
    assert send(alc).status_code == 201
    assert len(alc.leads()) == 2, "the dropped one was taken all the same"


def test_deliveries_can_be_spoiled_too(alc: Alc, receiving: Receiving) -> None:
    """One with a wrong signature, then the right one."""
    hook = alc.register_webhook(f"{alc.serve(receiving.app)}/hook")
    alc.fail_next("lead.processed", "duplicate")
    alc.decide(alc.send_lead())
    alc.wait_until_idle()
    assert len(receiving.bodies) == 2
    assert len({headers["Webhook-Id"] for headers in receiving.headers}) == 1
    assert hook["secret"].startswith("whsec_")


def test_stories_can_be_begun_by_name(alc: Alc, receiving: Receiving) -> None:
    """With what they do and how they end. An unknown name is answered with the known ones."""
    alc.register_webhook(f"{alc.serve(receiving.app)}/hook")
    assert alc.scenario("duplicate")["crm_status"] == "Complete"
    alc.send_lead()
    alc.wait_until_idle()
    assert len(receiving.bodies) > 1
    assert len({headers["Webhook-Id"] for headers in receiving.headers}) == 1
    with pytest.raises(Refused, match="out_of_order"):
        alc.scenario("duplicated")


def test_a_slip_in_a_fault_is_named(alc: Alc) -> None:
    """A fault that can never apply would prove nothing."""
    with pytest.raises(Refused, match="There is no route POST /api/v1/lead"):
        alc.fail_next("POST /api/v1/lead", status=500)


@pytest.mark.parametrize(
    ("where", "fault", "said"),
    [
        ("POST /api/v1/leads", {"trouble": "drop", "status": 500}, "takes no status: the trouble drop has its own"),
        ("lead.processed", {"status": 500, "body": "x"}, "takes no status and no body: your receiver answers an event"),
        ("lead.processed", {"trouble": "lost", "headers": {"A": "b"}}, "takes no headers"),
    ],
)
def test_an_answer_where_there_is_none_is_refused(alc: Alc, where: str, fault: dict[str, Any], said: str) -> None:
    """It would be ignored, and the test would pass for another reason."""
    with pytest.raises(TypeError, match=said):
        alc.fail_next(where, **fault)


def test_a_lead_has_no_other_fields(alc: Alc) -> None:
    """ALC ignores unknown fields, so a slip such as `record_id` would send the lead of record 1."""
    with pytest.raises(TypeError, match="record_id"):
        alc.send_lead(record_id="ada")  # type: ignore[call-arg]
    assert not alc.leads()


def test_the_clock_does_not_go_back(alc: Alc) -> None:
    """As over HTTP: what is done would stay done."""
    with pytest.raises(ValueError, match="only goes forward, not by -5 seconds"):
        alc.advance(-5)


def test_a_misspelt_event_is_named(alc: Alc) -> None:
    """A fault that can never apply would prove nothing."""
    with pytest.raises(
        Refused, match=r"There is no event lead\.processd\. The events are: lead\.processed, prospect\.updated"
    ):
        alc.fail_next("lead.processd", "lost")
    for event in ("lead.processed", "prospect.updated", "webhook.test", "*"):
        alc.fail_next(event, "lost")


def test_waiting_for_less_than_the_mock_needs_is_refused(alc: Alc) -> None:
    """A lead that is undecided after `at_most` is something to do, however long it still takes."""
    lead = alc.send_lead()
    with pytest.raises(Refused, match=r"after 5 seconds .* The next thing is due in 600 seconds\."):
        alc.wait_until_idle(at_most=5)
    alc.wait_until_idle(at_most=601)
    assert [found["status"] for found in alc.leads() if found["id"] == lead["id"]] == ["Complete"]


def test_what_is_due_in_more_than_a_month_is_not_waited_for(alc: Alc) -> None:
    """The story in which the agent never decides has an end, too."""
    alc.scenario("never")
    alc.send_lead()
    alc.wait_until_idle(at_most=5)
    assert alc.leads()[0]["status"] == "processing"


@pytest.mark.parametrize("tool", [freezegun.freeze_time, time_machine.travel])
@pytest.mark.parametrize("instant", ["2001-01-01", "2031-01-01"])
def test_time_that_a_test_freezes_does_not_move_the_mock(
    alc: Alc, receiving: Receiving, tool: Callable[[str], Any], instant: str
) -> None:
    """Leads stay undecided and tokens good; only the timestamp of a delivery is the test's, as the receiver has it."""
    alc.register_webhook(f"{alc.serve(receiving.app)}/hook")
    token, lead = alc.token(), alc.send_lead()
    with tool(instant):
        alc.advance(0)
        assert alc.leads()[0]["status"] == "processing"
        alc.send_lead(token=token, recordId="2")
        alc.decide(lead)
        frozen = time.time()
    [timestamp] = [int(headers["Webhook-Timestamp"]) for headers in receiving.headers]
    assert abs(timestamp - frozen) < 60


def test_the_clock_goes_on_by_itself_after_a_freeze(alc: Alc) -> None:
    """Virtual time moves on from where it was."""
    with freezegun.freeze_time("2031-01-01"):
        lead = alc.send_lead()
        alc.advance(601)
    [found] = alc.leads()
    assert (found["id"], found["status"]) == (lead["id"], "Complete")
    assert datetime.fromisoformat(found["decided_at"]) - datetime.fromisoformat(lead["created_at"]) < timedelta(hours=1)


async def asgi_application(scope: Any, receive: Any, send: Any) -> None:
    """An ASGI application that is a function."""


class AsgiApplication:
    """An ASGI application as FastAPI's is: an object."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer nothing."""


@pytest.mark.parametrize("app", [asgi_application, AsgiApplication()])
def test_an_asgi_application_is_refused_with_what_to_do(alc: Alc, app: Any) -> None:
    """It would drop every connection."""
    with pytest.raises(TypeError, match=r"serve\(\) runs WSGI applications, .* a2wsgi"):
        alc.serve(app)


def test_what_is_no_application_is_refused(alc: Alc) -> None:
    """Such as its URL."""
    with pytest.raises(TypeError, match="cannot be called"):
        alc.serve("http://127.0.0.1:5000")  # the mistake itself


def test_why_nothing_was_delivered_is_said(alc: Alc, receiving: Receiving) -> None:
    """Each step that is missing has its sentence."""

    def why() -> str:
        with pytest.raises(NotFound) as raised:
            alc.delivered()
        return str(raised.value).partition("There was no delivery. ")[2]

    assert why().startswith("No webhook is active: register one")
    alc.register_webhook(f"{alc.serve(receiving.app)}/hook", "prospect.updated")
    assert why() == "A webhook is registered, but no lead was sent."
    lead = alc.send_lead()
    assert why() == "1 lead is not decided yet: call decide(lead) or wait_until_idle()."
    alc.decide(lead)
    assert why().startswith("The leads were decided before the webhook was registered")


def test_what_was_not_received_is_shown_beside_what_was(alc: Alc) -> None:
    """What was expected, what was found, and near misses."""
    send(alc, recordId="8", name="Cy")
    send(alc, recordId="9", name="Bea")
    with pytest.raises(NotFound) as raised:
        alc.received("POST", "/api/v1/leads", body={"recordId": "9", "name": "Ada Lovelace"})
    message = str(raised.value)
    assert "Expected at least once, found 0 times" in message
    assert 'body.name is "Bea" (expected "Ada Lovelace")' in message
    assert message.index('"Bea"') < message.index('recordId is "8"'), "the nearest comes first"
    with pytest.raises(NotFound, match="Expected 1 time, found 2 times"):
        alc.received("POST", "/api/v1/leads", times=1)
    alc.received("DELETE", "/api/v1/webhooks/wh_1", times=0)


def test_an_event_that_alc_never_sends_is_refused(alc: Alc) -> None:
    """A test that expects none of a misspelt event would pass, whatever the app does."""
    with pytest.raises(ValueError, match=r"lead\.procesed.*lead\.processed, prospect\.updated"):
        alc.deliveries("lead.procesed")
    with pytest.raises(ValueError, match=r"lead\.procesed"):
        alc.delivered("lead.procesed", times=0)


def test_what_was_not_delivered_is_shown_beside_what_was(alc: Alc, receiving: Receiving) -> None:
    """A receiver that fails: the delivery is there, and its state is not what was expected."""
    receiving.statuses = [500] * 8
    alc.register_webhook(f"{alc.serve(receiving.app)}/hook")
    alc.decide(alc.send_lead())
    with pytest.raises(NotFound, match='state is "pending"') as raised:
        alc.delivered(record_id="1")
    assert "(500)" in str(raised.value)


def test_consent_takes_no_browser(alc: Alc) -> None:
    """OAuth to its end: the URL that an app makes, a person who allows, a code that buys tokens."""
    client = alc.client(REDIRECT)
    asked = {"response_type": "code", "client_id": client["client_id"], "redirect_uri": REDIRECT, "state": "xyz"}
    url = f"{alc.url}/oauth/authorize?" + urlencode(
        {**asked, "code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    )
    back = parse_qs(urlsplit(alc.consent(url)).query)
    assert (back["state"], back["iss"]) == (["xyz"], [alc.url])
    form = {"grant_type": "authorization_code", "code": back["code"][0], "redirect_uri": REDIRECT}
    answer = requests.post(
        f"{alc.url}/oauth/token", data={**form, "code_verifier": VERIFIER},
        auth=(client["client_id"], client["client_secret"]), timeout=10,
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    assert "error=access_denied" in alc.consent(url, "deny")
    with pytest.raises(ConsentNotRequested):
        alc.consent("https://elsewhere.example/oauth/authorize")


def test_tokens_expire_as_time_passes(alc: Alc) -> None:
    """An hour, at once."""
    token = alc.token()
    alc.advance(2 * DAY / 24)
    with pytest.raises(Refused, match="401"):
        alc.send_lead(token=token)


def test_a_prospect_and_a_resend_are_delivered(alc: Alc, receiving: Receiving) -> None:
    """The other event, twice under one id."""
    alc.register_webhook(f"{alc.serve(receiving.app)}/hook", "prospect.updated")
    alc.update_prospect("42")
    [delivery] = alc.delivered("prospect.updated")
    alc.resend(delivery)
    assert [body["data"]["prospectId"] for body in receiving.bodies] == ["42", "42"]


def test_the_factory_makes_mocks_with_settings_of_ones_own(mock_alc_factory: Callable[..., Alc]) -> None:
    """Two at once, which share nothing."""
    quick, other = mock_alc_factory(decide_after=0), mock_alc_factory()
    assert quick.url != other.url
    quick.send_lead()
    quick.wait_until_idle()
    assert [lead["status"] for lead in quick.leads()] == ["Complete"]
    assert other.leads() == []


def test_loading_the_plugin_loads_nothing_heavy() -> None:
    """The plugin must not slow down test runs that do not use it."""
    code = (
        "import sys, mock_alc.pytest_plugin; print([m for m in ('flask', 'sqlmodel', 'requests') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - our own code
    assert ran.stdout.strip() == "[]"
