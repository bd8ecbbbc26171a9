"""Metadata and revocation, and the tables under them."""

from collections.abc import Callable

import pytest
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin
from sqlalchemy import text

from mock_alc.oauth.clients import UnusableRedirectUri, check_redirect_uri
from mock_alc.oauth.tables import AuthorizationCode, Client
from tests.unit.mock_alc.support import ISSUER, Alc, basic


def test_metadata_says_exactly_what_the_server_does(alc: Alc) -> None:
    """A16: S256 only, code only, `iss` promised, and the issuer is configured."""
    answer = alc.http.get("/.well-known/oauth-authorization-server", headers={"Host": "localhost:1"})
    said = answer.get_json()
    assert said["issuer"] == ISSUER
    assert said["token_endpoint"] == f"{ISSUER}/oauth/token"
    assert said["code_challenge_methods_supported"] == ["S256"]
    assert said["response_types_supported"] == ["code"]
    assert said["authorization_response_iss_parameter_supported"] is True


def revoke(alc: Alc, client: dict[str, str], token: str, **extra: str) -> int:
    """Call the revocation endpoint and return the status."""
    return alc.http.post("/oauth/revoke", data={"token": token} | extra, headers=basic(client)).status_code


def works(alc: Alc, tokens: dict[str, str]) -> bool:
    """Tell whether the API accepts the access token."""
    return (
        alc.http.get("/api/v1/leads", headers={"Authorization": f"Bearer {tokens['access_token']}"}).status_code == 200
    )


def test_revoking_a_refresh_token_kills_its_access_tokens(alc: Alc) -> None:
    """A15: with any hint, and twice is fine."""
    client = alc.client()
    tokens = alc.http.post("/_mock/tokens", json={"client_id": client["client_id"]}).get_json()
    assert revoke(alc, client, tokens["refresh_token"], token_type_hint="something-else") == 200
    assert not works(alc, tokens)
    assert revoke(alc, client, tokens["refresh_token"]) == 200


def test_revoking_an_access_token_leaves_the_refresh_token(alc: Alc) -> None:
    """A15: RFC 7009 leaves this to the server; documented here."""
    client = alc.client()
    tokens = alc.http.post("/_mock/tokens", json={"client_id": client["client_id"]}).get_json()
    assert revoke(alc, client, tokens["access_token"]) == 200
    assert not works(alc, tokens)
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert alc.http.post("/oauth/token", data=form, headers=basic(client)).status_code == 200


def test_revocation_is_for_the_owner_only(alc: Alc) -> None:
    """A15: unknown is a success, another client's stays alive, strangers are refused."""
    owner, other = alc.client(), alc.client()
    tokens = alc.http.post("/_mock/tokens", json={"client_id": owner["client_id"]}).get_json()
    assert revoke(alc, owner, "unknown") == 200
    revoke(alc, other, tokens["refresh_token"])
    assert works(alc, tokens)
    assert alc.http.post("/oauth/revoke", data={"token": tokens["refresh_token"]}).status_code == 401
    assert alc.http.post("/oauth/revoke", data={}, headers=basic(owner)).status_code == 400


def test_the_tables_are_our_own_and_implement_authlibs_mixins() -> None:
    """A22: explicit columns keep the values that their constructors are given."""
    for table, mixin in ((Client, ClientMixin), (AuthorizationCode, AuthorizationCodeMixin)):
        assert issubclass(table, mixin)
    client = Client(
        client_id="a", name="A", redirect_uris=["https://a.example/cb"], auth_methods=["none"], scope="leads"
    )
    assert client.redirect_uris == ["https://a.example/cb"]


@pytest.mark.parametrize(
    "uri",
    ["", "/cb", "https:///cb", "https://a.example/cb#x", "https://u@a.example/", "javascript:alert(1)",
     "https://a.example/?state=1", "https://a.example/?iss=1", "https://a.example/?code=", "https://ä.example/"],
)  # fmt: skip
def test_a_redirect_uri_that_could_confuse_cannot_be_registered(alc: Alc, uri: str) -> None:
    """A3: no fragment, and none of OAuth's own answers."""
    with pytest.raises(UnusableRedirectUri):
        check_redirect_uri(uri)
    assert alc.http.post("/_mock/clients", json={"redirect_uris": [uri]}).status_code == 422


def test_a_database_that_refuses_is_told_in_the_words_of_oauth(make_alc: Callable[..., Alc]) -> None:
    """C14's rule, RFC 6749 5.2: `error` is a text there, and 503 is no mistake of the client."""
    alc = make_alc()
    client = alc.client()
    with alc.services.database.write() as session:
        session.execute(text("ALTER TABLE oauth_token RENAME TO hidden"))
    for path in ("token", "revoke"):
        form = {"grant_type": "refresh_token", "refresh_token": "x", "token": "x"}
        answer = alc.http.post(f"/oauth/{path}", data=form, headers=basic(client))
        assert (answer.status_code, answer.get_json()["error"]) == (503, "temporarily_unavailable")
        assert answer.headers["Retry-After"] == "1"


def test_a_fault_of_the_server_is_not_an_invalid_request(alc: Alc, monkeypatch: pytest.MonkeyPatch) -> None:
    """U9: a client that reads `invalid_request` does not try again."""
    monkeypatch.setattr("mock_alc.oauth.endpoints._check_form", lambda: 1 // 0)
    answer = alc.http.post("/oauth/token", data={"grant_type": "refresh_token"})
    assert (answer.status_code, answer.get_json()["error"]) == (500, "server_error")
