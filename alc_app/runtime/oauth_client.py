"""The OAuth client: authorization code with PKCE, refresh, revocation. RFC 6749, 7636, 7009, 8414, 9207, 9700.

Authlib implements the protocol; this module adds the checks that it leaves out (O4, O7, O11). It stores nothing.
"""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlsplit

import requests
from authlib.common.security import generate_token

from alc_app.attio.host.errors import FetchError, SerializableError
from alc_app.attio.http import FetchResponse
from alc_app.config.settings import Config
from alc_app.config.sign_in import is_safe_url
from alc_app.runtime.http_client import Http, harden

if TYPE_CHECKING:
    from alc_app.runtime.oauth_session import OAuthSession

DEFAULT_LIFETIME = 3600
MAX_LIFETIME = 86_400
MAX_USERNAME = 320
"""The longest possible email address."""
UNREACHABLE = "ALC cannot be reached. Is it running?"
BAD_ANSWER = "ALC's answer to the token request is not valid."
OUR_CREDENTIALS = "ALC refused the app's credentials. Check ALC_CLIENT_ID and ALC_CLIENT_SECRET."
_TOKEN = re.compile(r"[\x21-\x7e]{1,8192}")
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
"""Characters of tokens and scopes (RFC 6749, appendix A)."""
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_ERROR_CODE = re.compile(r"[a-z_]{1,40}")
METADATA_MAX_AGE = 300.0
"""Seconds for which the server's metadata is cached."""
METADATA_RETRY = 30.0
"""Seconds for which the old copy is used when it could not be fetched again."""


class OAuthFailed(SerializableError):
    """The authorization server cannot be used, or refused for now; trying again may help."""


class OAuthBadAnswer(OAuthFailed):
    """The authorization server answered, but not as it should. It says nothing about the grant."""


class OAuthBusy(OAuthFailed):
    """The authorization server asks us to wait, is away, or failed: nothing is wrong with what we sent."""


class OAuthDenied(OAuthFailed):
    """The authorization server refused this grant for good (`invalid_grant`): the user has to connect again."""


@dataclass(frozen=True)
class Tokens:
    """A token response. `expires_at` is in seconds since 1970; `username` is empty if ALC names none."""

    access_token: str
    refresh_token: str
    expires_at: float
    scope: str
    username: str = ""


class OAuthClient:
    """Our client at ALC's authorization server."""

    name, start_over = "ALC", 'Open "Acme Lead Checker" and connect again.'

    def __init__(self, config: Config, http: Http, now: Callable[[], float] = time.time) -> None:
        """Take ALC's address and our credentials from `config`; `now` returns seconds since 1970."""
        self._config, self._http, self._now = config, http, now
        self._metadata: tuple[float, Mapping[str, Any]] = (float("-inf"), {})
        self.redirect_uri = f"{config.base_url}/connections/alc/callback"

    @property
    def issuer(self) -> str:
        """The URL of the authorization server."""
        return self._config.alc_url

    def authorization_url(self, *, state: str, verifier: str) -> str:
        """Return the URL to send the browser to (O1). Raises: OAuthFailed."""
        url, _ = self._session().create_authorization_url(
            self.metadata()["authorization_endpoint"], state=state, code_verifier=verifier
        )
        return str(url)

    def names_itself(self) -> bool:
        """Tell whether each callback must have an `iss` (RFC 9207): ALC's always do."""
        return True

    def exchange(self, code: str, verifier: str) -> Tokens:
        """Exchange an authorization code for tokens. Raises: OAuthDenied, OAuthFailed."""
        endpoint = self.token_endpoint()
        return self._token_request(endpoint, grant_type="authorization_code", code=code, code_verifier=verifier)

    def token_endpoint(self) -> str:
        """Return the URL of the token endpoint. Raises: OAuthFailed, if the metadata cannot be fetched."""
        return str(self.metadata()["token_endpoint"])

    def refresh(self, refresh_token: str, token_endpoint: str) -> Tokens:
        """Exchange a refresh token for new tokens, with one request. Raises: OAuthDenied, OAuthFailed."""
        return self._token_request(token_endpoint, grant_type="refresh_token", refresh_token=refresh_token)

    def revoke(self, token: str, hint: str) -> None:
        """Revoke a token. `hint` is its type (RFC 7009).

        A token that the server does not know counts as revoked, and one of a type that it cannot revoke is left to
        expire. Raises: OAuthFailed.
        """
        try:
            response = self._session().revoke_token(
                self.metadata()["revocation_endpoint"], token=token, token_type_hint=hint
            )
        except requests.RequestException as error:
            raise OAuthFailed("ALC cannot be reached, so the tokens are not revoked.").because(error) from error
        if response.status_code != 200 and not _cannot_be_revoked(response):
            raise_if_busy("ALC", response.status_code)
            raise OAuthBadAnswer(f"ALC answered the revocation with status {response.status_code}.")

    def metadata(self) -> Mapping[str, Any]:
        """Return the server's metadata, checked (RFC 8414, O7), from a cache.

        If it cannot be fetched again, the old copy is used for a while. Raises: OAuthFailed, if there is none.
        """
        fetched_at, known = self._metadata
        if known and time.monotonic() - fetched_at < METADATA_MAX_AGE:
            return known
        try:
            self._metadata = (time.monotonic(), self.fetch_metadata())
        except OAuthFailed:
            if not known:
                raise
            # Else each call would wait for a server that hangs, as long as it does.
            self._metadata = (time.monotonic() - METADATA_MAX_AGE + METADATA_RETRY, known)
        return self._metadata[1]

    def fetch_metadata(self) -> Mapping[str, Any]:
        """Fetch the server's metadata now, and check it. Raises: OAuthFailed."""
        url = f"{self.issuer}/.well-known/oauth-authorization-server"
        try:
            response = self._http.request("GET", url, headers={"Accept": "application/json"})
            found = response.json() if response.ok else None
        except FetchError as error:
            raise OAuthFailed(UNREACHABLE).because(error) from error
        except ValueError as error:
            raise OAuthBadAnswer(f"{url} cannot be read. Check ALC_URL.").because(error) from error
        if not response.ok:
            raise_if_busy("ALC", response.status)
            raise OAuthBadAnswer(f"{url} answered with status {response.status}. Check ALC_URL.")
        if not isinstance(found, dict) or found.get("issuer") != self.issuer:
            raise OAuthBadAnswer(f"{url} does not describe the issuer {self.issuer}. Check ALC_URL.")
        for endpoint in ("authorization_endpoint", "token_endpoint", "revocation_endpoint"):
            _check_endpoint(endpoint, found.get(endpoint), self.issuer)
        return found

    def _session(self) -> OAuthSession:
        return new_oauth_session(self._config.alc_client_id, self._config.client_secret, self.redirect_uri)

    def _token_request(self, endpoint: str, **body: str) -> Tokens:
        try:
            response = self._session().fetch_token(endpoint, **body)
        except requests.RequestException as error:
            raise OAuthFailed("ALC did not answer the token request.").because(error) from error
        try:
            token = _read_token_response(response)
        except OAuthFailed as error:
            error.retry_after = FetchResponse(response.status_code, response.headers, "").retry_after()
            raise
        return _tokens(token, previous=body.get("refresh_token", ""), now=self._now())


def new_oauth_session(
    client_id: str, secret: str, redirect_uri: str, scope: str | None = None, *, basic: bool = True
) -> OAuthSession:
    """Return Authlib's session with S256 and our limits. A secret goes into a header (`basic`) or into the body."""
    from alc_app.runtime.oauth_session import OAuthSession  # late: Authlib takes a tenth of a second to import

    def add_basic(
        _auth: object, _method: str, uri: str, headers: dict[str, str], body: str
    ) -> tuple[str, dict[str, str], str]:
        # Each is form-encoded (RFC 6749, 2.3.1), which Authlib's own method leaves out.
        pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        return uri, headers, body

    method: Any = (add_basic if basic else "client_secret_post") if secret else "none"
    return harden(
        OAuthSession(
            client_id,
            secret,
            redirect_uri=redirect_uri,
            scope=scope,
            code_challenge_method="S256",
            token_endpoint_auth_method=method,
            revocation_endpoint_auth_method=method,
        )
    )


def new_verifier() -> str:
    """Return a PKCE verifier of 48 random characters (RFC 7636)."""
    return str(generate_token(48))


def _refusal(code: str) -> OAuthFailed:
    """Return the exception for an error of the token endpoint (RFC 6749, 5.2).

    Only `invalid_grant` is about the grant. Every other error may pass: ALC recovers, or somebody corrects a setting.
    """
    if code == "invalid_grant":
        return OAuthDenied(f"ALC refused the tokens: {code}.")
    if code == "invalid_client":
        return OAuthBadAnswer(OUR_CREDENTIALS)
    shown = f" It said: {code}." if _ERROR_CODE.fullmatch(code) else ""
    return OAuthBadAnswer(f"ALC gave no tokens.{shown}")


def _read_token_response(response: requests.Response) -> dict[str, Any]:
    """Return the JSON object of a token response (RFC 6749, 5.1).

    Authlib would take tokens from a response with any status, and stumble over an odd lifetime. Raises: OAuthDenied,
    OAuthBusy, OAuthBadAnswer.
    """
    raise_if_busy("ALC", response.status_code)
    try:
        body = response.json()
    except (ValueError, RecursionError) as error:
        raise OAuthBadAnswer(BAD_ANSWER).because(error) from error
    if response.status_code in (200, 400, 401) and isinstance(body, dict) and isinstance(body.get("error"), str):
        raise _refusal(body["error"])
    if response.status_code != 200 or not isinstance(body, dict):
        raise OAuthBadAnswer(f"{BAD_ANSWER} It came with status {response.status_code}.")
    return body


def raise_if_busy(server: str, status: int) -> None:
    """Raise OAuthBusy for a status that says nothing about our request, whatever the body is."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise OAuthBusy(f"{server} asked the app to wait.")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise OAuthBusy(f"{server} is not available at the moment (status {status}).")


def _cannot_be_revoked(response: requests.Response) -> bool:
    """Return whether the server says that it never revokes tokens of this type (RFC 7009, 2.2.1)."""
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return False
    return isinstance(body, dict) and body.get("error") == "unsupported_token_type"


def _check_endpoint(name: str, url: object, issuer: str) -> None:
    try:
        parts, expected = urlsplit(str(url)), urlsplit(issuer)
    except ValueError as error:
        raise OAuthBadAnswer(f"ALC's metadata names a {name} that is not an address.") from error
    if not is_safe_url(url) or (parts.scheme, parts.netloc) != (expected.scheme, expected.netloc):
        raise OAuthBadAnswer(f"ALC's metadata names a {name} that is not on {issuer} or not https.")


def _is_token(value: object) -> bool:
    return isinstance(value, str) and _TOKEN.fullmatch(value) is not None


def _tokens(token: Mapping[str, Any], previous: str, now: float) -> Tokens:
    """Read a token response strictly (O11). Raises: OAuthBadAnswer."""
    if str(token.get("token_type", "")).lower() != "bearer":
        raise OAuthBadAnswer("The token_type of ALC's token response is not Bearer.")
    access, refresh = token.get("access_token"), token.get("refresh_token") or previous
    if not _is_token(access) or (refresh and not _is_token(refresh)):
        raise OAuthBadAnswer("ALC's token response has no usable token.")
    scope = " ".join(_SCOPE.findall(str(token.get("scope") or "")))
    return Tokens(str(access), str(refresh), now + _lifetime(token.get("expires_in")), scope, _username(token))


def _lifetime(value: object) -> float:
    """Return the seconds of `expires_in`, a number or a number as text, at most a day; an hour for anything else."""
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:  # NaN is not either
        return DEFAULT_LIFETIME
    return min(value, MAX_LIFETIME)


def _username(token: Mapping[str, Any]) -> str:
    """Return whose account it is, if the server names one that can be shown. It is used for nothing else."""
    found = token.get("username")
    return found if isinstance(found, str) and found.isprintable() and len(found) <= MAX_USERNAME else ""
