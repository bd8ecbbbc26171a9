"""People sign in at a provider, over HTTP: two web processes on one Postgres, an admin, a member, and a stranger."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.support.people import User
from tests.support.servers.clients import Alc, Attio
from tests.support.servers.stack import Stack, free_ports, keys_of_all_machines
from tests.support.waiting import PATIENCE

COOKIE = "alc_app_session"


class Deployment:
    """The servers, and a second web process that shares only the database and the keys."""

    def __init__(self, stack: Stack) -> None:
        self.stack, self.second_url = stack, f"http://127.0.0.1:{free_ports(1)[0]}"
        stack.require_sign_in()
        home = stack.home / "web-2"
        home.mkdir()
        changed = {
            "ALC_APP_HOME": str(home),
            "ALC_APP_PORT": self.second_url.rpartition(":")[2],
            "ALC_APP_URL": stack.app_url,
            "ALC_APP_PROXIES": "127.0.0.1",
        }
        stack.servers.append(stack.server("web-2", self.second_url, "alc_app", "serve", **changed))
        self.alc, self.attio = Alc(stack.alc_url), Attio(stack.attio_url, "e2e-attio-token")

    def token_requests(self) -> int:
        """How often a token was asked for at ALC."""
        return sum(each["path"] == "/oauth/token" for each in self.alc.requests())

    def signed_in(self, sub: str) -> User:
        """A user who has signed in as this person."""
        user = User(self.stack.app_url)
        assert user.sign_in(sub).url == f"{self.stack.app_url}/people"
        return user

    def with_cookie(self, cookie: str | None, url: str = "") -> User:
        """Whoever has got hold of a cookie."""
        user = User(url or self.stack.app_url)
        user.session.cookies.set(COOKIE, cookie, domain="127.0.0.1", path="/")
        return user


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory, module_postgres: str) -> Iterator[Deployment]:
    """All of them, running."""
    settings = keys_of_all_machines()
    made = Deployment(Stack(tmp_path_factory.mktemp("home"), ALC_APP_DATABASE_URL=module_postgres, **settings))
    with made.stack:
        yield made


def status(user: User, path: str = "/apps/alc") -> int:
    """The status of a page for a script."""
    headers = {"Accept": "application/json"}
    return user.session.get(f"{user.app_url}{path}", headers=headers, timeout=PATIENCE).status_code


def test_an_admin_connects_a_member_sends_and_both_are_named(deployment: Deployment) -> None:
    """U12: who has connected is on the app's page, and who has sent is on the record."""
    robin, imani = deployment.signed_in("robin"), deployment.signed_in("imani")
    record_id = deployment.attio.add_person("Mary Shelley", "+442079460041")

    assert robin.connect_alc().url.endswith("notice=connected")
    assert imani.click_send(record_id)[-2]["title"] == "Successfully sent to ALC!"

    assert "Robin Marsh" in imani.get("/apps/alc").text.partition("Connected by")[2].partition("</div>")[0]
    imani.wait_for_status(record_id, "Pending")
    assert (
        'data-slot="actor">Imani Castellanos</bdi> <span data-slot="did">sent this person'
        in imani.get(f"/people/{record_id}").text
    )
    assert "Imani Castellanos (imani@example.com): /people/" in deployment.stack.logs()


def test_a_member_may_not_connect_and_a_stranger_may_nothing(deployment: Deployment) -> None:
    """U4: over HTTP as in the table."""
    imani, stranger = deployment.signed_in("imani"), User(deployment.stack.app_url)

    assert status(imani, "/connections/alc/connect") == 403
    assert status(imani, "/settings") == 403
    assert [status(stranger, path) for path in ("/people", "/events", "/settings", "/nowhere")] == [401] * 4
    assert status(stranger, "/healthz") == 200


def test_signing_out_ends_the_session_in_every_process(deployment: Deployment) -> None:
    """U4: a stolen cookie opens nothing afterwards; and the provider leads back to a page that says so."""
    robin = deployment.signed_in("robin")
    stolen = robin.session.cookies.get(COOKIE)
    assert status(deployment.with_cookie(stolen, deployment.second_url)) == 200

    page = robin.sign_out()

    assert page.url == f"{deployment.stack.app_url}/signed-out"
    assert "You are signed out" in page.text
    for url in (deployment.stack.app_url, deployment.second_url):
        assert status(deployment.with_cookie(stolen, url)) == 401


def test_an_open_stream_ends_with_the_sign_out(deployment: Deployment) -> None:
    """U4: in another process than the one that is asked to sign out. What happens after that is not told."""
    robin, record_id = deployment.signed_in("robin"), deployment.attio.add_person("Wangari Maathai", "+442079460042")
    robin.connect_alc()
    other = deployment.with_cookie(robin.session.cookies.get(COOKIE), deployment.second_url)
    with other.session.get(f"{other.app_url}/events", stream=True, timeout=PATIENCE) as stream:
        lines = stream.iter_lines()
        assert next(lines) == b"retry: 1000"

        robin.sign_out()
        again = deployment.signed_in("robin")
        again.click_send(record_id)
        again.wait_for_status(record_id, "Pending")

        assert record_id.encode() not in b"".join(lines)


def test_a_cookie_that_was_planted_before_the_sign_in_is_worth_nothing(deployment: Deployment) -> None:
    """U4: session fixation."""
    stranger = User(deployment.stack.app_url)
    stranger.get("/people")
    planted = stranger.session.cookies.get(COOKIE)
    victim = deployment.with_cookie(planted)

    victim.sign_in("robin")

    assert status(victim) == 200
    assert status(deployment.with_cookie(planted)) == 401


def test_a_callback_signs_in_once_and_only_where_it_began(deployment: Deployment) -> None:
    """O3: with the same cookie, with another, and with none."""
    robin, victim = User(deployment.stack.app_url), User(deployment.stack.app_url)
    page = robin.sign_in("robin")
    callback = next(step.url for step in page.history if "/sign-in/callback?" in step.url)
    victim.get("/people")

    for user in (robin, victim, User(deployment.stack.app_url)):
        assert user.session.get(callback, timeout=PATIENCE).status_code == 400
    assert (status(robin), status(victim)) == (200, 401)


def test_two_tabs_that_sign_in_at_once_both_succeed(deployment: Deployment) -> None:
    """O2, U1: neither request had the other's cookies. The page of the first tab goes on working."""
    robin = User(deployment.stack.app_url)
    begun = [requests.get(f"{robin.app_url}/sign-in", allow_redirects=False, timeout=PATIENCE) for _ in range(2)]
    for tab in begun:
        robin.session.cookies.update(tab.cookies)
    tokens = []
    for tab in begun:
        page = robin._submit(robin.session.get(tab.headers["Location"], timeout=PATIENCE), sub="robin")
        assert page.status_code == 200, page.text
        tokens.append(robin.csrf_token())

    headers = {"X-CSRFToken": tokens[0], "Referer": f"{robin.app_url}/people"}
    assert robin.session.post(f"{robin.app_url}/tutorial/close", headers=headers, timeout=PATIENCE).ok


def test_a_connect_flow_belongs_to_the_person_who_began_it(deployment: Deployment) -> None:
    """O22: somebody else who has signed in meanwhile in the same browser cannot end it; no token is asked for."""
    robin = deployment.signed_in("robin")
    location = robin.session.get(
        f"{robin.app_url}/connections/alc/connect", allow_redirects=False, timeout=PATIENCE
    ).headers["Location"]
    state = parse_qs(urlsplit(location).query)["state"][0]
    before = deployment.token_requests()
    robin.sign_out()
    robin.sign_in("robin", "/apps/alc")

    answer = robin.get(f"/connections/alc/callback?code=stolen&state={state}&iss={deployment.stack.alc_url}")

    assert answer.status_code == 400
    assert deployment.token_requests() == before


def test_an_admin_ends_the_sessions_of_a_member(deployment: Deployment) -> None:
    """U4: by a button, in every process."""
    robin, imani = deployment.signed_in("robin"), deployment.signed_in("imani")
    page = robin.get("/access").text
    row = next(part for part in page.split("<tr>") if "imani@example.com" in part)
    person_id = row.partition('name="id" value="')[2].partition('"')[0]

    robin.post("/access/end-sessions", data={"id": person_id})

    assert (status(imani), status(robin)) == (401, 200)


def test_the_address_is_the_one_that_our_own_proxy_names(deployment: Deployment) -> None:
    """U7: in development this machine may read the numbers. Behind a proxy of ours it is seen who does; others lie."""
    for url, expected in ((deployment.second_url, 404), (deployment.stack.app_url, 200)):
        forwarded = {"X-Forwarded-For": "203.0.113.9"}
        assert User(url).session.get(f"{url}/metrics", headers=forwarded, timeout=PATIENCE).status_code == expected
        assert status(User(url), "/metrics") == 200


def test_many_who_sign_in_at_once_get_their_own_sessions(deployment: Deployment) -> None:
    """Two processes, one database: nobody is somebody else."""
    subs = ["robin", "imani"] * 10

    def name_of(sub: str) -> str:
        foot = User(deployment.stack.app_url).sign_in(sub, "/apps/alc").text.partition('class="foot"')[2]
        return foot.partition("<bdi>")[2].partition("<")[0]

    with ThreadPoolExecutor(len(subs)) as pool:
        names = list(pool.map(name_of, subs))

    assert names == ["Robin Marsh", "Imani Castellanos"] * 10
