"""The token endpoint: codes and refresh tokens are spent once, whoever tries."""

import base64
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest
from werkzeug.test import TestResponse

from tests.unit.mock_alc.support import REDIRECT, VERIFIER, Alc, Person, authorize_url, basic


class Flow:
    """A client, its person, and the requests it makes."""

    def __init__(self, alc: Alc, **client: Any) -> None:
        self.alc = alc
        self.client = alc.client(**client)
        self.person = Person(alc.browser())

    def code(self, **changes: str) -> str:
        """Get a code by consent."""
        return self.person.code(authorize_url(self.client["client_id"], **changes))

    def redeem(self, code: str, **changes: str) -> TestResponse:
        """Redeem a code."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
        return self.post(form | changes)

    def refresh(self, token: str, **changes: str) -> TestResponse:
        """Spend a refresh token."""
        return self.post({"grant_type": "refresh_token", "refresh_token": token} | changes)

    def post(self, form: dict[str, str]) -> TestResponse:
        """Call the token endpoint as this client."""
        return self.alc.browser().post("/oauth/token", data=form, headers=basic(self.client))

    def tokens(self, **changes: str) -> Any:
        """Go the whole way."""
        return self.redeem(self.code(**changes)).get_json()

    def works(self, access_token: str) -> bool:
        """Tell whether the API accepts a token."""
        headers = {"Authorization": f"Bearer {access_token}"}
        return self.alc.http.get("/api/v1/leads", headers=headers).status_code == 200


@pytest.fixture
def flow(alc: Alc) -> Flow:
    """A confidential client."""
    return Flow(alc)


def test_a_code_gives_tokens_that_open_the_api(flow: Flow) -> None:
    """A14, A17: Bearer, an hour, the scope that was granted, whose account it is, never cached."""
    answer = flow.redeem(flow.code(scope="leads"))
    token = answer.get_json()
    assert token["username"] == flow.refresh(token["refresh_token"]).get_json()["username"] != ""
    assert (token["token_type"], token["expires_in"], token["scope"]) == ("Bearer", 3600, "leads")
    assert answer.headers["Cache-Control"] == "no-store"
    assert flow.works(token["access_token"])


@pytest.mark.parametrize("method", ["client_secret_post", "none"])
def test_other_ways_of_client_authentication_work_too(alc: Alc, method: str) -> None:
    """A1: the form, and public clients."""
    flow = Flow(alc, token_endpoint_auth_method=method)
    form = {
        "grant_type": "authorization_code",
        "code": flow.code(),
        "redirect_uri": REDIRECT,
        "code_verifier": VERIFIER,
    }
    answer = alc.http.post(
        "/oauth/token", data=form | {k: flow.client[k] for k in ("client_id", "client_secret") if k in flow.client}
    )
    assert answer.status_code == 200


@pytest.mark.parametrize("secret", ["a+b", "50%", "%41", "a:b c", "schlüssel", "plain-1"])
def test_credentials_in_basic_are_form_decoded(alc: Alc, secret: str) -> None:
    """A12, RFC 6749, 2.3.1: the id and the secret are encoded each, so a colon in them separates nothing."""
    flow = Flow(alc, client_id="app:1+", client_secret=secret)
    encoded = {name: quote_plus(flow.client[name]) for name in ("client_id", "client_secret")}
    form = {"grant_type": "authorization_code", "redirect_uri": REDIRECT, "code_verifier": VERIFIER}

    redeemed = alc.http.post("/oauth/token", data=form | {"code": flow.code()}, headers=basic(encoded))
    refresh = redeemed.get_json()["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": refresh}
    refreshed = alc.http.post("/oauth/token", data=form, headers=basic(encoded))
    revoked = alc.http.post("/oauth/revoke", data={"token": refresh}, headers=basic(encoded))

    assert [answer.status_code for answer in (redeemed, refreshed, revoked)] == [200, 200, 200]


def race(attempt: Callable[[], TestResponse], parallel: int = 8) -> list[int]:
    """Make the same request from several threads at once and return the statuses."""
    barrier = threading.Barrier(parallel)

    def run(_number: int) -> int:
        barrier.wait()
        return attempt().status_code

    with ThreadPoolExecutor(parallel) as pool:
        return sorted(pool.map(run, range(parallel)))


@pytest.mark.parametrize("in_memory", [True, False])
def test_of_eight_parallel_redemptions_one_wins(make_alc: Callable[..., Alc], tmp_path: Path, in_memory: bool) -> None:
    """A4: compare-and-set, in memory and in a file."""
    flow = Flow(make_alc(home=tmp_path, **({} if in_memory else {"database_url": ""})))
    code = flow.code()
    assert race(lambda: flow.redeem(code)) == [200] + [400] * 7


def test_of_eight_parallel_refreshes_one_wins(make_alc: Callable[..., Alc], tmp_path: Path) -> None:
    """A7: the others are a reuse."""
    flow = Flow(make_alc(home=tmp_path, database_url=""))
    refresh = flow.tokens()["refresh_token"]
    assert race(lambda: flow.refresh(refresh)) == [200] + [400] * 7


def test_a_code_used_twice_kills_what_it_gave(flow: Flow) -> None:
    """A5: reuse is theft until proven otherwise."""
    code = flow.code()
    token = flow.redeem(code).get_json()
    again = flow.redeem(code)
    assert (again.status_code, again.get_json()["error"]) == (400, "invalid_grant")
    assert not flow.works(token["access_token"])
    assert flow.refresh(token["refresh_token"]).get_json()["error"] == "invalid_grant"


def test_one_slip_is_forgiven_and_a_second_burns_the_code(flow: Flow) -> None:
    """A5: failed checks issue nothing."""
    forgiven, burnt = flow.code(), flow.code()
    assert flow.redeem(forgiven, code_verifier="x" * 43).get_json()["error"] == "invalid_grant"
    assert flow.redeem(forgiven).status_code == 200
    assert flow.redeem(burnt, code_verifier="x" * 43).status_code == 400
    assert flow.redeem(burnt, redirect_uri=REDIRECT + "/").get_json()["error"] == "invalid_grant"
    assert flow.redeem(burnt).status_code == 400


def test_a_code_dies_after_its_minute(flow: Flow) -> None:
    """A5: sixty seconds at most."""
    code = flow.code()
    flow.alc.clock.advance(60)
    assert flow.redeem(code).get_json()["error"] == "invalid_grant"


def test_another_clients_try_fails_and_harms_nobody(flow: Flow) -> None:
    """A6: the owner's tokens are untouched, before and after."""
    thief = Flow(flow.alc)
    code = flow.code()
    assert thief.redeem(code).get_json()["error"] == "invalid_grant"
    token = flow.redeem(code).get_json()
    assert thief.redeem(code).get_json()["error"] == "invalid_grant"
    assert thief.refresh(token["refresh_token"]).get_json()["error"] == "invalid_grant"
    assert flow.works(token["access_token"])
    assert flow.refresh(token["refresh_token"]).status_code == 200


def test_a_missing_verifier_is_refused(flow: Flow) -> None:
    """A6: PKCE is checked for confidential clients too."""
    assert flow.redeem(flow.code(), code_verifier="").status_code == 400


def test_refreshing_rotates_and_a_spent_token_kills_the_family(flow: Flow) -> None:
    """A7: the thief and the owner both lose, and the owner notices."""
    first = flow.tokens()
    second = flow.refresh(first["refresh_token"]).get_json()
    assert second["refresh_token"] != first["refresh_token"]
    assert flow.refresh(first["refresh_token"]).get_json()["error"] == "invalid_grant"
    assert not flow.works(second["access_token"])
    assert flow.refresh(second["refresh_token"]).status_code == 400


def test_within_the_grace_the_predecessor_still_gets_an_answer(make_alc: Callable[..., Alc]) -> None:
    """A8: for a lost answer; but only the immediate predecessor, and only for that long."""
    flow = Flow(make_alc(refresh_grace=10))
    first = flow.tokens()
    second = flow.refresh(first["refresh_token"]).get_json()
    flow.alc.clock.advance(9)
    third = flow.refresh(first["refresh_token"]).get_json()
    assert flow.works(second["access_token"]) and flow.works(third["access_token"])
    flow.refresh(third["refresh_token"])
    assert flow.refresh(first["refresh_token"]).get_json()["error"] == "invalid_grant"
    assert not flow.works(third["access_token"])


def test_after_the_grace_a_spent_token_is_an_alarm(make_alc: Callable[..., Alc]) -> None:
    """A8: ten seconds, not more."""
    flow = Flow(make_alc(refresh_grace=10))
    first = flow.tokens()
    second = flow.refresh(first["refresh_token"]).get_json()
    flow.alc.clock.advance(10)
    assert flow.refresh(first["refresh_token"]).status_code == 400
    assert not flow.works(second["access_token"])


def test_a_refresh_can_narrow_the_scope_but_not_widen_it(flow: Flow) -> None:
    """A9: and a refused wish costs nothing."""
    token = flow.tokens(scope="leads")
    assert flow.refresh(token["refresh_token"], scope="leads webhooks").get_json()["error"] == "invalid_scope"
    assert flow.refresh(token["refresh_token"], scope="leads").get_json()["scope"] == "leads"


def test_less_scope_for_an_access_token_is_not_less_for_the_refresh_token(flow: Flow) -> None:
    """A9, RFC 6749 6: the new refresh token has the scope of the old one, so the client can ask for all of it again."""
    narrow = flow.refresh(flow.tokens()["refresh_token"], scope="leads").get_json()
    assert narrow["scope"] == "leads"
    hooks = flow.alc.http.get("/api/v1/webhooks", headers={"Authorization": f"Bearer {narrow['access_token']}"})
    assert hooks.status_code == 403

    again = flow.refresh(narrow["refresh_token"], scope="leads").get_json()
    assert flow.refresh(again["refresh_token"]).get_json()["scope"] == "leads webhooks"


@pytest.mark.parametrize("scope", ["leads\twebhooks", "leads\N{NO-BREAK SPACE}webhooks", "leads\n"])
def test_only_spaces_separate_scopes(flow: Flow, scope: str) -> None:
    """A9, RFC 6749 3.3: what else looks like one would come back in the token response."""
    assert flow.refresh(flow.tokens()["refresh_token"], scope=scope).get_json()["error"] == "invalid_scope"


@pytest.mark.parametrize(
    "header",
    [
        "Basic " + base64.b64encode(b"app:wrong").decode(),
        "Basic " + base64.b64encode(b"app:").decode(),
        "Basic " + base64.b64encode("app:pässwörd".encode()).decode(),
        "Basic " + base64.b64encode("app:pässwörd".encode("latin-1")).decode(),
        "Basic " + base64.b64encode(b"no colon").decode(),
        "Basic " + base64.b64encode(b"nobody:x").decode(),
        "Basic !!!",
        "Basic",
        "Bearer abc",
        "Basic \xff\xfe",
    ],
)
def test_bad_basic_credentials_get_401_with_a_challenge(alc: Alc, header: str) -> None:
    """A12: never a 500, and one answer for unknown and wrong (A19)."""
    alc.client(client_id="app", client_secret="right")
    answer = alc.http.post("/oauth/token", data={"grant_type": "refresh_token"}, headers={"Authorization": header})
    assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_client")
    assert answer.headers["WWW-Authenticate"].startswith('Basic realm="ALC", error="invalid_client"')
    assert answer.get_json()["error_description"] == "The client is unknown, or its credentials are wrong."


@pytest.mark.parametrize("secret", ["wrong", "pässwörd", "\N{SNOWMAN}", "x" * 5000])
def test_bad_form_credentials_get_401(alc: Alc, secret: str) -> None:
    """A12: the same for the form."""
    alc.client(client_id="app", client_secret="right")
    form = {"grant_type": "refresh_token", "refresh_token": "x", "client_id": "app", "client_secret": secret}
    assert alc.http.post("/oauth/token", data=form).status_code == 401


def test_two_ways_of_authentication_at_once_are_refused(flow: Flow) -> None:
    """A12: RFC 6749 2.3."""
    form = {"grant_type": "refresh_token", "refresh_token": "x"}
    answer = flow.post(form | {k: flow.client[k] for k in ("client_id", "client_secret")})
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_request")


def test_a_client_that_registered_one_method_cannot_use_another(alc: Alc) -> None:
    """A16: what is registered is what is accepted. Who knows the secret is told which method to use."""
    flow = Flow(alc, token_endpoint_auth_method="client_secret_post")
    answer = flow.redeem(flow.code())
    assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_client")
    said = answer.get_json()["error_description"]
    assert "sent by client_secret_basic" in said and "must use client_secret_post" in said


@pytest.mark.parametrize("secret", ["a+b", "50%41", "a+b%"])
def test_a_secret_that_was_not_encoded_is_not_called_wrong(alc: Alc, secret: str) -> None:
    """RFC 6749 2.3.1: many clients leave the encoding out. Who knows the secret is told so, and nobody else (A19)."""
    client = alc.client(client_id="app", client_secret=secret)
    form = {"grant_type": "refresh_token", "refresh_token": "x"}
    answer = alc.http.post("/oauth/token", data=form, headers=basic(client))
    assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_client")
    assert "form-encoded" in answer.get_json()["error_description"]

    encoded = basic({"client_id": "app", "client_secret": quote_plus(secret)})
    assert alc.http.post("/oauth/token", data=form, headers=encoded).get_json()["error"] == "invalid_grant"
    guess = basic({"client_id": "app", "client_secret": f"{secret}+"})
    assert "form-encoded" not in alc.http.post("/oauth/token", data=form, headers=guess).text


def test_the_eleventh_wrong_secret_in_a_minute_must_wait(alc: Alc) -> None:
    """A19: per client and address."""
    alc.client(client_id="app", client_secret="right")
    wrong = basic({"client_id": "app", "client_secret": "guess"})
    answers = [alc.http.post("/oauth/token", data={"grant_type": "refresh_token"}, headers=wrong) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert int(answers[-1].headers["Retry-After"]) in range(1, 62)


def test_a_stranger_at_the_same_address_does_not_lock_the_client_out(flow: Flow) -> None:
    """A19: behind a proxy all have one address; the client has a code or a token that only it was given."""
    code, refresh = flow.code(), flow.tokens()["refresh_token"]
    wrong = basic({"client_id": flow.client["client_id"], "client_secret": "guess"})
    form = {"grant_type": "refresh_token", "refresh_token": "guessed"}
    strangers = [flow.alc.http.post("/oauth/token", data=form, headers=wrong).status_code for _ in range(12)]
    assert strangers == [401] * 10 + [429] * 2
    renewed = flow.refresh(refresh)
    assert renewed.status_code == flow.redeem(code).status_code == 200
    revoked = {"token": renewed.get_json()["refresh_token"]}
    assert flow.alc.http.post("/oauth/revoke", data=revoked, headers=basic(flow.client)).status_code == 200


def test_wrong_secrets_with_a_token_of_the_client_are_limited_too(flow: Flow) -> None:
    """A19: who has got hold of a token must not guess the secret without end; other clients' tokens do not help."""
    refresh, other = flow.tokens()["refresh_token"], Flow(flow.alc).tokens()["refresh_token"]
    wrong = basic({"client_id": flow.client["client_id"], "client_secret": "guess"})
    for token in (refresh, other):
        form = {"grant_type": "refresh_token", "refresh_token": token}
        answers = [flow.alc.http.post("/oauth/token", data=form, headers=wrong).status_code for _ in range(11)]
        assert answers == [401] * 10 + [429]
    assert flow.refresh("unknown").status_code == 429


def test_the_token_endpoint_takes_forms_only(flow: Flow) -> None:
    """A17: GET, JSON, query parameters and repeated parameters are refused; nothing is cached."""
    path, auth = "/oauth/token", basic(flow.client)
    code = flow.code()
    query = f"?grant_type=authorization_code&code={code}&redirect_uri={REDIRECT}&code_verifier={VERIFIER}"
    tries = [
        (405, flow.alc.http.get(path)),
        (400, flow.alc.http.post(path, json={"grant_type": "refresh_token"}, headers=auth)),
        (400, flow.alc.http.post(path + query, data={}, headers=auth)),
        (400, flow.post({"grant_type": ["refresh_token", "refresh_token"]})),  # twice on purpose
        (400, flow.post({"grant_type": 'pass\N{SNOWMAN}word"'})),
        (400, flow.post({})),
    ]
    for status, answer in tries:
        assert answer.status_code == status, answer.text
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.get_json()["error"]
    assert flow.redeem(code).status_code == 200


def test_an_expired_access_token_is_refused_as_invalid_token(flow: Flow) -> None:
    """A14: with the challenge that tells a client to refresh."""
    token = flow.tokens()["access_token"]
    flow.alc.clock.advance(3600)
    answer = flow.alc.http.get("/api/v1/leads", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_no_credential_is_readable_in_the_database(make_alc: Callable[..., Alc], tmp_path: Path) -> None:
    """A13: digests only, and the signing secret sealed."""
    flow = Flow(make_alc(home=tmp_path, database_url=""))
    code = flow.code()
    token = flow.redeem(code).get_json()
    auth = {"Authorization": f"Bearer {token['access_token']}"}
    secret = flow.alc.hook(auth, "http://127.0.0.1:9/")["secret"]
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("mock_alc.db*"))
    canaries = [code, token["access_token"], token["refresh_token"], flow.client["client_secret"], secret, "let-me-in"]
    assert [canary for canary in canaries if canary.encode() in stored] == []
    assert flow.client["client_id"].encode() in stored
