"""The demo's OpenID Connect provider in this process, and ways in which it can be false."""

# Authlib ships no types, so its classes look like Any to the type checker.
# mypy: allow-subclassing-any

from __future__ import annotations

import hmac
import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import responses
from joserfc import jwt
from joserfc.jwk import RSAKey
from requests import PreparedRequest

from alc_app.cli.mock_provider import Client, IdToken, MockProvider

ISSUER = "https://login.example.com"
Claims = dict[str, Any]


class TamperedIdToken(IdToken):
    """Changes each id token as the provider says."""

    def encode_id_token(self, token: Any, request: Any) -> str:
        """Sign what the provider makes of the claims, as it wants."""
        provider: FalseProvider = self.provider
        honest = super().encode_id_token(token, request)
        claims = dict(jwt.decode(honest, provider.keys[-1], ["RS256"]).claims)
        provider.tamper(claims)
        return provider.sign(claims, provider)


def honestly(claims: Claims, provider: FalseProvider) -> str:
    """Sign as agreed."""
    return jwt.encode({"alg": "RS256", "kid": provider.keys[-1].kid or ""}, claims, provider.keys[-1])


def without_a_signature(claims: Claims, provider: FalseProvider) -> str:
    """Use `alg: none`, which is a JWT too."""
    return f"{_part({'alg': 'none', 'kid': provider.keys[-1].kid})}.{_part(claims)}."


def with_the_public_key_as_a_secret(claims: Claims, provider: FalseProvider) -> str:
    """HS256, with the bytes that everybody can read at `/jwks`. By hand, because joserfc refuses to do it."""
    signed = f"{_part({'alg': 'HS256', 'kid': provider.keys[-1].kid})}.{_part(claims)}"
    mac = hmac.digest(provider.keys[-1].as_pem(private=False), signed.encode(), "sha256")
    return f"{signed}.{urlsafe_b64encode(mac).decode().rstrip('=')}"


def with_another_key(claims: Claims, provider: FalseProvider) -> str:
    """A key of an attacker's, under the name of the real one."""
    return jwt.encode({"alg": "RS256", "kid": provider.keys[-1].kid or ""}, claims, RSAKey.generate_key(2048))


def with_a_key_that_is_not_published(claims: Claims, provider: FalseProvider) -> str:
    """A key under a name of its own."""
    return jwt.encode({"alg": "RS256", "kid": "another"}, claims, RSAKey.generate_key(2048))


def with_a_changed_claim(claims: Claims, provider: FalseProvider) -> str:
    """The signature of one token on the claims of another."""
    head, _, signature = honestly(claims, provider).split(".")
    return ".".join((head, honestly(claims | {"sub": "root"}, provider).split(".")[1], signature))


def _part(content: Claims) -> str:
    return urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


class FalseProvider(MockProvider):
    """The provider, honest until a test says otherwise."""

    id_token = TamperedIdToken

    def __init__(self, base_url: str, secret: str = "secret") -> None:
        """Know the app at this address."""
        self.tamper: Callable[[Claims], object] = lambda claims: None
        self.sign: Callable[[Claims, FalseProvider], str] = honestly
        self.configuration: Claims = {}
        """What the configuration says otherwise."""
        self.userinfo: Claims = {}
        super().__init__(ISSUER, Client("alc-app", secret, base_url))
        self.app.add_url_rule("/userinfo", "userinfo", lambda: self.userinfo)

    def discovery(self) -> Claims:
        """Answer the configuration, with its lies."""
        return super().discovery() | self.configuration

    def answer_in(self, mock: responses.RequestsMock) -> None:
        """Answer each request to the issuer in this process."""
        for method in ("GET", "POST"):
            mock.add_callback(method, re.compile(f"{re.escape(ISSUER)}/.*"), callback=self._answer)

    def choose(self, location: str, sub: str) -> str:
        """Be the browser: choose a person at the page of `location`; return where it leads back to."""
        return self.app.test_client().post(location, data={"sub": sub}).headers["Location"]

    def _answer(self, request: PreparedRequest) -> tuple[int, dict[str, str], bytes]:
        parts = urlsplit(request.url or "")
        reply = self.app.test_client().open(
            f"{parts.path}?{parts.query}",
            base_url=ISSUER,
            method=request.method,
            data=request.body,
            headers=dict(request.headers),
        )
        return reply.status_code, dict(reply.headers), reply.data
