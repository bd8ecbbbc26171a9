"""The console: leads, webhooks, deliveries."""

import html
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from mock_alc.console.pages import SHOWN
from mock_alc.signing import sign
from tests.unit.mock_alc.support import Alc, Person, Receiver, hidden_fields

EVIL = "<script>alert(1)</script>\"'javascript:"


def lead_row(number: int) -> dict[str, str]:
    """What `/_mock/seed` takes for a lead."""
    return {"recordId": f"rec-{number}", "name": f"Person {number}", "phoneNumber": "+442071838750"}


@pytest.fixture
def signed_in(person: Person) -> Person:
    """A person in the console."""
    person.sign_in()
    return person


@pytest.mark.parametrize("path", ["/", "/webhooks", "/deliveries", "/leads/x", "/deliveries/x"])
def test_strangers_are_sent_to_the_login_and_back(alc: Alc, path: str) -> None:
    """U6: with a `next` of this site."""
    person = Person(alc.browser())
    login = person.browser.get(path).headers["Location"]
    assert person.sign_in(login).headers["Location"] == path


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "/\\evil.example", "https://evil.example", "https:evil", "/\tevil", "/%0a//x", "evil", "/a//b"],
)
def test_next_never_leads_away(alc: Alc, target: str) -> None:
    """U6: any other target is replaced by the start page."""
    person = Person(alc.browser())
    page = person.browser.get("/login", query_string={"next": target})
    form = hidden_fields(page) | {"email": "demo@acmeleadchecker.test", "password": "let-me-in"}
    answer = person.browser.post("/login", query_string={"next": target}, data=form)
    assert answer.headers["Location"] == "/"


def test_a_lead_is_shown_with_its_chat_as_text_and_a_masked_number_in_the_list(alc: Alc, signed_in: Person) -> None:
    """U2, U12: whatever its name is."""
    lead = alc.send_lead(alc.auth(), name=EVIL, phoneNumber="+442071838750")
    listed = signed_in.browser.get("/").text
    page = signed_in.browser.get(f"/leads/{lead['id']}").text
    for shown in (listed, page):
        assert "<script>alert" not in shown
        assert "&lt;script&gt;alert(1)" in shown
    assert "2071838750" not in listed
    assert "+442071838750" in page
    assert "data-live" in page


def test_other_accounts_are_not_shown(alc: Alc, signed_in: Person, receiver: Receiver) -> None:
    """U12, A20: by any address."""
    auth = alc.auth(account="other")
    lead, hook = alc.send_lead(auth), alc.hook(auth, receiver.url())
    alc.http.post(f"/_mock/leads/{lead['id']}/decide")
    delivery = alc.deliveries()[0]["id"]
    assert "Ada" not in signed_in.browser.get("/").text
    assert signed_in.browser.get(f"/leads/{lead['id']}").status_code == 404
    form = hidden_fields(signed_in.browser.get("/"))
    for path in (
        f"/deliveries/{delivery}/resend",
        f"/webhooks/{hook['webhook_id']}/delete",
        f"/leads/{lead['id']}/decide",
    ):
        assert signed_in.browser.post(path, data=form | {"decision": "interested"}).status_code == 404
    for path in (f"/deliveries/{delivery}", f"/deliveries?before={delivery}"):
        assert signed_in.browser.get(path).status_code == 404


def test_a_delivery_is_shown_with_its_attempts_and_can_be_resent(
    alc: Alc, signed_in: Person, receiver: Receiver
) -> None:
    """W8: same id, and the receiver's words are escaped (W4)."""
    receiver.answer(500, 200, body=EVIL.encode())
    auth = alc.auth()
    alc.hook(auth, receiver.url())
    alc.http.post(f"/_mock/leads/{alc.send_lead(auth)['id']}/decide")
    alc.work()
    path = f"/deliveries/{alc.deliveries()[0]['id']}"
    assert "HTTP 500" in signed_in.browser.get("/deliveries").text
    page = signed_in.browser.get(path)
    assert "HTTP 500" in page.text and "&lt;script&gt;alert" in page.text and "<script>alert" not in page.text
    assert signed_in.browser.post(f"{path}/resend", data=hidden_fields(page)).status_code == 303
    alc.work()
    assert len({request.headers["webhook-id"] for request in receiver.received}) == 1
    assert "HTTP 200" in signed_in.browser.get("/deliveries").text


def test_deciding_now_is_there_while_the_control_api_is_open(
    make_alc: Callable[..., Alc], alc: Alc, signed_in: Person
) -> None:
    """Only with `--control`. A decision that comes after the agent's is refused with a message."""
    auth = alc.auth()
    path = f"/leads/{alc.send_lead(auth)['id']}"
    page = signed_in.browser.get(path)
    assert "Decide now" in page.text
    signed_in.browser.post(f"{path}/decide", data=hidden_fields(page) | {"decision": "not_interested"})
    assert "not interested" in signed_in.browser.get(path).text
    late = signed_in.browser.post(
        f"{path}/decide", data=hidden_fields(page) | {"decision": "failed"}, follow_redirects=True
    )
    assert "The agent had already decided" in late.text and "Decide now" not in late.text
    shut = make_alc(control=False)
    person = Person(shut.browser())
    person.sign_in()
    form = hidden_fields(person.browser.get("/")) | {"decision": "interested"}
    assert person.browser.post("/leads/x/decide", data=form).status_code == 404


def test_a_person_can_let_a_lead_fail(alc: Alc, signed_in: Person) -> None:
    """The fourth decision; it is delivered like the others."""
    lead = alc.send_lead(alc.auth())
    form = hidden_fields(signed_in.browser.get("/")) | {"decision": "failed"}
    page = signed_in.browser.post(f"/leads/{lead['id']}/decide", data=form, follow_redirects=True).text
    assert "The number was a wrong one." in page
    assert alc.http.get("/_mock/leads").get_json()["leads"][0]["status"] == "Failed"


def test_a_person_can_let_the_chat_tell_a_better_name_and_address(
    make_alc: Callable[..., Alc], alc: Alc, signed_in: Person, receiver: Receiver
) -> None:
    """The webhooks for `prospect.updated` get it; if there are none, the page says so. Only with `--control`."""
    auth = alc.auth()
    lead = alc.send_lead(auth)
    path = f"/leads/{lead['id']}"
    form = hidden_fields(signed_in.browser.get(path)) | {"name": "Ada King", "email": "ada@king.example"}
    assert "so ALC sent nothing" in signed_in.browser.post(f"{path}/learn", data=form, follow_redirects=True).text
    alc.hook(auth, receiver.url(), event="prospect.updated")
    assert "1 webhook." in signed_in.browser.post(f"{path}/learn", data=form, follow_redirects=True).text
    empty = signed_in.browser.post(f"{path}/learn", data=form | {"name": ""}, follow_redirects=True)
    assert "a string that is not empty" in empty.text
    assert signed_in.browser.post("/leads/nobody/learn", data=form).status_code == 404
    alc.work()
    [told] = receiver.received
    expected = {"prospectId": lead["id"], "prospectName": "Ada King", "prospectEmail": "ada@king.example"}
    assert json.loads(told.body) == {"event": "prospect_updated", "data": expected}
    shut = Person(make_alc(control=False).browser())
    shut.sign_in()
    assert shut.browser.post("/leads/x/learn", data=hidden_fields(shut.browser.get("/"))).status_code == 404


def test_many_leads_come_a_page_at_a_time(alc: Alc, signed_in: Person) -> None:
    """Every lead is on one page, and the last page has no link to an older one."""
    alc.http.post("/_mock/seed", json={"leads": [lead_row(number) for number in range(SHOWN + 1)]})
    first = signed_in.browser.get("/").text
    assert "Person 50" in first and "Person 0<" not in first
    older = re.search(r'href="([^"]+)">Older', first)
    assert older
    last = signed_in.browser.get(older[1].replace("&amp;", "&")).text
    assert "Person 0<" in last and "Person 50" not in last and ">Older" not in last and ">Newest" in last


def test_leads_are_found_by_letters_and_by_status(alc: Alc, signed_in: Person) -> None:
    """Wildcards are searched for literally, and an empty result says so."""
    alc.http.post("/_mock/seed", json={"leads": [lead_row(1), lead_row(2) | {"name": "100% _ sure"}]})
    found = signed_in.browser.get("/?q=0%25 _").text
    assert "100% _ sure" in found and "Person 1" not in found
    assert "Person 1" in signed_in.browser.get("/?status=processing&q=person").text
    assert "No matching leads" in signed_in.browser.get("/?status=Complete").text


def test_a_delivery_is_open_to_the_letter(alc: Alc, signed_in: Person, receiver: Receiver) -> None:
    """W9: what the page says was signed makes the signature that was sent, also when a fault changed the body."""
    secret = alc.hook(alc.auth(), receiver.url())["secret"]
    alc.http.post("/_mock/faults", json={"delivery": "lead.processed", "trouble": "tampered_body"})
    alc.http.post(f"/_mock/leads/{alc.send_lead(alc.auth())['id']}/decide")
    alc.work()
    page = html.unescape(signed_in.browser.get(f"/deliveries/{alc.deliveries()[0]['id']}").text)
    sent = receiver.received[0]
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature", "content-type", "traceparent"):
        assert sent.headers[name] in page
    shown = re.search(r'aria-label="Signed string">([^<]+)</pre>', page)
    assert shown
    message_id, timestamp, body = shown[1].split(".", 2)
    signed = sign("standard-webhooks", secret, body.encode(), message_id=message_id, timestamp=int(timestamp))
    assert signed["webhook-signature"] == sent.headers["webhook-signature"]
    assert sent.body.decode() in page and "tampered body" in page
    assert secret not in page


def test_a_webhook_is_tried_and_its_secret_rotated_by_hand(alc: Alc, signed_in: Person, receiver: Receiver) -> None:
    """W8, W9: the new secret is shown once, and both sign for a while."""
    hook = alc.hook(alc.auth(), receiver.url())
    path = f"/webhooks/{hook['webhook_id']}"
    form = hidden_fields(signed_in.browser.get("/webhooks"))
    rotated = signed_in.browser.post(f"{path}/rotate-secret", data=form)
    secret = re.search(r"whsec_[A-Za-z0-9+/=]{20,}", html.unescape(rotated.text))
    assert secret and "no-store" in rotated.headers["Cache-Control"]
    assert secret[0] not in signed_in.browser.get("/webhooks").text
    assert "webhook.test" in signed_in.browser.post(f"{path}/test", data=form, follow_redirects=True).text
    alc.work()
    assert receiver.received[0].signed_by(secret[0]) and receiver.received[0].signed_by(hook["secret"])


def test_a_disabled_webhook_is_enabled_by_a_person(alc: Alc, signed_in: Person, receiver: Receiver) -> None:
    """W7: and deleted by one."""
    receiver.answer(410, 200)
    auth = alc.auth()
    hook = alc.hook(auth, receiver.url())["webhook_id"]
    alc.http.post(f"/api/v1/webhooks/{hook}/test", headers=auth)
    alc.work()
    page = signed_in.browser.get("/webhooks")
    assert "The receiver answered 410 Gone." in page.text
    refused = signed_in.browser.post(f"/webhooks/{hook}/test", data=hidden_fields(page), follow_redirects=True)
    assert "ALC sends nothing to a webhook that is not active." in refused.text
    signed_in.browser.post(f"/webhooks/{hook}/enable", data=hidden_fields(page))
    assert alc.http.get(f"/api/v1/webhooks/{hook}", headers=auth).get_json()["status"] == "active"
    signed_in.browser.post(f"/webhooks/{hook}/delete", data=hidden_fields(page))
    assert alc.http.get(f"/api/v1/webhooks/{hook}", headers=auth).status_code == 404


def test_signing_out_ends_the_session(signed_in: Person) -> None:
    """U4: the next page asks for a sign-in."""
    signed_in.browser.post("/logout", data=hidden_fields(signed_in.browser.get("/")))
    assert signed_in.browser.get("/").status_code == 303


@pytest.mark.parametrize(("minutes", "status"), [(119, 200), (121, 303)])
def test_an_idle_session_ends_after_two_hours(signed_in: Person, alc: Alc, minutes: int, status: int) -> None:
    """U4: by the signed cookie itself, whatever the browser makes of its expiry."""
    cookie = signed_in.browser.get_cookie("mock_alc_session")
    assert cookie
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=minutes), tick=False):
        later = alc.browser()
        later.set_cookie("mock_alc_session", cookie.value)
        assert later.get("/").status_code == status


def test_a_page_links_files_by_their_version(signed_in: Person) -> None:
    """A browser may keep them for a year, and never mixes those of two releases."""
    links = re.findall(r'"(/static/[^"]+)"', signed_in.browser.get("/").text)
    assert len(links) == 4 and all("?v=" in link for link in links)
    with signed_in.browser.get(links[0]) as sheet:
        assert "max-age=31536000" in sheet.headers["Cache-Control"]
