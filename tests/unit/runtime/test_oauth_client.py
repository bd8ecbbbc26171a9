"""The OAuth client against an ALC of `responses`: strict with metadata, with token answers and with revocation."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from urllib.parse import parse_qs

import pytest
import requests
import responses
from pydantic import SecretStr

from alc_app.config.settings import Config
from alc_app.runtime.http_client import Http
from alc_app.runtime.oauth_client import OAuthBadAnswer, OAuthClient, OAuthDenied, OAuthFailed, Tokens
from tests.unit.runtime.conftest import ALC, FRESH, METADATA, METADATA_BODY, REVOKE, TOKEN, posts

Ask = Callable[[OAuthClient], Tokens]
GRANTS: list[Ask] = [
    lambda client: client.exchange("code", "v" * 43),
    lambda client: client.refresh("old-refresh", client.token_endpoint()),
]


@pytest.fixture(params=GRANTS, ids=["exchange", "refresh"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Both ways to tokens are held to the same."""
    found: Ask = request.param
    return found


@pytest.fixture
def client(config: Config) -> OAuthClient:
    """Ours."""
    return OAuthClient(config, Http())


def test_a_code_is_redeemed_with_its_verifier_and_our_secret(client: OAuthClient, alc: responses.RequestsMock) -> None:
    """O1, RFC 7636: and the same redirect URI as before."""
    alc.post(TOKEN, json=FRESH)

    tokens = client.exchange("the-code", "the-verifier")

    sent = parse_qs(posts(alc, TOKEN)[0])
    assert (sent["grant_type"], sent["code"], sent["code_verifier"]) == (
        ["authorization_code"],
        ["the-code"],
        ["the-verifier"],
    )
    assert sent["redirect_uri"] == [client.redirect_uri]
    assert alc.calls[-1].request.headers["Authorization"].startswith("Basic ")
    assert (tokens.access_token, tokens.refresh_token) == ("new-access", "new-refresh")


def test_a_refresh_sends_the_refresh_token(client: OAuthClient, alc: responses.RequestsMock) -> None:
    """O12: with the client's secret, and without a scope of its own."""
    alc.post(TOKEN, json=FRESH)

    assert client.refresh("old-refresh", client.token_endpoint()).access_token == "new-access"
    sent = parse_qs(posts(alc, TOKEN)[0])
    assert (sent["grant_type"], sent["refresh_token"]) == (["refresh_token"], ["old-refresh"])
    assert "scope" not in sent


def test_without_rotation_the_old_refresh_token_stays(client: OAuthClient, alc: responses.RequestsMock) -> None:
    """RFC 6749, section 6: a new one is optional."""
    alc.post(TOKEN, json={name: value for name, value in FRESH.items() if name != "refresh_token"})

    assert client.refresh("old-refresh", client.token_endpoint()).refresh_token == "old-refresh"


@pytest.mark.parametrize(
    ("said", "shown"),
    [("ann@example.com", "ann@example.com"), (None, ""), (7, ""), ("a\nb", ""), ("\ud800", ""), ("x" * 321, "")],
)
def test_whose_account_it_is_is_known_if_alc_says_so(
    ask: Ask, client: OAuthClient, alc: responses.RequestsMock, said: object, shown: str
) -> None:
    """RFC 6749, section 5.1: what a token response has besides is the server's own; it is only shown."""
    alc.post(TOKEN, json=FRESH | {"username": said})

    assert ask(client).username == shown


@pytest.mark.parametrize("lifetime", ["0", "-5", "null", "true", "[]", '""', "1e9", "86401", "3600", "9" * 400])
def test_a_lifetime_is_clamped_or_the_answer_refused(
    client: OAuthClient, ask: Ask, alc: responses.RequestsMock, lifetime: str
) -> None:
    """O11: absent and strange is an hour, never "for ever"."""
    alc.post(TOKEN, body=f'{{"access_token": "a", "token_type": "bearer", "expires_in": {lifetime}}}')

    left = ask(client).expires_at - time.time()
    assert 3590 < left <= 86_400


@pytest.mark.parametrize(
    ("lifetime", "seconds"),
    [('"120"', 120), ('" 120 "', 120), ('"120.5"', 120), ('"1e2"', 100), ('"99999999"', 86_400), ("Infinity", 86_400)]
    + [(odd, 3600) for odd in ('"abc"', "NaN", '"NaN"', '"-5"', '"0"', '"0x10"', '"1_000"', "{}", '"١٢"', "false")],
)
def test_a_lifetime_may_be_a_number_as_text(
    client: OAuthClient, ask: Ask, alc: responses.RequestsMock, lifetime: str, seconds: float
) -> None:
    """O11: several servers send "3600". What is no number means the default, and the tokens are taken."""
    alc.post(TOKEN, body=f'{{"access_token": "a", "token_type": "Bearer", "expires_in": {lifetime}}}')

    assert ask(client).expires_at - time.time() == pytest.approx(seconds, abs=5)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "null",
        '"x"',
        "<html>",
        "[" * 100_000,
        "{}",
        '{"access_token": "a"}',
        '{"access_token": "a", "token_type": "mac"}',
        '{"access_token": "a", "token_type": 7}',
        '{"access_token": "", "token_type": "Bearer"}',
        '{"access_token": 7, "token_type": "Bearer"}',
        '{"access_token": ["a"], "token_type": "Bearer"}',
        '{"access_token": "a", "token_type": "Bearer", "refresh_token": 7}',
    ],
    ids=lambda body: body[:40],
)
def test_an_answer_that_is_no_token_response_is_a_passing_failure(
    client: OAuthClient, ask: Ask, alc: responses.RequestsMock, body: str
) -> None:
    """O11, O14: it says nothing about the grant, and ALC did answer."""
    alc.post(TOKEN, body=body)

    with pytest.raises(OAuthBadAnswer, match=r"answer|response") as raised:
        ask(client)
    assert "reached" not in raised.value.message


@pytest.mark.parametrize("status", [201, 301, 307, 403, 404, 429, 500, 503])
def test_only_200_carries_tokens(client: OAuthClient, ask: Ask, alc: responses.RequestsMock, status: int) -> None:
    """O8: a redirect is not followed, and tokens in it are not taken."""
    alc.post(TOKEN, json=FRESH, status=status, headers={"Location": "https://evil.test/token"})

    with pytest.raises(OAuthFailed) as raised:
        ask(client)
    assert not isinstance(raised.value, OAuthDenied)
    assert [call.request.url for call in alc.calls] == [METADATA, TOKEN]


@pytest.mark.parametrize("status", [400, 401])
def test_a_refusal_is_final(client: OAuthClient, ask: Ask, alc: responses.RequestsMock, status: int) -> None:
    """O14: RFC 6749, section 5.2."""
    alc.post(TOKEN, json={"error": "invalid_grant", "error_description": "canary"}, status=status)

    with pytest.raises(OAuthDenied) as raised:
        ask(client)
    assert "canary" not in raised.value.message


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("temporarily_unavailable", "temporarily_unavailable"),
        ("server_error", "server_error"),
        ("invalid_request", "invalid_request"),
        ("unauthorized_client", "unauthorized_client"),
        ("invalid_client", "Check ALC_CLIENT_ID and ALC_CLIENT_SECRET"),
        ("<b>odd</b>", "ALC gave no tokens."),
    ],
)
@pytest.mark.parametrize("status", [400, 401])
def test_an_error_that_is_not_about_the_grant_may_pass(
    client: OAuthClient, ask: Ask, alc: responses.RequestsMock, status: int, code: str, shown: str
) -> None:
    """O14: only `invalid_grant` ends a connection; the others name what is wrong, and never quote markup."""
    alc.post(TOKEN, json={"error": code, "error_description": "canary"}, status=status)

    with pytest.raises(OAuthBadAnswer) as raised:
        ask(client)
    assert shown in raised.value.message
    assert "canary" not in raised.value.message
    assert "<" not in raised.value.message


@pytest.mark.parametrize("status", [429, 503])
def test_slow_down_is_not_a_refusal(client: OAuthClient, ask: Ask, alc: responses.RequestsMock, status: int) -> None:
    """A19: a limit must not cost the connection."""
    alc.post(TOKEN, json={"error": "temporarily_unavailable"}, status=status)

    with pytest.raises(OAuthFailed) as raised:
        ask(client)
    assert not isinstance(raised.value, OAuthDenied)


@pytest.mark.parametrize("error", [requests.ConnectionError("gone"), requests.ReadTimeout("late")])
def test_no_answer_is_a_passing_failure(
    client: OAuthClient, ask: Ask, alc: responses.RequestsMock, error: Exception
) -> None:
    """O14: and nothing is sent a second time by itself."""
    alc.post(TOKEN, body=error)

    with pytest.raises(OAuthFailed) as raised:
        ask(client)
    assert type(raised.value) is OAuthFailed
    assert len(posts(alc, TOKEN)) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"issuer": "https://evil.test"},
        {"issuer": f"{ALC}/"},
        {"issuer": None},
        {"token_endpoint": "https://evil.test/oauth/token"},
        {"token_endpoint": f"http://{ALC.removeprefix('https://')}/oauth/token"},
        {"token_endpoint": f"{ALC}:444/oauth/token"},
        {"token_endpoint": "https://alc.test@evil.test/"},
        {"token_endpoint": "/oauth/token"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": None},
        {"revocation_endpoint": ["x"]},
    ],
)
def test_metadata_of_somebody_else_is_refused(config: Config, changed: dict[str, object]) -> None:
    """O7: the issuer is ours, and so is the origin of each endpoint."""
    with responses.RequestsMock() as alc:
        alc.get(METADATA, json={**METADATA_BODY, **changed})

        with pytest.raises(OAuthFailed):
            OAuthClient(config, Http()).authorization_url(state="s", verifier="v" * 43)


@pytest.mark.parametrize("body", ["", "[]", "null", "[" * 100_000, "<html>"])
def test_metadata_that_cannot_be_read_is_refused(config: Config, body: str) -> None:
    """O7: with a sentence, not an error of a parser."""
    with responses.RequestsMock() as alc:
        alc.get(METADATA, body=body)

        with pytest.raises(OAuthFailed):
            OAuthClient(config, Http()).metadata()


def test_metadata_is_asked_for_once_and_a_bad_answer_does_not_evict_a_good_one(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """O7: a bounded cache."""
    client = OAuthClient(config, Http())
    with responses.RequestsMock() as alc:
        alc.get(METADATA, json=METADATA_BODY)
        alc.get(METADATA, json={**METADATA_BODY, "issuer": "https://evil.test"})
        assert client.metadata() == client.metadata() == METADATA_BODY
        assert len(alc.calls) == 1

        monkeypatch.setattr("alc_app.runtime.oauth_client.METADATA_MAX_AGE", -1.0)
        assert client.metadata() == METADATA_BODY
        assert len(alc.calls) == 2


def test_a_token_is_revoked_with_its_hint(client: OAuthClient, alc: responses.RequestsMock) -> None:
    """O20, RFC 7009: with our secret; an unknown token is a 200 too."""
    alc.post(REVOKE, body="")

    client.revoke("the-token", "refresh_token")

    assert parse_qs(posts(alc, REVOKE)[0]) == {"token": ["the-token"], "token_type_hint": ["refresh_token"]}
    assert alc.calls[-1].request.headers["Authorization"].startswith("Basic ")


@pytest.mark.parametrize("answer", [503, 401, 302, requests.ConnectionError("gone")])
def test_a_revocation_that_failed_is_raised(
    client: OAuthClient, alc: responses.RequestsMock, answer: int | Exception
) -> None:
    """O20: it is tried again later."""
    alc.post(REVOKE, **({"status": answer} if isinstance(answer, int) else {"body": answer}))

    with pytest.raises(OAuthFailed):
        client.revoke("the-token", "access_token")


@pytest.mark.parametrize(
    ("secret", "encoded"),
    [("a+b", "a%2Bb"), ("50%", "50%25"), ("a:b c", "a%3Ab+c"), ("schlüssel", "schl%C3%BCssel"), ("plain-1", "plain-1")],
)
def test_our_credentials_are_form_encoded_in_basic(
    config: Config, alc: responses.RequestsMock, secret: str, encoded: str
) -> None:
    """RFC 6749, 2.3.1: the id and the secret, for a code, a refresh and a revocation."""
    ours = config.model_copy(update={"alc_client_id": "app:1", "alc_client_secret": SecretStr(secret)})
    client = OAuthClient(ours, Http())
    alc.post(TOKEN, json=FRESH)
    alc.post(REVOKE, body="")

    client.exchange("code", "v" * 43)
    client.refresh("old-refresh", client.token_endpoint())
    client.revoke("token", "access_token")

    sent = [call.request.headers["Authorization"] for call in alc.calls if call.request.method == "POST"]
    assert sent == ["Basic " + base64.b64encode(f"app%3A1:{encoded}".encode()).decode()] * 3
