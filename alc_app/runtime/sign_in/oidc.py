"""The OpenID Connect client: any provider with discovery signs people in (OpenID Connect Core 3.1, RFC 7636, 9207).

Authlib makes the requests and checks the claims, joserfc the signature. `OAuthFlows` keeps state and verifier between
the redirect and the callback, as for the connection to ALC. This module stores nothing.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import requests

from alc_app.attio.host.errors import FetchError
from alc_app.config.settings import Config
from alc_app.config.sign_in import is_safe_url
from alc_app.runtime.http_client import Http
from alc_app.runtime.oauth_client import OAuthBadAnswer, OAuthFailed, new_oauth_session, raise_if_busy

SCOPE = "openid email profile"
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
"""Signatures by a key that only the provider has. Never `none`, and no HMAC: its key would be one that is published."""
CLOCK_LEEWAY = 60
MAX_AGE = 300.0
"""Seconds for which the provider's configuration and keys are cached. A key that is not among them is looked up."""
UNREACHABLE = "The sign-in provider cannot be reached. Try again in a minute."
PROVIDER = "The sign-in provider"
BAD_ANSWER = "The sign-in provider sent an invalid answer, so you are not signed in. See the log for details."
Json = Mapping[str, Any]


@dataclass(frozen=True)
class SignedIn:
    """Who has signed in: the claims of the provider, and the id token, which it wants back at the sign-out."""

    claims: Json
    id_token: str


class OpenIdProvider:
    """Our client at the provider of the settings."""

    name, start_over = "The sign-in provider", "Sign in again."

    def __init__(self, config: Config, http: Http, now: Callable[[], float] = time.time) -> None:
        """Take the issuer and our credentials from `config`; `now` returns seconds since 1970."""
        self._config, self._http, self._now = config, http, now
        self.issuer = config.oidc_issuer
        self._cache: dict[str, tuple[float, Json]] = {}

    def authorization_url(self, *, state: str, verifier: str) -> str:
        """Return the URL to send the browser to. Raises: OAuthFailed."""
        session = self._session()
        endpoint = self._metadata()["authorization_endpoint"]
        url, _ = session.create_authorization_url(endpoint, state=state, code_verifier=verifier, nonce=_nonce(verifier))
        return str(url)

    def names_itself(self) -> bool:
        """Tell whether each callback must have an `iss` (RFC 9207). Raises: OAuthFailed."""
        return self._metadata().get("authorization_response_iss_parameter_supported") is True

    def redeem(self, code: str, verifier: str) -> SignedIn:
        """Exchange the code for an id token, check it, and return who it is. Raises: OAuthFailed."""
        answer = self._tokens(code, verifier)
        claims = self._check(answer["id_token"], _nonce(verifier), answer.get("access_token"))
        if "email" not in claims and "userinfo_endpoint" in self._metadata():
            claims.pop("email_verified", None)  # of no address: userinfo says whether its own is verified
            claims = {**self._userinfo(str(answer.get("access_token")), claims["sub"]), **claims}
        return SignedIn(claims, answer["id_token"])

    def sign_out_url(self, id_token: str) -> str:
        """Return where the person signs out at the provider too; empty if it has no such page, or does not answer."""
        try:
            endpoint = self._metadata().get("end_session_endpoint")
        except OAuthFailed:
            return ""
        if not endpoint or not id_token:
            return ""
        query = {
            "id_token_hint": id_token,
            "client_id": self._config.oidc_client_id,
            "post_logout_redirect_uri": f"{self._config.base_url}/signed-out",
        }
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"

    def _metadata(self) -> Json:
        """Return the provider's configuration, checked (OpenID Connect Discovery 4.3). Raises: OAuthFailed."""
        return self._cached(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration", self._check_metadata)

    def _check_metadata(self, found: Json) -> None:
        if found.get("issuer") != self.issuer:
            raise OAuthBadAnswer(f"The provider calls itself {found.get('issuer')!r}, not {self.issuer!r}.")
        needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        given = [name for name in ("userinfo_endpoint", "end_session_endpoint") if name in found]
        for name in (*needed, *given):
            url = found.get(name)
            if not is_safe_url(url) or (self.issuer.startswith("https:") and not str(url).startswith("https:")):
                raise OAuthBadAnswer(f"The provider's {name} is not an https address.")

    def _cached(self, url: str, check: Callable[[Json], object], *, fresh: bool = False) -> Json:
        """Return the JSON object at `url`, checked. If it cannot be fetched again, the old copy is used."""
        fetched_at, known = self._cache.get(url, (float("-inf"), {}))
        if known and not fresh and time.monotonic() - fetched_at < MAX_AGE:
            return known
        try:
            found = self._get(url)
            check(found)
        except OAuthFailed:
            if not known or fresh:
                raise
            found = known
        self._cache[url] = (time.monotonic(), found)
        return found

    def _get(self, url: str, **headers: str) -> Json:
        try:
            response = self._http.request("GET", url, headers={"Accept": "application/json", **headers})
            found = response.json() if response.ok else None
        except FetchError as error:
            raise OAuthFailed(UNREACHABLE).because(error) from error
        except ValueError as error:
            raise OAuthBadAnswer(f"{url} is not JSON.").because(error) from error
        if not isinstance(found, dict):
            raise_if_busy(PROVIDER, response.status)
            raise OAuthBadAnswer(f"{url} answered with status {response.status} and no JSON object.")
        return found

    def _session(self) -> Any:
        methods = self._metadata().get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        secret = self._config.oidc_client_secret.get_secret_value()
        return new_oauth_session(
            self._config.oidc_client_id,
            secret,
            redirect_uri=f"{self._config.base_url}/sign-in/callback",
            scope=SCOPE,
            basic="client_secret_basic" in methods,
        )

    def _tokens(self, code: str, verifier: str) -> dict[str, Any]:
        try:
            response = self._session().fetch_token(
                self._metadata()["token_endpoint"], grant_type="authorization_code", code=code, code_verifier=verifier
            )
        except requests.RequestException as error:
            raise OAuthFailed(UNREACHABLE).because(error) from error
        raise_if_busy(PROVIDER, response.status_code)
        try:
            found = response.json()
        except (ValueError, RecursionError) as error:  # also a number of too many digits, or too many brackets
            raise OAuthBadAnswer("The token response is not JSON.").because(error) from error
        if response.status_code != 200 or not isinstance(found, dict) or not isinstance(found.get("id_token"), str):
            raise OAuthBadAnswer(f"The token response has status {response.status_code}, or no id token.")
        return found

    def _check(self, id_token: str, nonce: str, access_token: object) -> dict[str, Any]:
        """Check an id token (OpenID Connect Core 3.1.3.7) and return its claims. Raises: OAuthFailed."""
        from authlib.oidc.core import CodeIDToken  # late: only a process that signs people in needs them
        from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError

        client_id = self._config.oidc_client_id
        expected = {name: {"essential": True, "value": value} for name, value in _expected(self.issuer, client_id)}
        try:
            try:
                token = self._decode(id_token, fresh=False)
            except (InvalidKeyIdError, BadSignatureError):  # the provider may have rotated its keys
                token = self._decode(id_token, fresh=True)
            params = {"nonce": nonce, "client_id": client_id, "access_token": access_token}
            claims = CodeIDToken(token.claims, token.header, expected, params)
            claims.validate(now=int(self._now()), leeway=CLOCK_LEEWAY)
        except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise OAuthBadAnswer(f"The id token is not valid: {error}").because(error) from error
        return dict(claims)

    def _decode(self, id_token: str, *, fresh: bool) -> Any:
        from joserfc import jwt
        from joserfc.jwk import KeySet

        read: Any = KeySet.import_key_set
        keys = read(self._cached(self._metadata()["jwks_uri"], read, fresh=fresh))
        offered = self._metadata().get("id_token_signing_alg_values_supported") or ["RS256"]
        return jwt.decode(id_token, keys, [one for one in ALGORITHMS if one in offered])

    def _userinfo(self, access_token: str, subject: str) -> Json:
        """Return what the provider tells about the person beside the id token. Raises: OAuthFailed."""
        found = self._get(self._metadata()["userinfo_endpoint"], Authorization=f"Bearer {access_token}")
        if found.get("sub") != subject:
            raise OAuthBadAnswer("The provider's userinfo is about another person.")
        return found


def _expected(issuer: str, client_id: str) -> tuple[tuple[str, str | None], ...]:
    return (("iss", issuer), ("aud", client_id), ("sub", None))


def _nonce(verifier: str) -> str:
    """Return the nonce of a flow, made of its verifier: one secret is kept for both (OpenID Connect Core 15.5.2)."""
    return hashlib.sha256(f"nonce {verifier}".encode()).hexdigest()
