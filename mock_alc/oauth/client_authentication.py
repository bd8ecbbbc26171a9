"""Client authentication at the token and revocation endpoints, by HTTP Basic or the form (RFC 6749 2.3; A12)."""

# Authlib ships no types, so its errors look like Any to the type checker.
# mypy: allow-subclassing-any

import base64
import binascii
from dataclasses import dataclass
from urllib.parse import unquote_plus

from authlib.oauth2.rfc6749 import InvalidClientError, InvalidRequestError, OAuth2Error
from flask import request

from mock_alc.oauth.tables import Client
from mock_alc.services import alc


@dataclass(frozen=True)
class Credentials:
    """The client id and secret of a request; `method` is named as in RFC 7591, such as `client_secret_basic`."""

    method: str
    client_id: str
    secret: str
    as_sent: str = ""
    """The secret of HTTP Basic before it was form-decoded."""


class ClientRefused(InvalidClientError):
    """Client authentication failed: 401 with the challenge of RFC 6749 5.2."""

    status_code = 401

    def get_headers(self) -> list[tuple[str, str]]:
        """Add the realm to the challenge: it is required (RFC 7617 2), and Authlib leaves it out."""
        headers = super().get_headers()
        return [(name, value.replace("Basic ", 'Basic realm="ALC", ', 1)) for name, value in headers]


class TooManyAttempts(OAuth2Error):
    """Too many wrong secrets for this client and address: 429 with Retry-After (A19)."""

    error = "slow_down"
    status_code = 429

    def __init__(self, wait: int) -> None:
        """Refuse for `wait` seconds."""
        super().__init__(f"Too many wrong client secrets. Try again in {wait} seconds.")
        self._wait = wait

    def get_headers(self) -> list[tuple[str, str]]:
        """Add Retry-After."""
        return [*super().get_headers(), ("Retry-After", str(self._wait))]


def read_credentials() -> Credentials:
    """Return the credentials of the current request; raise an OAuth error if there are none, invalid or two kinds."""
    form_id, form_secret = request.form.get("client_id", ""), request.form.get("client_secret", "")
    authorization = request.headers.get("Authorization", "")
    if not authorization:
        if not form_id:
            raise invalid_client()
        return Credentials("client_secret_post" if form_secret else "none", form_id, form_secret)
    basic = _read_basic(authorization)
    if form_secret or form_id not in ("", basic.client_id):
        raise InvalidRequestError("Use one way of client authentication: HTTP Basic or the form, not both.")
    return basic


def authenticate(client: Client | None, credentials: Credentials, *, family_id: str | None = None) -> Client:
    """Return the client if the credentials are right.

    `family_id` is that of the code or token in the request, if this client was given it. Wrong secrets are counted for
    the client and the address, but apart for each family: somebody who guesses has none of its tokens, and must not
    lock out the client itself when both come from one address, such as that of a proxy.
    Raise the same error for an unknown client and a wrong secret (A19); who has the right secret is told what else is
    wrong: that it was not encoded, or that the client may not use this method.
    """
    attempts = alc().wrong_credentials
    key = f"client {credentials.client_id} {family_id or request.remote_addr}"
    if wait := attempts.seconds_to_wait(key):
        raise TooManyAttempts(wait)
    is_valid = credentials.method == "none"
    if not is_valid:
        # Compare for unknown clients too, so that the response time does not reveal them.
        is_valid = (client or DUMMY_CLIENT).check_client_secret(credentials.secret)
    if client is None or not is_valid:
        attempts.record(key)
        raise _not_encoded(client, credentials) or invalid_client()
    if not client.check_endpoint_auth_method(credentials.method, "token"):
        attempts.record(key)
        raise _wrong_method(client, credentials)
    return client


def _not_encoded(client: Client | None, credentials: Credentials) -> ClientRefused | None:
    """Return the error for a right secret that was put into HTTP Basic as it is, with its `+` or `%`; else None."""
    if client is None or not credentials.as_sent or not client.check_client_secret(credentials.as_sent):
        return None
    return ClientRefused(
        "The secret is correct, but HTTP Basic wants it form-encoded: + as %2B, and % as %25 (RFC 6749 2.3.1)."
    )


def _wrong_method(client: Client, credentials: Credentials) -> ClientRefused:
    """Return the error for a method that the client has not registered; only who knew the secret reads which it has."""
    if credentials.method == "none":
        return invalid_client()
    methods = " or ".join(client.auth_methods)
    sentence = f"The secret is correct, but it was sent by {credentials.method}. This client must use {methods}."
    return ClientRefused(sentence)


DUMMY_CLIENT = Client(client_id="", name="", redirect_uris=[], auth_methods=[], scope="")


def invalid_client() -> ClientRefused:
    """Return the error for failed client authentication."""
    return ClientRefused("The client is unknown, or its credentials are wrong.")


def _read_basic(authorization: str) -> Credentials:
    scheme, _, encoded = authorization.partition(" ")
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).decode("utf-8").partition(":")
    except (binascii.Error, ValueError) as error:
        raise invalid_client() from error
    if scheme.lower() != "basic" or not colon or not user or not password:
        raise invalid_client()
    return Credentials("client_secret_basic", unquote_plus(user), unquote_plus(password), password)
