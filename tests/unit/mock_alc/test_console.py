"""The console."""

from collections.abc import Callable

import pytest

from tests.unit.mock_alc.support import Alc, Person, Receiver, hidden_fields

EVIL = "<script>alert(1)</script>\"'javascript:"


@pytest.fixture
def signed_in(person: Person) -> Person:
    """A person in the console."""
    person.sign_in()
    return person


@pytest.mark.parametrize("path", ["/", "/webhooks", "/deliveries", "/leads/x"])
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
    """U6: anything odd goes home."""
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
    for html in (listed, page):
        assert "<script>alert" not in html
        assert "&lt;script&gt;alert(1)" in html
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
        assert signed_in.browser.post(path, data=form | {"interest": "interested"}).status_code == 404


def test_a_delivery_is_shown_with_its_attempts_and_can_be_resent(
    alc: Alc, signed_in: Person, receiver: Receiver
) -> None:
    """W8: same id, and the receiver's words are escaped (W4)."""
    receiver.answer(500, 200, body=EVIL.encode())
    auth = alc.auth()
    alc.hook(auth, receiver.url())
    alc.http.post(f"/_mock/leads/{alc.send_lead(auth)['id']}/decide")
    alc.work()
    page = signed_in.browser.get("/deliveries")
    assert "HTTP 500" in page.text and "<script>alert" not in page.text
    path = f"/deliveries/{alc.deliveries()[0]['id']}/resend"
    assert signed_in.browser.post(path, data=hidden_fields(page)).status_code == 303
    alc.work()
    assert len({request.headers["webhook-id"] for request in receiver.received}) == 1
    assert "HTTP 200" in signed_in.browser.get("/deliveries").text


def test_deciding_now_is_there_while_the_control_door_is_open(
    make_alc: Callable[..., Alc], alc: Alc, signed_in: Person
) -> None:
    """Brief of the console: and nowhere else."""
    auth = alc.auth()
    path = f"/leads/{alc.send_lead(auth)['id']}"
    page = signed_in.browser.get(path)
    assert "Decide now" in page.text
    signed_in.browser.post(f"{path}/decide", data=hidden_fields(page) | {"interest": "not_interested"})
    assert "not interested" in signed_in.browser.get(path).text
    shut = make_alc(control=False)
    person = Person(shut.browser())
    person.sign_in()
    form = hidden_fields(person.browser.get("/")) | {"interest": "interested"}
    assert person.browser.post("/leads/x/decide", data=form).status_code == 404


def test_a_disabled_webhook_is_enabled_by_a_person(alc: Alc, signed_in: Person, receiver: Receiver) -> None:
    """W7: and deleted by one."""
    receiver.answer(410, 200)
    auth = alc.auth()
    hook = alc.hook(auth, receiver.url())["webhook_id"]
    alc.http.post(f"/api/v1/webhooks/{hook}/test", headers=auth)
    alc.work()
    page = signed_in.browser.get("/webhooks")
    assert "The receiver answered 410 Gone." in page.text
    signed_in.browser.post(f"/webhooks/{hook}/enable", data=hidden_fields(page))
    assert alc.http.get(f"/api/v1/webhooks/{hook}", headers=auth).get_json()["status"] == "active"
    signed_in.browser.post(f"/webhooks/{hook}/delete", data=hidden_fields(page))
    assert alc.http.get(f"/api/v1/webhooks/{hook}", headers=auth).status_code == 404


def test_signing_out_ends_the_session(signed_in: Person) -> None:
    """U4."""
    signed_in.browser.post("/logout", data=hidden_fields(signed_in.browser.get("/")))
    assert signed_in.browser.get("/").status_code == 303
