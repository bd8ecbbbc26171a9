"""Authlib's authorization server, with stricter rules where its defaults are too permissive (RFC 9700)."""

# Authlib ships no types, so its classes look like Any to the type checker.
# mypy: allow-subclassing-any

import re
from datetime import timedelta
from typing import Any, cast

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import (
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    OAuth2Payload,
    OAuth2Request,
)
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc9207 import IssuerParameter
from flask import g, request
from sqlmodel import Session
from werkzeug.datastructures import MultiDict

from mock_alc.base.accounts import Account
from mock_alc.base.credentials import digest
from mock_alc.double.request_log import note_in_log
from mock_alc.oauth import issue
from mock_alc.oauth.client_authentication import authenticate, read_credentials
from mock_alc.oauth.tables import AUTH_METHODS, SCOPES, AuthorizationCode, Client, Token, TokenFamily
from mock_alc.services import alc
from mock_alc.web.fault_answers import lifetime_seconds

PROOFS = ("refresh_token", "code", "token")
"""Form parameters of the token and revocation endpoints that only the client itself was given."""
S256_CHALLENGE = re.compile(r"[A-Za-z0-9\-._~]{43,128}")


def transaction() -> Session:
    """Return the transaction of this request: everything that Authlib does for one response commits together (A7)."""
    return cast(Session, g.oauth_transaction)


class Payload(OAuth2Payload):
    """The request parameters: those of the query at the authorize page, of the form elsewhere, never both (A17)."""

    @property
    def data(self) -> MultiDict[str, str]:
        """Return the parameters."""
        return request.args if request.endpoint == "authorize.authorize" else request.form

    @property
    def scope(self) -> str | None:
        """Return the scope. Raises: InvalidScopeError, for one with other separators than spaces (RFC 6749 3.3)."""
        scope: str | None = self.data.get("scope")
        if scope and not (scope.isascii() and scope.isprintable()):
            raise InvalidScopeError()
        return scope

    @property
    def datalist(self) -> dict[str, list[str]]:
        """Return all values of each parameter."""
        return dict(self.data.lists())


class Request(OAuth2Request):
    """The current request under our configured URL, so that no Host header or proxy changes what Authlib sees."""

    def __init__(self) -> None:
        """Wrap Flask's current request."""
        super().__init__(request.method, alc().config.issuer + request.full_path, headers=request.headers)
        self.payload = Payload()

    @property
    def args(self) -> MultiDict[str, str]:
        """Return the query parameters."""
        return request.args

    @property
    def form(self) -> MultiDict[str, str]:
        """Return the form parameters."""
        return request.form


class CodeGrant(AuthorizationCodeGrant):
    """The authorization code grant: a code is redeemed once, and its row is kept (A4-A6)."""

    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS

    def save_authorization_code(self, code: str, request: Any) -> None:
        """Store a new code with a new token family."""
        now, client, account = alc().now(), request.client, request.user
        family = issue.create_family(transaction(), client.client_id, account.id, now)
        transaction().add(
            AuthorizationCode(
                code_sha256=digest(code),
                family_id=family.id,
                client_id=client.client_id,
                account_id=account.id,
                redirect_uri=request.payload.redirect_uri,
                scope=request.scope,
                code_challenge=request.payload.data["code_challenge"],
                expires_at=now + timedelta(seconds=lifetime_seconds("expired_code", alc().config.code_lifetime)),
            )
        )

    def query_authorization_code(self, code: str, client: Client) -> AuthorizationCode | None:
        """Return the code if this client may redeem it."""
        return issue.present_code(transaction(), code, client, alc().now())

    def authenticate_user(self, authorization_code: AuthorizationCode) -> Account:
        """Mark the code as used and return its account.

        Authlib calls this after the PKCE check and before it issues tokens.
        """
        if not issue.redeem_code(transaction(), authorization_code, alc().now()):
            raise InvalidGrantError("The authorization code was used before.")
        return cast(Account, transaction().get(Account, authorization_code.account_id))

    def delete_authorization_code(self, authorization_code: AuthorizationCode) -> None:
        """Keep the row, so that a second use of the code is recognized."""


class RefreshGrant(RefreshTokenGrant):
    """The refresh token grant, with rotation: each refresh token is used once and replaced (A7)."""

    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> Token | None:
        """Return the token with this refresh value."""
        return issue.find_refresh_token(transaction(), refresh_token, alc().now())

    def authenticate_user(self, refresh_token: Token) -> Account:
        """Mark the refresh token as used and return its account; raise InvalidGrantError for a reused one."""
        grace = timedelta(seconds=alc().config.refresh_grace)
        if not issue.spend_refresh_token(transaction(), refresh_token, alc().now(), grace):
            raise InvalidGrantError("The refresh token was used before, so its whole family was revoked.")
        return cast(Account, transaction().get(Account, refresh_token.account_id))

    def revoke_old_credential(self, refresh_token: Token) -> None:
        """Do nothing: `authenticate_user` has marked the old token as used."""


class S256Only(CodeChallenge):
    """PKCE (RFC 7636) with S256 for every client, checked before the person is asked anything (A2)."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        """Raise InvalidRequestError unless there is a valid S256 challenge."""
        data = grant.request.payload.data
        if data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("PKCE is required: send code_challenge_method=S256.")
        if not S256_CHALLENGE.fullmatch(data.get("code_challenge", "")):
            raise InvalidRequestError("The code_challenge must be 43 to 128 unreserved characters.")


class Revocation(RevocationEndpoint):
    """Token revocation (RFC 7009): a refresh token revokes its family, an access token only itself (A15)."""

    CLIENT_AUTH_METHODS = AUTH_METHODS

    def check_params(self, request: Any, client: Client) -> None:
        """Require the token only; ignore an unknown hint, as RFC 7009 2.1 allows."""
        if not request.form.get("token"):
            raise InvalidRequestError("The parameter 'token' is missing.")

    def query_token(self, token_string: str, _token_type_hint: str | None) -> Token | None:
        """Return the token with this refresh or access value."""
        return issue.find_refresh_token(transaction(), token_string, alc().now()) or issue.find_access_token(
            transaction(), token_string
        )

    def revoke_token(self, token: Token, request: Any) -> None:
        """Revoke the family or the access token."""
        note_in_log(grant=token.family_id)
        if token.refresh_sha256 == digest(request.form["token"]):
            issue.revoke_family(transaction(), token.family_id, alc().now())
        else:
            token.revoked_at = token.revoked_at or alc().now()


class Issuer(IssuerParameter):
    """Adds `iss` to every redirect (RFC 9207)."""

    def get_issuer(self) -> str:
        """Return our issuer."""
        return alc().config.issuer


class Server(AuthorizationServer):
    """The authorization server used by the views in this package; it has no state between requests."""

    def __init__(self) -> None:
        """Register the grants and the revocation endpoint."""
        super().__init__()
        self.scopes_supported = list(SCOPES)
        self.issuer = Issuer()
        self.register_grant(CodeGrant, [S256Only(required=True)])
        self.register_grant(RefreshGrant)
        self.register_endpoint(Revocation)
        self.register_extension(self.issuer)
        self.register_token_generator("default", self._generate)

    def create_oauth2_request(self, _request: object) -> Request:
        """Return our own request class."""
        return Request()

    def query_client(self, client_id: str) -> Client | None:
        """Return the client with this id."""
        return transaction().get(Client, client_id)

    def authenticate_client(self, request: Any, methods: list[str], endpoint: str = "token") -> Client:
        """Authenticate the client; replaces Authlib's own code, which raises on malformed credentials (A12)."""
        credentials = read_credentials()
        form = Payload().data
        given = next((form[name] for name in PROOFS if form.get(name)), "")
        family_id = issue.find_family_id(transaction(), credentials.client_id, given)
        client = authenticate(self.query_client(credentials.client_id), credentials, family_id=family_id)
        request.auth_method = credentials.method
        return client

    def save_token(self, token: dict[str, Any], request: Any) -> None:
        """Store the tokens in the transaction that used the code or refresh token; add `username` to the response."""
        token["username"] = request.user.email
        source = request.refresh_token or request.authorization_code
        family = transaction().get(TokenFamily, source.family_id)
        note_in_log(grant=source.family_id)
        issue.save_tokens(
            transaction(),
            alc().config,
            cast(TokenFamily, family),
            access=token["access_token"],
            refresh=token["refresh_token"],
            scope=token["scope"],
            now=alc().now(),
            parent=request.refresh_token,
            lifetime=_access_token_lifetime(),
        )

    @staticmethod
    def _generate(**wanted: Any) -> Any:
        generate = BearerTokenGenerator(issue.new_access_token, issue.new_refresh_token, _access_token_lifetime())
        return generate(**wanted)


def _access_token_lifetime() -> int:
    return lifetime_seconds("short_lived_tokens", alc().config.access_token_lifetime)


server = Server()
