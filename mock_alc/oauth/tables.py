"""Tables of clients, codes and tokens, with the methods that Authlib calls (A22); secrets as digests only (A13)."""

# Authlib ships no types, so its mixins look like Any to the type checker.
# mypy: allow-subclassing-any

import re
from datetime import datetime

from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin
from sqlmodel import JSON, Field

from mock_alc.base.credentials import matches
from mock_alc.base.tables import Table, UtcDateTime

SCOPES = ("leads", "webhooks")
AUTH_METHODS = ("client_secret_basic", "client_secret_post", "none")
LOOPBACK = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\]))(?::([0-9]{1,5}))?(?=[/?]|\Z)")


class Client(Table, ClientMixin, table=True):
    """An OAuth client; one without a secret is public."""

    __tablename__ = "oauth_client"

    client_id: str = Field(primary_key=True)
    name: str
    secret_sha256: str | None = None
    redirect_uris: list[str] = Field(sa_type=JSON)
    auth_methods: list[str] = Field(sa_type=JSON)
    scope: str

    def get_client_id(self) -> str:
        """Return the client id."""
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        """Return None: requests must state the redirect URI, which is matched exactly (A3)."""

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """Return the scope to grant: by default all of the client's; None if it asks for more than that (A9)."""
        if not scope:
            return self.scope
        return scope if set(scope.split()) <= set(self.scope.split()) else None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Return whether this exact URI is registered; on a loopback IP address the port may differ (RFC 8252 7.3)."""
        registered = {_without_loopback_port(uri) for uri in self.redirect_uris}
        return redirect_uri in self.redirect_uris or _without_loopback_port(redirect_uri) in registered

    def check_client_secret(self, client_secret: str) -> bool:
        """Return whether the secret is right; compares in constant time."""
        return matches(client_secret, self.secret_sha256)

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        """Return whether the client may authenticate with this method."""
        return method in self.auth_methods

    def check_response_type(self, response_type: str) -> bool:
        """Return whether the response type is `code`."""
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        """Return whether the grant type is one that this server supports."""
        return grant_type in ("authorization_code", "refresh_token")


class TokenFamily(Table, table=True):
    """One consent and the tokens that follow from it; revoking this row revokes all of them at once (A5, A7)."""

    __tablename__ = "oauth_token_family"

    id: str = Field(primary_key=True)
    client_id: str = Field(foreign_key="oauth_client.client_id")
    account_id: str = Field(foreign_key="account.id")
    created_at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class AuthorizationCode(Table, AuthorizationCodeMixin, table=True):
    """An authorization code; used ones are kept, so that a second use is recognized (A5)."""

    __tablename__ = "oauth_code"

    code_sha256: str = Field(primary_key=True)
    family_id: str = Field(foreign_key="oauth_token_family.id")
    client_id: str = Field(foreign_key="oauth_client.client_id")
    account_id: str = Field(foreign_key="account.id")
    redirect_uri: str
    scope: str
    code_challenge: str
    code_challenge_method: str = "S256"
    expires_at: datetime = Field(sa_type=UtcDateTime)
    presented: int = 0
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    def get_redirect_uri(self) -> str:
        """Return the redirect URI of the authorization request."""
        return self.redirect_uri

    def get_scope(self) -> str:
        """Return the granted scopes, separated by spaces."""
        return self.scope


class Token(Table, table=True):
    """An access token and its refresh token; `parent_id` is the pair that was refreshed to get this one."""

    __tablename__ = "oauth_token"

    id: str = Field(primary_key=True)
    family_id: str = Field(foreign_key="oauth_token_family.id", index=True)
    parent_id: str | None = Field(default=None, index=True)
    client_id: str = Field(foreign_key="oauth_client.client_id")
    account_id: str = Field(foreign_key="account.id")
    access_sha256: str = Field(unique=True)
    refresh_sha256: str = Field(unique=True)
    scope: str
    refresh_scope: str | None = None
    """What the refresh token stands for, if a refresh has asked for less for the access token."""
    access_expires_at: datetime = Field(sa_type=UtcDateTime)
    refresh_expires_at: datetime = Field(sa_type=UtcDateTime)
    refresh_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    def check_client(self, client: Client) -> bool:
        """Return whether the token was issued to this client."""
        return self.client_id == client.client_id

    def get_scope(self) -> str:
        """Return the scopes of the refresh token, separated by spaces; `scope` has those of the access token."""
        return self.refresh_scope or self.scope

    def is_expired(self, now: datetime) -> bool:
        """Return whether the access token has expired at `now`."""
        return self.access_expires_at <= now


def _without_loopback_port(uri: str) -> str:
    """Return the URI without its port if its host is 127.0.0.1 or [::1], else unchanged.

    A native app listens on whatever port is free. `localhost` is matched exactly: RFC 8252 7.3 speaks of IP addresses
    only, and 8.3 advises against the name, because it may lead to another network interface.
    """
    found = LOOPBACK.match(uri)
    if found is None or not 1 <= int(found[2] or 1) <= 65535:
        return uri
    return found[1] + uri[found.end() :]
