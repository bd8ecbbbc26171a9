"""The leads API."""

import re
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tests.unit.mock_alc.support import LEAD, Alc

PATH = "/api/v1/leads"


@pytest.fixture
def auth(alc: Alc) -> dict[str, str]:
    """A token of the demo account."""
    return alc.auth()


@pytest.mark.parametrize("name", ["山田　太郎", "Anne\u00a0Marie", "👩\u200d🚀 Ada", "\U0005227a"])
def test_names_hold_every_letter_joiner_and_space_that_people_write(alc: Alc, name: str) -> None:
    """What the document allows is taken: control characters and line breaks alone are refused."""
    assert alc.send_lead(alc.auth(), name=name)["name"] == name


def test_a_lead_is_accepted_in_the_tutorials_spelling(alc: Alc, auth: dict[str, str]) -> None:
    """What is sent as recordId comes back as record_id."""
    answer = alc.http.post(PATH, json=LEAD | {"extra": 1}, headers=auth)
    assert answer.status_code == 201
    lead = answer.get_json()
    assert re.fullmatch(r"lead_[0-9a-f]{32}", lead["id"])
    expected = {
        "record_id": "rec-1",
        "name": "Ada Lovelace",
        "phone_number": LEAD["phoneNumber"],
        "status": "processing",
    }
    assert lead.items() >= expected.items()
    assert (lead["interest"], lead["summary"]) == (None, None)
    assert alc.http.get(f"{PATH}/{lead['id']}", headers=auth).get_json() == lead


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"record_id": "r", "name": "A", "phoneNumber": "+442071838750"}, "record_id"),
        (LEAD | {"phone_number": "+442071838750"}, "phone_number"),
        (LEAD | {"name": ""}, "name"),
        (LEAD | {"name": None}, "name"),
        (LEAD | {"name": 7}, "name"),
        (LEAD | {"name": "x" * 201}, "name"),
        (LEAD | {"recordId": "a\x00b"}, "recordId"),
        (LEAD | {"phoneNumber": "020 7183 8750"}, "phoneNumber"),
        (LEAD | {"phoneNumber": "+0123456789"}, "phoneNumber"),
        (LEAD | {"phoneNumber": "+442071838750\n"}, "phoneNumber"),
        (LEAD | {"phoneNumber": "+４４2071838750"}, "phoneNumber"),
        ({}, "recordId"),
    ],
)
def test_a_wrong_field_is_named_with_a_sentence(
    alc: Alc, auth: dict[str, str], body: dict[str, Any], field: str
) -> None:
    """The snake-case spelling is refused, and so is a phone number that cannot get an SMS."""
    answer = alc.http.post(PATH, json=body, headers=auth)
    assert answer.status_code == 422
    error = answer.get_json()["error"]
    assert error["code"] == "validation_failed"
    assert error["fields"][field].endswith(".")
    assert error["request_id"] == answer.headers["X-Request-Id"]


@pytest.mark.parametrize(
    ("status", "sent"),
    [
        (415, {"data": b"{}", "content_type": "text/plain"}),
        (415, {"data": b"{}", "content_type": "application/json; charset=latin-1"}),
        (415, {"data": b"{}", "content_type": "application/json", "content_encoding": "gzip"}),
        (400, {"data": b"{", "content_type": "application/json"}),
        (400, {"data": b'{"a":NaN}', "content_type": "application/json"}),
        (413, {"data": b" " * 65_537, "content_type": "application/json"}),
        (413, {"data": b" " * 70_000, "content_type": "application/json"}),
    ],
)
def test_bodies_that_cannot_be_read_are_refused_in_json(alc: Alc, auth: dict[str, str], status: int, sent: Any) -> None:
    """U9: one error shape, whatever went wrong."""
    headers = auth | ({"Content-Encoding": sent.pop("content_encoding")} if "content_encoding" in sent else {})
    answer = alc.http.post(PATH, headers=headers, **sent)
    assert answer.status_code == status
    assert answer.get_json()["error"].keys() >= {"code", "message", "request_id"}


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/api/v1/nothing", 404), ("PUT", PATH, 405)])
def test_unknown_routes_and_methods_answer_json(alc: Alc, method: str, path: str, status: int) -> None:
    """U9: a program that reads the error finds no page of HTML."""
    answer = alc.http.open(path, method=method)
    assert (answer.status_code, answer.is_json) == (status, True)


def test_without_a_token_there_is_a_challenge_and_with_a_bad_one_a_reason(alc: Alc) -> None:
    """A14: RFC 6750 3, 3.1: another scheme than Bearer is no token either."""
    for nothing in ({}, *({"Authorization": other} for other in ("Basic abc", "Bearer", "alc_at_without_the_scheme"))):
        answer = alc.http.get(PATH, headers=nothing)
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="ALC"')
        assert answer.get_json()["error"]["message"].startswith("Send an access token")
    for bad in ("Bearer nonsense", "Bearer \xff"):
        answer = alc.http.get(PATH, headers={"Authorization": bad})
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="ALC", error="invalid_token"'


def test_a_token_in_the_url_or_a_cookie_opens_nothing(alc: Alc, auth: dict[str, str]) -> None:
    """A14, U1: only the header counts."""
    token = auth["Authorization"].split()[1]
    assert alc.http.get(f"{PATH}?access_token={token}").status_code == 400
    assert alc.http.post(PATH, data={"access_token": token}).status_code == 401


def test_a_token_for_webhooks_does_not_open_leads(alc: Alc) -> None:
    """A14: 403 insufficient_scope."""
    answer = alc.http.get(PATH, headers=alc.auth(scope="webhooks"))
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (403, "insufficient_scope")


def test_another_accounts_lead_is_as_unknown_as_no_lead(alc: Alc, auth: dict[str, str]) -> None:
    """A20: the answer does not say that somebody else has it."""
    lead = alc.send_lead(auth)
    stranger = alc.auth(account="stranger")
    theirs, nobodys = (alc.http.get(f"{PATH}/{x}", headers=stranger) for x in (lead["id"], "lead_" + "0" * 32))
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.get_json()["error"]["message"] == nobodys.get_json()["error"]["message"]
    assert alc.http.get(PATH, headers=stranger).get_json()["leads"] == []


def test_leads_are_listed_newest_first_page_by_page(alc: Alc, auth: dict[str, str]) -> None:
    """By cursor, limit, record_id and idempotency_key."""
    ids = [alc.send_lead(auth | {"Idempotency-Key": f"k{n}"}, recordId=f"r{n}")["id"] for n in range(3)]
    first = alc.http.get(f"{PATH}?limit=2", headers=auth).get_json()
    second = alc.http.get(f"{PATH}?limit=2&cursor={first['next_cursor']}", headers=auth).get_json()
    assert [lead["id"] for lead in first["leads"] + second["leads"]] == ids[::-1]
    assert second["next_cursor"] is None
    for query in ("record_id=r1", "idempotency_key=k1"):
        assert [lead["id"] for lead in alc.http.get(f"{PATH}?{query}", headers=auth).get_json()["leads"]] == [ids[1]]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "limit=²", "cursor=x", "cursor=c0", "cursor=ü"])
def test_a_bad_page_request_is_refused(alc: Alc, auth: dict[str, str], query: str) -> None:
    """A21's neighbours: never a 500."""
    assert alc.http.get(f"{PATH}?{query}", headers=auth).status_code == 400


def test_the_same_key_and_body_replay_the_same_answer(alc: Alc, auth: dict[str, str]) -> None:
    """A21: even when the lead has moved on meanwhile."""
    keyed = auth | {"Idempotency-Key": "intent-1"}
    first = alc.http.post(PATH, json=LEAD, headers=keyed)
    alc.clock.advance(10)
    alc.work()
    second = alc.http.post(PATH, json=dict(reversed(LEAD.items())), headers=keyed)
    assert (second.status_code, second.data) == (201, first.data)
    assert second.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert len(alc.http.get("/_mock/leads").get_json()["leads"]) == 1


def test_the_same_key_with_another_body_is_refused(alc: Alc, auth: dict[str, str]) -> None:
    """A21: one key stands for one lead."""
    keyed = auth | {"Idempotency-Key": "intent-1"}
    alc.send_lead(keyed)
    answer = alc.http.post(PATH, json=LEAD | {"name": "Someone Else"}, headers=keyed)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (422, "idempotency_key_reused")


def test_a_key_belongs_to_its_account(alc: Alc, auth: dict[str, str]) -> None:
    """A21: two accounts may choose the same one, and each gets its own lead."""
    key = {"Idempotency-Key": "intent-1"}
    assert alc.send_lead(auth | key)["id"] != alc.send_lead(alc.auth(account="other") | key)["id"]


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "ü"])
def test_a_malformed_key_is_refused(alc: Alc, auth: dict[str, str], key: str) -> None:
    """A21: one that cannot be stored protects from nothing."""
    assert alc.http.post(PATH, json=LEAD, headers=auth | {"Idempotency-Key": key}).status_code == 400


def test_a_key_is_forgotten_after_a_week_and_not_before_a_day(make_alc: Callable[..., Alc]) -> None:
    """A21: kept at least a day."""
    alc = make_alc()
    auth = alc.auth()
    keyed = auth | {"Idempotency-Key": "intent-1"}
    first = alc.send_lead(keyed)["id"]
    for seconds, same in ((86_400, True), (7 * 86_400, False)):
        alc.clock.advance(seconds)
        alc.work()
        assert (alc.send_lead(alc.auth() | {"Idempotency-Key": "intent-1"})["id"] == first) is same


def test_while_a_key_is_in_flight_a_second_request_is_told_to_wait(
    make_alc: Callable[..., Alc], tmp_path: Path
) -> None:
    """A21: 409 with Retry-After, and one lead in the end."""
    alc = make_alc(home=tmp_path, database_url="")
    keyed = alc.auth() | {"Idempotency-Key": "intent-1"}

    def post() -> int:
        return alc.browser().post(PATH, json=LEAD, headers=keyed).status_code

    with ThreadPoolExecutor(2) as pool:
        with alc.services.database.write() as session:  # Holds the writer's lock, so that the first must wait.
            session.execute(text("SELECT 1"))
            posts = [pool.submit(post) for _ in range(2)]
            refused, waiting = wait(posts, timeout=3, return_when=FIRST_COMPLETED)
            assert [future.result() for future in refused] == [409]
        assert [future.result() for future in waiting] == [201]
    assert post() == 201


def test_twenty_parallel_posts_with_one_key_make_one_lead(make_alc: Callable[..., Alc], tmp_path: Path) -> None:
    """A21: whoever comes second waits or is given the first one's answer."""
    alc = make_alc(home=tmp_path, database_url="")
    keyed, barrier = alc.auth() | {"Idempotency-Key": "intent-1"}, threading.Barrier(20)

    def post(_number: int) -> int:
        barrier.wait()
        return alc.browser().post(PATH, json=LEAD, headers=keyed).status_code

    with ThreadPoolExecutor(20) as pool:
        statuses = set(pool.map(post, range(20)))
    assert statuses <= {201, 409}
    assert len(alc.http.get("/_mock/leads").get_json()["leads"]) == 1


def test_a_database_that_refuses_is_a_503_and_changes_nothing(make_alc: Callable[..., Alc]) -> None:
    """C14's rule: try again shortly."""
    alc = make_alc()
    auth = alc.auth()
    with alc.services.database.write() as session:
        session.execute(text("ALTER TABLE lead RENAME TO hidden"))
    answer = alc.http.post(PATH, json=LEAD, headers=auth)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (503, "storage_unavailable")
    assert answer.headers["Retry-After"] == "1"
