"""The OpenID Connect client against a provider that is honest, and against all the ways in which it can be false."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses
from joserfc.jwk import RSAKey

from alc_app.config.settings import Config
from alc_app.runtime.http_client import Http
from alc_app.runtime.oauth_client import OAuthBadAnswer, OAuthBusy, OAuthFailed, new_verifier
from alc_app.runtime.sign_in.oidc import MAX_AGE, OpenIdProvider, SignedIn
from tests.support.fakes import provider as false
from tests.support.fakes.provider import ISSUER, Claims, FalseProvider
from tests.support.sign_in import SIGN_IN

BASE_URL = "http://127.0.0.1:8000"
SignIn = Callable[..., SignedIn]


@pytest.fixture(scope="module")
def one_provider() -> FalseProvider:
    """One key for all tests: making one takes a while."""
    return FalseProvider(BASE_URL)


@pytest.fixture
def provider(one_provider: FalseProvider) -> Iterator[FalseProvider]:
    """The provider, honest, reached through the client of the app."""
    one_provider.tamper, one_provider.sign, one_provider.configuration = lambda claims: None, false.honestly, {}
    one_provider.keys = one_provider.keys[:1]
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        one_provider.answer_in(mock)
        yield one_provider


@pytest.fixture
def client(provider: FalseProvider) -> OpenIdProvider:
    """The app's client."""
    return OpenIdProvider(Config.from_env(**SIGN_IN), Http())


@pytest.fixture
def sign_in(provider: FalseProvider, client: OpenIdProvider) -> SignIn:
    """Sign in as Robin; returns what the client makes of it."""

    def go(verifier: str = "") -> SignedIn:
        verifier = verifier or new_verifier()
        back = provider.choose(client.authorization_url(state="state", verifier=verifier), "robin")
        return client.redeem(parse_qs(urlsplit(back).query)["code"][0], verifier)

    return go


def test_an_honest_provider_says_who_it_is(sign_in: SignIn) -> None:
    """Code with S256, nonce, id token: by any provider with discovery."""
    found = sign_in()

    assert {name: found.claims[name] for name in ("sub", "name", "email", "email_verified", "groups")} == {
        "sub": "robin",
        "name": "Robin Marsh",
        "email": "robin@example.com",
        "email_verified": True,
        "groups": ["alc-admins"],
    }


def test_the_browser_is_sent_with_a_challenge_a_state_and_a_nonce(
    provider: FalseProvider, client: OpenIdProvider
) -> None:
    """O1: two sign-ins share none of them, and no secret is in the address."""
    one, two = (
        parse_qs(urlsplit(client.authorization_url(state=state, verifier=new_verifier())).query)
        for state in ("one", "two")
    )

    assert (one["code_challenge_method"], one["scope"]) == (["S256"], ["openid email profile"])
    assert one["redirect_uri"] == [f"{BASE_URL}/sign-in/callback"]
    assert not [name for name in ("state", "nonce", "code_challenge") if one[name] == two[name]]
    assert "secret" not in str(one)


CLAIMS: dict[str, Callable[[Claims], object]] = {
    "another issuer": lambda claims: claims.update(iss="https://evil.example.com"),
    "an issuer with a slash": lambda claims: claims.update(iss=f"{ISSUER}/"),
    "no issuer": lambda claims: claims.pop("iss"),
    "for another client": lambda claims: claims.update(aud="another"),
    "for nobody": lambda claims: claims.pop("aud"),
    "for several, and issued to none": lambda claims: claims.update(aud=["alc-app", "another"]),
    "for several, and issued to another": lambda claims: claims.update(aud=["alc-app", "another"], azp="another"),
    "issued to another": lambda claims: claims.update(azp="another"),
    "the nonce of another sign-in": lambda claims: claims.update(nonce="0" * 64),
    "no nonce": lambda claims: claims.pop("nonce"),
    "expired": lambda claims: claims.update(exp=time.time() - 120),
    "no expiry": lambda claims: claims.pop("exp"),
    "an expiry that is no number": lambda claims: claims.update(exp="tomorrow"),
    "issued tomorrow": lambda claims: claims.update(iat=time.time() + 86_400),
    "no time of issue": lambda claims: claims.pop("iat"),
    "about nobody": lambda claims: claims.pop("sub"),
    "about an empty subject": lambda claims: claims.update(sub=""),
    "about a list": lambda claims: claims.update(sub=["robin"]),
    "for another access token": lambda claims: claims.update(at_hash="AAAAAAAAAAAAAAAAAAAAAA"),
}


@pytest.mark.parametrize("what", CLAIMS)
def test_an_id_token_with_a_false_claim_signs_nobody_in(provider: FalseProvider, sign_in: SignIn, what: str) -> None:
    """U4: OpenID Connect Core 3.1.3.7, each check by itself; the signature is right."""
    provider.tamper = CLAIMS[what]

    with pytest.raises(OAuthBadAnswer, match="The id token is not valid"):
        sign_in()


@pytest.mark.parametrize(
    "sign",
    [
        false.without_a_signature,
        false.with_the_public_key_as_a_secret,
        false.with_another_key,
        false.with_a_key_that_is_not_published,
        false.with_a_changed_claim,
    ],
)
def test_an_id_token_with_a_false_signature_signs_nobody_in(
    provider: FalseProvider, sign_in: SignIn, sign: Callable[[Claims, FalseProvider], str]
) -> None:
    """U4: whatever the configuration offers, only the provider's own keys count."""
    provider.sign = sign
    provider.configuration = {"id_token_signing_alg_values_supported": ["none", "HS256", "RS256"]}

    with pytest.raises(OAuthBadAnswer, match="The id token is not valid"):
        sign_in()


@pytest.mark.parametrize("value", ["", "a", "a.b", "a.b.c", "é.é.é", "." * 1000, "eyJhbGciOiJSUzI1NiJ9.bnVsbA.AA"])
def test_what_is_no_token_signs_nobody_in(provider: FalseProvider, sign_in: SignIn, value: str) -> None:
    """It is an answer that is not understood, and no crash."""
    provider.sign = lambda _claims, _provider: value

    with pytest.raises(OAuthBadAnswer):
        sign_in()


def test_several_audiences_are_fine_if_the_token_was_issued_to_us(provider: FalseProvider, sign_in: SignIn) -> None:
    """OpenID Connect Core 2: `azp` says to whom."""
    provider.tamper = lambda claims: claims.update(aud=["alc-app", "another"], azp="alc-app")

    assert sign_in().claims["sub"] == "robin"


def test_keys_may_be_rotated_between_two_sign_ins(provider: FalseProvider, sign_in: SignIn) -> None:
    """The client knows the old keys, meets a new one, and looks again."""
    sign_in()
    provider.keys = [provider.keys[0], RSAKey.generate_key(2048, auto_kid=True)]
    assert sign_in().claims["sub"] == "robin"

    provider.keys = [RSAKey.generate_key(2048, {"kid": provider.keys[1].kid})]
    assert sign_in().claims["sub"] == "robin", "a new key under an old name"


LIES: dict[str, dict[str, Any]] = {
    "another issuer": {"issuer": "https://evil.example.com"},
    "no issuer": {"issuer": None},
    "a token endpoint by plain http": {"token_endpoint": "http://login.example.com/token"},
    "keys by plain http": {"jwks_uri": "http://login.example.com/jwks"},
    "no keys": {"jwks_uri": None},
    "a token endpoint on our own machine": {"token_endpoint": "http://127.0.0.1:8001/token"},
    "a script for a page": {"authorization_endpoint": "javascript:alert(1)"},
    "a sign-out page by plain http": {"end_session_endpoint": "http://login.example.com/sign-out"},
    "userinfo in a file": {"userinfo_endpoint": "file:///etc/passwd"},
}


@pytest.mark.parametrize("what", LIES)
def test_a_configuration_that_lies_is_refused(provider: FalseProvider, sign_in: SignIn, what: str) -> None:
    """O7: before the browser is sent anywhere."""
    provider.configuration = LIES[what]

    with pytest.raises(OAuthBadAnswer):
        sign_in()


def test_a_configuration_is_kept_for_a_while_and_for_as_long_as_there_is_no_other(
    client: OpenIdProvider, provider: FalseProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """O7: a bad one does not replace a good one."""
    client.authorization_url(state="state", verifier=new_verifier())
    provider.configuration = LIES["another issuer"]
    monkeypatch.setattr("alc_app.runtime.sign_in.oidc.MAX_AGE", -MAX_AGE)

    assert client.authorization_url(state="state", verifier=new_verifier()).startswith(f"{ISSUER}/authorize?")


def test_a_provider_that_is_away_is_told_as_that() -> None:
    """Nobody is signed in, and the page says to try again."""
    with responses.RequestsMock() as mock:
        mock.get(f"{ISSUER}/.well-known/openid-configuration", body=requests.ConnectionError("refused"))
        client = OpenIdProvider(Config.from_env(**SIGN_IN), Http())
        with pytest.raises(OAuthFailed, match="cannot be reached"):
            client.authorization_url(state="state", verifier=new_verifier())


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_the_secret_is_sent_as_the_provider_wants_it(provider: FalseProvider, sign_in: SignIn, method: str) -> None:
    """In a header, or in the body."""
    provider.configuration = {"token_endpoint_auth_methods_supported": [method]}

    assert sign_in().claims["sub"] == "robin"


def test_an_address_that_is_not_in_the_token_is_asked_for(provider: FalseProvider, sign_in: SignIn) -> None:
    """OpenID Connect Core 5.4: a provider may tell the claims of a scope at its userinfo only."""
    provider.tamper = lambda claims: (claims.pop("email"), claims.pop("email_verified"))
    provider.configuration = {"userinfo_endpoint": f"{ISSUER}/userinfo"}
    provider.userinfo = {"sub": "robin", "email": "robin@example.com", "email_verified": True}

    assert sign_in().claims["email"] == "robin@example.com"
    provider.userinfo["sub"] = "imani"
    with pytest.raises(OAuthBadAnswer, match="about another person"):
        sign_in()


def test_an_address_is_verified_only_by_whoever_tells_it(provider: FalseProvider, sign_in: SignIn) -> None:
    """OpenID Connect Core 5.1: `email_verified` is about the `email` beside it, not about another one."""
    provider.tamper = lambda claims: claims.pop("email")
    provider.configuration = {"userinfo_endpoint": f"{ISSUER}/userinfo"}
    for told in ({"email_verified": False}, {}):
        provider.userinfo = {"sub": "robin", "email": "robin@example.com", **told}
        assert not sign_in().claims.get("email_verified")


NOT_JSON = {
    "deep": b"[" * 100_000,
    "long": b'{"id_token": ' + b"9" * 6000 + b"}",
    "a page": b"<html>",
    "no text": b"\xff",
}


@pytest.mark.parametrize("what", NOT_JSON)
def test_a_token_response_that_is_no_json_signs_nobody_in(client: OpenIdProvider, what: str) -> None:
    """It is an answer that is not understood, and no crash."""
    client.authorization_url(state="state", verifier=new_verifier())
    with responses.RequestsMock() as mock:
        mock.post(f"{ISSUER}/token", body=NOT_JSON[what])
        with pytest.raises(OAuthBadAnswer, match="not JSON"):
            client.redeem("code", new_verifier())


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_provider_that_is_away_has_not_sent_a_wrong_answer(client: OpenIdProvider, status: int) -> None:
    """The person reads to try again, and not to see the log."""
    with responses.RequestsMock() as mock:
        mock.get(f"{ISSUER}/.well-known/openid-configuration", body="<html>", status=status)
        with pytest.raises(OAuthBusy, match="The sign-in provider"):
            client.authorization_url(state="state", verifier=new_verifier())

    client.authorization_url(state="state", verifier=new_verifier())
    with responses.RequestsMock() as mock:
        mock.post(f"{ISSUER}/token", body="<html>", status=status)
        with pytest.raises(OAuthBusy, match="The sign-in provider"):
            client.redeem("code", new_verifier())


def test_signing_out_at_the_provider_leads_back(client: OpenIdProvider, sign_in: SignIn) -> None:
    """OpenID Connect RP-Initiated Logout 1.0: with the id token, and to an address that is registered."""
    parts = urlsplit(client.sign_out_url(sign_in().id_token))

    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{ISSUER}/sign-out"
    assert parse_qs(parts.query)["post_logout_redirect_uri"] == [f"{BASE_URL}/signed-out"]
    assert client.sign_out_url("") == ""
