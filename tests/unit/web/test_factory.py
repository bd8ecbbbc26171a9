"""The whole web app in production: which hosts it answers for, and what every response carries."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from alc_app.config.settings import Config
from alc_app.runtime.routes.sign_in import SESSION
from alc_app.runtime.services import Services
from alc_app.web.factory import build
from tests.support.sign_in import SIGN_IN
from tests.unit.web.conftest import BASE_URL, ROBIN, client_of

OWN = {"Host": "app.example.com"}
OWN_URL = "https://app.example.com"


def test_importing_the_web_app_loads_only_what_every_web_process_needs() -> None:
    """The rest is imported when it is used. A database has one dialect, so nobody needs both."""
    later = {"dbos", "alembic", "graphql", "phonenumbers", "joserfc", "sqlalchemy.dialects.postgresql"}
    code = f"import sys, alc_app.web.factory; print(sorted({later} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - ours
    assert done.stdout == "[]\n"


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """The app as a proxy on this machine reaches it, by plain HTTP."""
    yield from _client(
        tmp_path_factory.mktemp("home"),
        env="production",
        url="https://app.example.com",
        alc_url="https://127.0.0.1:9",
        alc_client_secret="secret",
        attio_api_token="token",
        attio_url="https://127.0.0.1:9",
        **SIGN_IN,
    )


def _client(home: Path, **settings: str) -> Iterator[FlaskClient]:
    app = build(Config.from_env(home=home, **settings))
    yield app.test_client()
    app.extensions["live"].stop()
    app.extensions["services"].close()


@pytest.mark.parametrize("host", ["10.0.0.11:8000", "127.0.0.1", "[::1]:8000", "balancer.internal", "evil.test", ""])
def test_probes_are_answered_for_any_host(web: FlaskClient, host: str) -> None:
    """Load balancers ask by address."""
    assert web.get("/healthz", headers={"Host": host}).get_json() == {"status": "ok"}
    assert web.get("/readyz", headers={"Host": host}).get_json()["status"] in ("ready", "degraded", "not ready")


@pytest.mark.parametrize(
    "path", ["/", "/people", "/metrics", "/healthz/", "/healthz/x", "/connections/alc/connect", "/hooks/x"]
)
def test_everything_else_is_for_its_own_host_only(web: FlaskClient, path: str) -> None:
    """U7: a page would build links of a foreign name."""
    for host in (
        "10.0.0.11:8000",
        "evil.test",
        "127.0.0.1",
        "app.example.com.evil.test",
        "app.example.com@evil.test",
        "[::1",
    ):
        assert web.get(path, headers={"Host": host}).status_code == 400
    assert web.get(path, headers=OWN).status_code != 400


@pytest.mark.parametrize("path", ["/people", "/healthz", "/nowhere", "/hooks/nothing"])
def test_hsts_is_sent_behind_a_proxy_that_ends_tls(web: FlaskClient, path: str) -> None:
    """U5: the request itself is plain HTTP; the configured address says https."""
    assert web.get(path, headers=OWN).headers["Strict-Transport-Security"] == "max-age=31536000"


def test_hsts_is_not_sent_in_the_demo(tmp_path: Path) -> None:
    """U5: it would lock every server on this machine's name out of plain http."""
    for web in _client(tmp_path):
        assert "Strict-Transport-Security" not in web.get("/healthz").headers


@pytest.mark.parametrize(
    ("referer", "is_refused"),
    [
        ("https://app.example.com/settings", False),
        ("http://app.example.com/settings", True),
        ("https://evil.test/", True),
        ("https://app.example.com:x/", True),
        ("https://app.example.com:99999/", True),
        ("https://[", True),
        ("", True),
    ],
)
def test_behind_a_proxy_a_form_must_come_from_this_origin(web: FlaskClient, referer: str, is_refused: bool) -> None:
    """U1: the token alone would let in a page that somebody on the network has made under our name, by plain HTTP."""
    services: Services = web.application.extensions["services"]
    services.people.save(ROBIN)
    with web.session_transaction(base_url=OWN_URL) as session:
        session[SESSION] = services.sessions.begin(ROBIN)
    page = web.get("/settings", base_url=OWN_URL).text
    [token] = re.findall(r'<meta name="csrf-token" content="([^"]+)"', page)

    headers = {"Referer": referer} if referer else {}
    answer = web.post("/settings", data={"csrf_token": token}, headers=headers, base_url=OWN_URL)

    assert (answer.status_code == 400) is is_refused, answer.text


def test_an_app_at_an_ipv6_address_answers_for_it(tmp_path: Path) -> None:
    """U7: in a Host header the address stands in brackets."""
    for web in _client(tmp_path, host="::1"):
        assert web.get("/assets/nothing", headers={"Host": "[::1]:8000"}).status_code == 404


@pytest.mark.parametrize(
    ("asked", "next_path"),
    [("/people/1?offer=x", "?next=/people/1?offer%3Dx"), ("https://evil.test", ""), ("/connections/alc/connect", "")],
)
def test_connect_leads_back_to_pages_of_this_app_only(guarded: Flask, asked: str, next_path: str) -> None:
    """U6: what the route would refuse is not in the link."""
    page = client_of(guarded, "admin").get("/apps/alc", query_string={"next": asked}, base_url=BASE_URL)

    assert f'href="/connections/alc/connect{next_path}"' in page.text
