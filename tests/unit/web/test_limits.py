"""The limits: how often a person, or an address, may do something, and what they are told then."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from alc_app.runtime.services import Services
from alc_app.runtime.stores.rate_limit import RateLimiter
from alc_app.web.limiter import PERIODS, network_of, sentence
from alc_app.web.limits import LIMITS
from alc_app.web.who_may import ACCESS
from tests.support.sign_in import SIGN_IN
from tests.unit.web.conftest import BASE_URL, client_of, make_app
from tests.unit.web.test_gate import token_of

SEND = "/people/00000000-0000-0000-0000-000000000001/actions/send-to-alc"
BULK = "/people/bulk-actions/bulk-send-to-alc"
CONNECT, SIGN_IN_PATH = "/connections/alc/connect", "/sign-in"


@pytest.fixture
def limited(new_home: Callable[[], Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The app behind a proxy, at a moment that does not pass."""
    monkeypatch.setattr("alc_app.runtime.storage.database.SQLITE_NOW", "1000.0")
    yield from make_app(new_home(), members="imani@example.com", proxies="10.0.0.1", **SIGN_IN)


def use_up(app: Flask, name: str, who: str, but: int = 0) -> None:
    """Let somebody have done something as often as it may be done, less `but` times."""
    services: Services = app.extensions["services"]
    limit = LIMITS[name].limit
    assert services.rate_limiter.hit(f"{name}, {who}", limit, limit.times - but) == 0


def press(client: FlaskClient, path: str, body: object = None) -> TestResponse:
    """Press a button, as the page's script does."""
    headers = {"X-CSRFToken": token_of(client), "Accept": "application/x-ndjson, application/json"}
    return client.post(path, json=body, headers=headers, base_url=BASE_URL)


def test_the_table_names_routes_that_are_there() -> None:
    """A limit of a route that has another name by now would limit nothing."""
    for use in LIMITS.values():
        assert set(use.routes) <= set(ACCESS)
        assert use.limit.seconds in PERIODS


def test_every_change_that_calls_the_outside_has_a_limit() -> None:
    """U10: what costs calls to ALC or Attio, or may send SMS."""
    limited = {route for use in LIMITS.values() for route in use.routes}
    free = {
        "POST /naive/hooks/<handler_id>", "POST /hooks/<handler_id>", "POST /attio/events/<handler_id>",
        "POST /tutorial/close", "POST /tutorial/reset", "POST /tutorial/log-in", "POST /labs/<name>/run",
        "POST /labs/stories/run",
        "POST /sign-out", "POST /settings", "POST /access/end-sessions", "POST /workflows/<workflow_id>/switch",
    }  # fmt: skip
    assert {route for route in ACCESS if route.startswith("POST")} - limited == free


def test_a_person_who_clicks_too_often_is_told_when_to_go_on(limited: Flask) -> None:
    """U10: 429 with Retry-After and a sentence, which the page's toast shows; nothing is begun."""
    imani = client_of(limited, "member")
    use_up(limited, "click", "imani", but=1)

    assert press(imani, SEND).status_code == 200
    answer = press(imani, SEND)

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    said = answer.get_json()["error"]["message"]
    assert said == (
        "You have reached the limit: you can press buttons 600 times in a minute. Try again in 1 second. "
        "Nothing was changed."
    )


def test_a_person_meets_the_same_limit_everywhere_and_nobody_elses(limited: Flask) -> None:
    """U10: from another browser and another address; a colleague in the same office goes on."""
    use_up(limited, "click", "imani")
    elsewhere = client_of(limited, "member")
    elsewhere.environ_base["REMOTE_ADDR"] = "192.0.2.7"

    assert press(elsewhere, SEND).status_code == 429
    assert press(client_of(limited, "admin"), SEND).status_code == 200


def test_a_bulk_action_counts_each_person(limited: Flask) -> None:
    """U10: a thousand people at once are a thousand sends."""
    ids = [f"00000000-0000-0000-0000-{number:012}" for number in range(10)]
    imani = client_of(limited, "member")
    use_up(limited, "send", "imani", but=15)

    assert [press(imani, BULK, {"record_ids": ids[:some]}).status_code for some in (10, 10, 5, 1)] == [
        200, 429, 200, 429,
    ]  # fmt: skip
    assert "act on people 5000 times in an hour" in press(imani, SEND).get_json()["error"]["message"]


@pytest.mark.parametrize("body", [None, [], {"record_ids": "x" * 9000}, {"record_ids": []}, {"record_ids": [[]] * 400}])
def test_a_body_that_is_wrong_counts_as_it_is(limited: Flask, body: object) -> None:
    """U10: it is refused by the action, and not by the limit."""
    assert press(client_of(limited, "member"), BULK, body).status_code == 400


def test_a_forged_request_is_not_counted_as_the_persons(limited: Flask) -> None:
    """U1, U10: a page of another origin could otherwise use up what somebody may do."""
    imani = client_of(limited, "member")
    use_up(limited, "click", "imani", but=1)

    assert [imani.post(SEND, base_url=BASE_URL).status_code for _ in range(3)] == [400] * 3
    assert press(imani, SEND).status_code == 200


def test_a_page_says_it_too(limited: Flask) -> None:
    """U9, U10: connecting by a link."""
    robin = client_of(limited, "admin", browser=True)
    use_up(limited, "connect", "robin")

    page = robin.get(CONNECT, base_url=BASE_URL)

    assert (page.status_code, page.headers["Retry-After"]) == (429, "1")
    assert (
        "You have reached the limit: you can connect or disconnect 300 times in a minute. Try again in 1 second."
        in page.text
    )
    assert "Too many requests" in page.text


def sign_in_from(app: Flask, peer: str, **headers: str) -> int:
    """The status of a sign-in from an address."""
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = peer
    return client.get(SIGN_IN_PATH, headers=headers, base_url=BASE_URL).status_code


def test_signing_in_is_limited_by_address(limited: Flask) -> None:
    """U10: the limited address gets 429, and others reach the provider, which is away here."""
    use_up(limited, "sign in", "192.0.2.7")

    assert [sign_in_from(limited, peer) for peer in ("192.0.2.7", "192.0.2.8")] == [429, 503]


def test_an_address_that_somebody_makes_up_evades_nothing(limited: Flask) -> None:
    """U7, U10: X-Forwarded-For counts from our proxy only, and of it only what the proxy has added."""
    use_up(limited, "sign in", "192.0.2.7")
    spoofed = {"X-Forwarded-For": "198.51.100.1", "X-Real-Ip": "198.51.100.1", "Forwarded": "for=198.51.100.1"}
    through_proxy = {"X-Forwarded-For": "198.51.100.1, 192.0.2.7"}

    assert sign_in_from(limited, "192.0.2.7", **spoofed) == 429
    assert sign_in_from(limited, "10.0.0.1", **through_proxy) == 429
    assert sign_in_from(limited, "10.0.0.1", **{"X-Forwarded-For": "192.0.2.7, 192.0.2.9"}) == 503


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "::ffff:192.0.2.7"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_a_household_is_one_address(address: str, expected: str) -> None:
    """U10: with IPv6 it has as many addresses as it likes."""
    assert network_of(address) == expected


def test_all_processes_count_together(limited: Flask) -> None:
    """U10: the counts are rows."""
    services: Services = limited.extensions["services"]
    use_up(limited, "click", "imani")

    assert RateLimiter(services.database).hit("click, imani", LIMITS["click"].limit) > 0


def test_a_database_that_takes_no_count_stops_nobody(limited: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """C14: a full disk is told by the action itself, in words for a person."""
    services: Services = limited.extensions["services"]

    def full(*_: object) -> float:
        raise OperationalError("insert", {}, sqlite3.OperationalError("database or disk is full"))

    monkeypatch.setattr(services.rate_limiter, "hit", full)
    monkeypatch.setattr(services.people, "note_action", lambda *_: None)

    assert press(client_of(limited, "member"), SEND).status_code == 200


@pytest.mark.parametrize(("wait", "said"), [(0.2, "1 second"), (12.3, "13 seconds"), (61, "2 minutes")])
def test_the_sentence_says_how_long(wait: float, said: str) -> None:
    """Rounded up, so that it works then."""
    assert sentence(LIMITS["workflow"], wait).endswith(f"Try again in {said}.")


def test_it_is_json_that_scripts_can_read(limited: Flask) -> None:
    """U9: with a code of its own."""
    use_up(limited, "workflow", "imani")
    answer = press(client_of(limited, "member"), "/workflows/any/runs")

    assert json.loads(answer.text)["error"]["code"] == "too_many_requests"
