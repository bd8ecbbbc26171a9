"""The webhooks API."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.unit.mock_alc.support import Alc

PATH = "/api/v1/webhooks"
URL = "http://127.0.0.1:9/hook"


@pytest.fixture
def auth(alc: Alc) -> dict[str, str]:
    """A token of the demo account."""
    return alc.auth()


def test_registering_shows_the_secret_once(alc: Alc, auth: dict[str, str]) -> None:
    """W9: in the answer to the registration, and never again."""
    hook = alc.hook(auth, URL)
    assert hook.items() >= {"name": "handler-1", "url": URL, "event": "lead.processed", "status": "active"}.items()
    assert hook["secret"].startswith("whsec_")
    for path in (f"{PATH}/{hook['webhook_id']}", PATH):
        assert "secret" not in alc.http.get(path, headers=auth).text


def test_the_receiver_may_bring_its_own_secret(alc: Alc, auth: dict[str, str]) -> None:
    """R19: stored over there before it is registered here."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    assert alc.hook(auth, URL, secret=secret)["secret"] == secret


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""}, {"name": None}, {"url": None}, {"url": 7}, {"url": "http://10.0.0.1/"}, {"url": "https://10.0.0.1/"},
        {"event": "lead.created"}, {"event": None}, {"event": ["lead.processed"]}, {"secret": "short"}, {"secret": 1},
        {"expires_in": 0}, {"expires_in": 1.5}, {"expires_in": True}, {"expires_in": "60"}, {"expires_in": 10**12},
    ],
)  # fmt: skip
def test_a_wrong_field_is_named_with_a_sentence(alc: Alc, auth: dict[str, str], change: dict[str, Any]) -> None:
    """W5: the target is judged here already."""
    answer = alc.hook(auth, URL, **change) if "url" not in change else alc.hook(auth, **change)
    (field,) = change
    assert answer["error"]["fields"][field].endswith(".")


def test_a_second_registration_is_told_which_one_exists(alc: Alc, auth: dict[str, str]) -> None:
    """A client whose response was lost finds the id in the error."""
    hook = alc.hook(auth, URL)
    twin = alc.hook(auth, URL)
    assert (twin["error"]["code"], twin["error"]["webhook_id"]) == ("webhook_exists", hook["webhook_id"])
    assert "error" not in alc.hook(auth, URL, name="handler-2")
    assert "error" not in alc.hook(alc.auth(account="other"), URL)


def test_of_parallel_twins_one_is_registered(make_alc: Callable[..., Alc], tmp_path: Path) -> None:
    """A unique key decides, not a check before the insert."""
    alc = make_alc(home=tmp_path, database_url="")
    auth, barrier = alc.auth(), threading.Barrier(8)

    def register(_number: int) -> int:
        barrier.wait()
        body = {"name": "handler-1", "url": URL, "event": "lead.processed"}
        return alc.browser().post(PATH, json=body, headers=auth).status_code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(register, range(8))) == [201] + [409] * 7


def test_deleting_is_done_once_and_frees_the_name(alc: Alc, auth: dict[str, str]) -> None:
    """W11: 204, then 404."""
    path = f"{PATH}/{alc.hook(auth, URL)['webhook_id']}"
    assert [alc.http.delete(path, headers=auth).status_code for _ in range(2)] == [204, 404]
    assert alc.http.get(path, headers=auth).status_code == 404
    assert alc.http.get(PATH, headers=auth).get_json()["webhooks"] == []
    assert "error" not in alc.hook(auth, URL)


def test_webhooks_are_found_by_name(alc: Alc, auth: dict[str, str]) -> None:
    """C8, C9: a client without the id looks it up."""
    alc.hook(auth, URL)
    wanted = alc.hook(auth, URL, name="handler-2")["webhook_id"]
    found = alc.http.get(f"{PATH}?name=handler-2", headers=auth).get_json()["webhooks"]
    assert [hook["webhook_id"] for hook in found] == [wanted]


@pytest.mark.parametrize(
    "operation", [("GET", ""), ("DELETE", ""), ("POST", "/refresh"), ("POST", "/rotate-secret"), ("POST", "/test")]
)
def test_another_accounts_webhook_is_unknown(alc: Alc, auth: dict[str, str], operation: tuple[str, str]) -> None:
    """A20: for every operation."""
    method, suffix = operation
    path = f"{PATH}/{alc.hook(auth, URL)['webhook_id']}{suffix}"
    assert alc.http.open(path, method=method, headers=alc.auth(account="other")).status_code == 404
    assert alc.http.get(PATH, headers=auth).get_json()["webhooks"][0]["status"] == "active"


def test_the_scope_leads_does_not_open_webhooks(alc: Alc) -> None:
    """A14: a token does what was allowed, and nothing more."""
    assert alc.http.get(PATH, headers=alc.auth(scope="leads")).status_code == 403


def test_a_webhook_expires_unless_it_is_refreshed(alc: Alc, auth: dict[str, str]) -> None:
    """Refresh gives a new expires_at; after the end, a new registration is needed."""
    hook = alc.hook(auth, URL, expires_in=60)
    path = f"{PATH}/{hook['webhook_id']}"
    alc.clock.advance(59)
    refreshed = alc.http.post(f"{path}/refresh", json={"expires_in": 120}, headers=auth).get_json()
    assert refreshed["expires_at"] > hook["expires_at"]
    alc.clock.advance(120)
    assert alc.http.get(path, headers=auth).get_json()["status"] == "expired"
    assert alc.http.post(f"{path}/refresh", headers=auth).status_code == 409
    assert "error" not in alc.hook(auth, URL)
