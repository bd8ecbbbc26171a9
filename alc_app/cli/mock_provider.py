"""A small OpenID Connect provider: whoever runs the demo chooses one of two people, without a password.

`alc-app demo --sign-in` starts it, so that roles can be seen without an account anywhere. The tests use it too, and
break it (tests/support/fakes/provider.py). Authlib's server does the work, on loopback, in memory.
"""

# Authlib ships no types, so its classes look like Any to the type checker.
# mypy: allow-subclassing-any

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import ClientMixin
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc9207 import IssuerParameter
from authlib.oidc.core import AuthorizationCodeMixin, OpenIDCode, UserInfo
from flask import Flask, Response, abort, redirect, render_template_string, request
from flask.typing import ResponseReturnValue
from joserfc.jwk import KeySet, RSAKey

CODE_LIFETIME = 60.0
PEOPLE: Mapping[str, Mapping[str, Any]] = {
    "robin": {"name": "Robin Marsh", "email": "robin@example.com", "groups": ["alc-admins"], "about": "Admin"},
    "imani": {"name": "Imani Castellanos", "email": "imani@example.com", "groups": ["alc-members"], "about": "Member"},
}
"""The members of the stand-in's workspace, by subject."""
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{ title }} · Demo sign-in</title>
<style nonce="{{ nonce }}">
  body { font: 15px/1.5 system-ui, sans-serif; display: grid; place-content: center; min-height: 100dvh; margin: 0; }
  main { width: min(340px, 86vw); } h1 { font-size: 20px; margin: 0 0 4px; } p { margin: 0 0 20px; opacity: .75; }
  button { display: flex; justify-content: space-between; width: 100%; padding: 12px 14px; margin: 0 0 8px;
    font: inherit; border: 1px solid #8886; border-radius: 10px; background: none; color: inherit; cursor: pointer; }
  button:hover { background: #8881; } small { opacity: .7; }
</style>
<main><h1>{{ title }}</h1><p>{{ text }}</p>
{% if people %}<form method="post">{% for sub, person in people.items() %}
  <button name="sub" value="{{ sub }}"><span>{{ person.name }}</span><small>{{ person.about }}</small></button>
{% endfor %}
</form>{% endif %}</main>
</html>"""


@dataclass(frozen=True)
class Client(ClientMixin):
    """The app, the provider's only client."""

    client_id: str
    client_secret: str
    base_url: str

    def get_client_id(self) -> str:
        """Return its id."""
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        """Have each request name its redirect URI."""

    def get_allowed_scope(self, scope: str) -> str:
        """Allow what there is."""
        return " ".join(one for one in scope.split() if one in ("openid", "email", "profile"))

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Compare to the letter."""
        return redirect_uri == f"{self.base_url}/sign-in/callback"

    def check_client_secret(self, client_secret: str) -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(client_secret.encode(), self.client_secret.encode())

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Allow the secret in a header or in the body."""
        return method in ("client_secret_basic", "client_secret_post")

    def check_response_type(self, response_type: str) -> bool:
        """Allow codes only."""
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        """Allow codes only."""
        return grant_type == "authorization_code"


@dataclass
class Code(AuthorizationCodeMixin):
    """A code, until it is redeemed."""

    sub: str
    redirect_uri: str
    scope: str
    nonce: str
    code_challenge: str
    code_challenge_method: str
    auth_time: int = field(default_factory=lambda: int(time.time()))

    def get_redirect_uri(self) -> str:
        """Return the redirect URI, which the token request has to repeat."""
        return self.redirect_uri

    def get_scope(self) -> str:
        """Return the scope."""
        return self.scope

    def get_nonce(self) -> str:
        """Return the nonce, for the id token."""
        return self.nonce

    def get_auth_time(self) -> int:
        """Return when the person has chosen."""
        return self.auth_time


class CodeGrant(AuthorizationCodeGrant):
    """The authorization code grant, with codes in memory."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post")

    def save_authorization_code(self, code: str, request: Any) -> None:
        """Store a code."""
        data = request.payload.data
        challenge = (data.get("code_challenge"), data.get("code_challenge_method"))
        found = Code(request.user, request.payload.redirect_uri, request.scope, data.get("nonce", ""), *challenge)
        self.server.provider.codes[code] = found

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        """Take a code out, so that it works once."""
        found: Code | None = self.server.provider.codes.pop(code, None)
        return found if found and time.time() - found.auth_time < CODE_LIFETIME else None

    def delete_authorization_code(self, authorization_code: Code) -> None:
        """Do nothing: it is taken out already."""

    def authenticate_user(self, authorization_code: Code) -> str:
        """Return who has chosen to sign in."""
        return authorization_code.sub


class IdToken(OpenIDCode):
    """Issues id tokens."""

    def __init__(self, provider: MockProvider) -> None:
        """Sign with the provider's newest key."""
        super().__init__(require_nonce=True)
        self.provider = provider

    def exists_nonce(self, nonce: str, request: Any) -> bool:
        """Leave it to the app to refuse a nonce that it knows."""
        return False

    def resolve_client_private_key(self, client: Client) -> RSAKey:
        """Return the key."""
        return self.provider.keys[-1]

    def get_encode_header(self, client: Client) -> dict[str, str]:
        """Name algorithm and key."""
        return {"alg": "RS256", "kid": self.provider.keys[-1].kid or ""}

    def get_client_claims(self, client: Client) -> dict[str, Any]:
        """Name issuer and audience."""
        return {"iss": self.provider.issuer, "aud": client.client_id}

    def generate_user_info(self, user: str, scope: str) -> UserInfo:
        """Tell about the person."""
        person = PEOPLE[user]
        return UserInfo(sub=user, email_verified=True, **{name: person[name] for name in ("name", "email", "groups")})


class _Server(AuthorizationServer):
    def __init__(self, provider: MockProvider, app: Flask) -> None:
        super().__init__(app, provider.query_client, lambda _token, _request: None)
        self.provider = provider


class _Issuer(IssuerParameter):
    def __init__(self, issuer: str) -> None:
        self._issuer = issuer

    def get_issuer(self) -> str:
        return self._issuer


class MockProvider:
    """The provider as a WSGI app, `app`."""

    id_token = IdToken

    def __init__(self, issuer: str, client: Client) -> None:
        """Serve one client."""
        self.issuer, self._client, self.codes = issuer, client, dict[str, Code]()
        self.keys = [RSAKey.generate_key(2048, auto_kid=True)]
        self.app = Flask(__name__)
        self._server = _Server(self, self.app)
        self._server.register_grant(CodeGrant, [CodeChallenge(required=True), self.id_token(self)])
        self._server.register_extension(_Issuer(issuer))
        self.app.add_url_rule("/healthz", view_func=lambda: {"status": "ok"})
        self.app.add_url_rule("/.well-known/openid-configuration", view_func=self.discovery)
        self.app.add_url_rule("/jwks", view_func=self.jwks)
        self.app.add_url_rule("/authorize", view_func=self.authorize, methods=["GET", "POST"])
        self.app.add_url_rule("/token", view_func=self._server.create_token_response, methods=["POST"])
        self.app.add_url_rule("/sign-out", view_func=self.sign_out)

    def query_client(self, client_id: str) -> Client | None:
        """Return the client with this id."""
        return self._client if client_id == self._client.client_id else None

    def discovery(self) -> dict[str, Any]:
        """Answer the configuration (OpenID Connect Discovery 1.0)."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "end_session_endpoint": f"{self.issuer}/sign-out",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "scopes_supported": ["openid", "email", "profile"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": list(CodeGrant.TOKEN_ENDPOINT_AUTH_METHODS),
            "authorization_response_iss_parameter_supported": True,
        }

    def jwks(self) -> dict[str, Any]:
        """Answer the public keys."""
        return dict(KeySet([*self.keys]).as_dict(private=False))

    def authorize(self) -> ResponseReturnValue:
        """Ask who it is, and send the browser back with a code."""
        try:
            grant = self._server.get_consent_grant(end_user=None)
        except OAuth2Error as error:
            abort(400, f"{error.error}: {error.description}")
        if request.method == "GET":
            return _page("Who are you?", "This is the demo's sign-in. You need no password.", PEOPLE)
        sub = request.form.get("sub", "")
        response: Response = self._server.create_authorization_response(
            grant_user=sub if sub in PEOPLE else None, grant=grant
        )
        response.status_code = 303
        return response

    def sign_out(self) -> ResponseReturnValue:
        """Send the browser back to the app; nobody stays signed in here (OpenID Connect RP-Initiated Logout 1.0)."""
        back = f"{self._client.base_url}/signed-out"
        if request.args.get("post_logout_redirect_uri") == back:
            return redirect(back, 303)
        return _page("You are signed out", "You can close this page.")


def _page(title: str, text: str, people: Mapping[str, Any] | None = None) -> Response:
    nonce = secrets.token_urlsafe(16)
    page = Response(render_template_string(PAGE, title=title, text=text, people=people, nonce=nonce))
    csp = f"default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; frame-ancestors 'none'"
    page.headers.update({"Content-Security-Policy": csp, "Cache-Control": "no-store"})
    return page
