"""Who is calling the token endpoint: one place that reads Basic and form credentials without ever failing (A12)."""

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
    """What a caller presented, and how."""

    method: str
    client_id: str
    secret: str


class TooManyAttempts(OAuth2Error):
    """Refuses further guesses for a while (A19)."""

    error = "slow_down"
    status_code = 429

    def __init__(self, wait: int) -> None:
        super().__init__(f"Too many wrong client secrets. Try again in {wait} seconds.")
        self._wait = wait

    def get_headers(self) -> list[tuple[str, str]]:
        return [*super().get_headers(), ("Retry-After", str(self._wait))]


def read_credentials() -> Credentials:
    """Read the credentials of the current request; raises an OAuth error for none, broken or two kinds."""
    form_id, form_secret = request.form.get("client_id", ""), request.form.get("client_secret", "")
    authorization = request.headers.get("Authorization", "")
    if not authorization:
        if not form_id:
            raise refused()
        return Credentials("client_secret_post" if form_secret else "none", form_id, form_secret)
    basic = _read_basic(authorization)
    if form_secret or form_id not in ("", basic.client_id):
        raise InvalidRequestError("Use one way of client authentication: HTTP Basic or the form, not both.")
    return basic


def authenticate(client: Client | None, credentials: Credentials) -> Client:
    """Return the client if the credentials are its own; one answer for unknown, wrong and not allowed (A19)."""
    attempts = alc().wrong_credentials
    key = f"client {credentials.client_id} {request.remote_addr}"
    if wait := attempts.wait(key):
        raise TooManyAttempts(wait)
    right = credentials.method == "none"
    if not right:
        # An unknown client costs the same comparison as a wrong secret.
        right = (client or NOBODY).check_client_secret(credentials.secret)
    if client is None or not right or not client.check_endpoint_auth_method(credentials.method, "token"):
        attempts.count(key)
        raise refused()
    return client


NOBODY = Client(client_id="", name="", redirect_uris=[], auth_methods=[], scope="")


def refused() -> InvalidClientError:
    """Make the one refusal of client authentication, with the challenge that RFC 6749 5.2 asks for."""
    return InvalidClientError("The client is unknown, or its credentials are wrong.", status_code=401)


def _read_basic(authorization: str) -> Credentials:
    scheme, _, encoded = authorization.partition(" ")
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).decode("utf-8").partition(":")
    except (binascii.Error, ValueError) as error:
        raise refused() from error
    if scheme.lower() != "basic" or not colon or not user or not password:
        raise refused()
    return Credentials("client_secret_basic", unquote_plus(user), unquote_plus(password))
