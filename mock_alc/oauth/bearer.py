"""Checks access tokens: `account_with("leads")` accepts only valid ones with that scope (RFC 6750; A14)."""

# Authlib ships no types, so its classes look like Any to the type checker.
# mypy: allow-subclassing-any

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from authlib.integrations.flask_oauth2 import ResourceProtector
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import MissingAuthorizationError, UnsupportedTokenTypeError
from authlib.oauth2.rfc6750 import BearerTokenValidator, InvalidTokenError
from flask import request

from mock_alc.base.errors import ApiError
from mock_alc.double.request_log import note_in_log
from mock_alc.oauth.issue import find_access_token, find_grant
from mock_alc.oauth.tables import Token
from mock_alc.services import alc


@dataclass(frozen=True)
class PresentedToken:
    """A stored token at the instant of the request, with the methods that Authlib's validator calls."""

    stored: Token
    now: datetime

    def get_scope(self) -> str:
        """Return the scopes of the token, separated by spaces."""
        return self.stored.scope

    def is_expired(self) -> bool:
        """Return whether the token has expired."""
        return self.stored.is_expired(self.now)

    def is_revoked(self) -> bool:
        """Return whether the token itself was revoked; a revoked family is never found."""
        return self.stored.revoked_at is not None


class Validator(BearerTokenValidator):
    """Authlib's validator (RFC 6750), with tokens from our database."""

    def authenticate_token(self, token_string: str) -> PresentedToken | None:
        """Return the token with this value, or None if there is none or its grant was revoked."""
        with alc().database.read() as session:
            stored = find_access_token(session, token_string)
            note_in_log(grant=stored.family_id if stored else find_grant(session, token_string))
        return PresentedToken(stored, alc().now()) if stored else None


CHALLENGE = 'Bearer realm="ALC"'
"""RFC 6750 3 wants at least one parameter in it."""
require = ResourceProtector()
require.register_token_validator(Validator())


def account_with(scope: str) -> str:
    """Return the id of the account that the access token belongs to; raise ApiError 400, 401 or 403."""
    if "access_token" in request.args:
        raise ApiError(400, "invalid_request", "Send the access token in the Authorization header, not in the URL.")
    try:
        token: PresentedToken = require.acquire_token([scope])
    except OAuth2Error as error:
        raise _refusal(error, scope) from error
    return token.stored.account_id


def _refusal(error: Any, scope: str = "") -> ApiError:
    if isinstance(error, MissingAuthorizationError | UnsupportedTokenTypeError):
        # RFC 6750 3.1: no error code in the challenge if the request has no token, or another scheme than Bearer.
        return ApiError(
            401,
            "unauthorized",
            "Send an access token: `Authorization: Bearer …`.",
            headers={"WWW-Authenticate": CHALLENGE},
        )
    if error.error == "insufficient_scope":
        return ApiError(
            403,
            "insufficient_scope",
            f"The access token lacks the scope {scope}.",
            headers={"WWW-Authenticate": f'{CHALLENGE}, error="insufficient_scope", scope="{scope}"'},
        )
    return ApiError(
        401,
        InvalidTokenError.error,
        "The access token is unknown, expired or revoked. Refresh it, or connect again.",
        headers={"WWW-Authenticate": f'{CHALLENGE}, error="invalid_token"'},
    )
