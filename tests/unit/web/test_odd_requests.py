"""Requests that no page of ours sends: they are refused, and are neither a fault of the app nor kept as somebody's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.support.sign_in import SIGN_IN
from tests.unit.web.conftest import BASE_URL, client_of, make_app, post, token_of


@pytest.fixture(scope="module")
def on_postgres(tmp_path_factory: pytest.TempPathFactory, module_postgres: str) -> Iterator[Flask]:
    """The app on Postgres, which takes fewer texts and smaller numbers than SQLite."""
    home = tmp_path_factory.mktemp("home")
    yield from make_app(home, database_url=module_postgres, exchanges="on", members="imani@example.com", **SIGN_IN)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/exchanges.json?trace=%00", 400),
        ("/exchanges.json?after=99999999999999999999", 200),
        ("/exchanges/99999999999999999999/source.json", 200),
    ],
)
def test_what_postgres_cannot_hold_is_refused(on_postgres: Flask, path: str, expected: int) -> None:
    """U9: whoever asks is told so, instead of being shown a fault of the app."""
    assert client_of(on_postgres, "admin").get(path, base_url=BASE_URL).status_code == expected


def test_a_form_that_postgres_cannot_hold_is_refused(on_postgres: Flask) -> None:
    """U9: with a character that is none, in a hidden field."""
    client = client_of(on_postgres, "admin", browser=True)

    for path in ("/access/end-sessions", "/inspector/deliveries"):
        assert post(client, path, id="\0:\0")[0] == 400


@pytest.mark.parametrize("path", ["/people/bulk-actions/send-to-alc-bulk", "/actions/runs/x", "/doctor/report"])
def test_a_body_that_is_nested_too_deeply_to_be_read_is_no_json(guarded: Flask, path: str) -> None:
    """U9: Python's own reader gives up at some thousand brackets; that is no fault of the app."""
    client = client_of(guarded, "admin", browser=True)
    as_page = {"X-CSRFToken": token_of(client), "Content-Type": "application/json"}

    for body in ("[" * 1000, '{"record_ids":' * 20_000):
        assert client.post(path, data=body, headers=as_page, base_url=BASE_URL).status_code < 500


@pytest.mark.parametrize("number", [2**31, 10**30])
def test_a_number_that_no_message_has_is_none(guarded: Flask, number: int) -> None:
    """On SQLite, too."""
    answer = client_of(guarded, "admin").get(f"/exchanges/{number}/source.json", base_url=BASE_URL)

    assert (answer.status_code, answer.get_json()) == (200, {"excerpts": []})


@pytest.mark.parametrize("path", ["/nowhere", "/x%0aforged", "/settings/", "/assets/app.css", "/" + "x" * 5000])
def test_what_is_no_route_is_not_kept_as_somebodys_doing(
    guarded: Flask, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    """U1, U12: another site may have sent it, since no form token is asked for where there is nothing to do."""
    caplog.set_level("INFO")
    people = guarded.extensions["services"].people
    before = people.actions(1)

    assert client_of(guarded, "admin").post(path, base_url=BASE_URL).status_code in (404, 405)

    assert people.actions(1) == before
    assert "Robin Marsh" not in caplog.text
