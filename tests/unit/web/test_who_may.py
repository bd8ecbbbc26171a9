"""The table of who may: it has every route, and every route keeps to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from alc_app.pages.assets import content_version
from alc_app.runtime.services import Services
from alc_app.runtime.signatures.schemes import SCHEMES
from alc_app.web.gate import ADMINS_ONLY, SIGNED_OUT
from alc_app.web.who_may import ACCESS, WHO_MAY, role_may
from tests.unit.web.conftest import BASE_URL, client_of, make_app

VALUES = {"uuid:record_id": "00000000-0000-0000-0000-000000000001", "int:number": "1", "path:filename": "js/main.js"}
GUARDED = [route for access in ("member", "admin") for route in WHO_MAY[access] if "/labs" not in route]
"""Labs are only where nobody signs in."""


def routes_of(app: Flask) -> set[str]:
    """The routes, as the table writes them."""
    deliveries = {f"{method} {scheme.path}<handler_id>" for scheme in SCHEMES.values() for method in ("GET", "POST")}
    return deliveries | {
        f"{method} {re.sub('^/assets/[0-9a-f]+/', '/assets/', rule.rule)}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD"}
    }


def ask(client: FlaskClient, route: str, method: str = "", **more: object) -> TestResponse:
    """Ask for a route, with something in each of its places."""
    own, _, rule = route.partition(" ")
    path = re.sub(r"<([^>]+)>", lambda found: VALUES.get(found[1], "something"), rule)
    path = path.replace("/assets/", f"/assets/{content_version()}/")
    return client.open(path, method=method or own, base_url=BASE_URL, **more)


@pytest.fixture
def development(new_home: Callable[[], Path]) -> Iterator[Flask]:
    """Without a sign-in, and with everything that is only there then."""
    yield from make_app(new_home(), attio_url="")


def test_every_route_has_a_row_and_every_row_a_route(development: Flask) -> None:
    """U4: a route that nobody has thought about is not served to anybody."""
    assert routes_of(development) == set(ACCESS)


def test_no_route_has_two_rows() -> None:
    """It would be the last one that counts."""
    rows = [route for routes in WHO_MAY.values() for route in routes]
    assert len(rows) == len(set(rows))


def test_where_people_sign_in_there_is_nothing_else(guarded: Flask) -> None:
    """No labs, and no naive webhook."""
    assert set(ACCESS) - routes_of(guarded) == {route for route in ACCESS if "/labs" in route or "/naive" in route}
    assert not routes_of(guarded) - set(ACCESS)


@pytest.mark.parametrize("route", GUARDED)
def test_a_stranger_gets_nothing(guarded: Flask, route: str) -> None:
    """U4: a browser is led to the sign-in, a script gets 401 with a sentence; a cookie of one's own making is none."""
    forged = client_of(guarded)
    with forged.session_transaction(base_url=BASE_URL) as session:
        session["session"] = "made-up"
    for client in (client_of(guarded), forged):
        answer = ask(client, route)
        assert answer.status_code == 401, answer.text
        assert SIGNED_OUT in answer.get_json()["error"]["message"]

    led = ask(client_of(guarded, browser=True), route)
    is_data = route.endswith((".json", "GET /events"))
    expected = (401, "") if is_data else (303, "/sign-in")
    assert (led.status_code, led.headers.get("Location", "").partition("?")[0]) == expected


@pytest.mark.parametrize("route", GUARDED)
def test_a_stranger_gets_nothing_by_any_method(guarded: Flask, route: str) -> None:
    """Not even which methods there are."""
    stranger = client_of(guarded)
    for method in ("HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "GET", "POST"):
        assert ask(stranger, route, method).status_code == 401


@pytest.mark.parametrize(
    "path", ["/nowhere", "/labs", "/people/", "/people/1", "/.env", "/access/", "/people//1", "/hooks"]
)
def test_a_stranger_does_not_learn_what_is_there(guarded: Flask, path: str) -> None:
    """What is not there is answered as what is there."""
    assert client_of(guarded).get(path).status_code == 401


@pytest.mark.parametrize("route", GUARDED)
def test_a_member_gets_what_members_may(guarded: Flask, route: str) -> None:
    """U12: the rest is 403 with a sentence that says why, on a page or for a script."""
    for browser in (False, True):
        answer = ask(client_of(guarded, "member", browser=browser), route, buffered=False)
        is_refused = answer.status_code == 403 and ADMINS_ONLY in answer.text
        answer.close()
        assert is_refused != role_may("member", route), answer.status_code


@pytest.mark.parametrize("route", GUARDED)
def test_an_admin_gets_everything(guarded: Flask, route: str) -> None:
    """Whatever it answers, it does not say that one may not."""
    answer = ask(client_of(guarded, "admin"), route, buffered=False)
    answer.close()
    assert answer.status_code not in (401, 403)


@pytest.mark.parametrize("route", [route for route in GUARDED if route.startswith("POST")])
def test_a_change_needs_a_token_of_the_session_too(guarded: Flask, route: str) -> None:
    """U1: being signed in is not enough, and a refused request is not noted as the person's."""
    services: Services = guarded.extensions["services"]
    before = len(services.people.actions(1000))

    assert ask(client_of(guarded, "admin"), route).status_code == 400
    assert len(services.people.actions(1000)) == before


@pytest.mark.parametrize("access", ["anyone", "signed", "token"])
def test_what_needs_no_sign_in_asks_for_none(guarded: Flask, access: str) -> None:
    """Health, the sign-in itself, static files; deliveries have signatures, and numbers have a token."""
    for route in WHO_MAY[access]:
        if "/naive" not in route:
            answer = ask(client_of(guarded, browser=True), route)
            assert answer.headers.get("Location", "").partition("?")[0] != "/sign-in", route
            assert SIGNED_OUT not in answer.text


def test_without_a_sign_in_everything_is_open(development: Flask) -> None:
    """The demo: one machine, nobody else on it."""
    client = client_of(development, browser=True)

    assert client.get("/settings").status_code == 200
    assert client.get("/sign-in").headers["Location"] == "/"
    assert "Sign out" not in client.get("/settings").text
