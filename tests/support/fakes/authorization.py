"""ALC's authorization server in virtual time, and what stands where our client of it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from alc_app.attio.host.errors import FetchError
from alc_app.attio.http import FetchResponse
from alc_app.runtime.oauth_client import OAuthDenied, OAuthFailed, Tokens
from tests.support.fakes.clock import Clock, Numbers
from tests.support.fakes.runtime import answer

ALC = "https://alc.test"
LIFETIME = 3600.0
Call = Callable[[str, str, Mapping[str, str], Any], FetchResponse]


@dataclass
class Grant:
    """One consent at ALC, and the tokens that came of it."""

    alive: bool = True
    access: str = ""
    expires_at: float = 0.0
    refresh: str = ""
    spent: set[str] = field(default_factory=set)


class AuthorizationServer:
    """What people have allowed, and which tokens are good."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._numbers = Numbers()
        self.grants: list[Grant] = []

    def consent(self) -> str:
        """A person allows us; returns the code."""
        self.grants.append(Grant())
        return f"code-{len(self.grants) - 1}"

    def takes(self, authorization: str) -> bool:
        """Is this access token good now?"""
        value = authorization.removeprefix("Bearer ")
        return any(g.alive and g.access == value and g.expires_at > self._clock.now for g in self.grants)

    def revoke(self, token: str) -> FetchResponse:
        """End the consent that this token came of."""
        for grant in self.grants:
            grant.alive = grant.alive and token not in {grant.access, grant.refresh, *grant.spent}
        return answer(200)

    def token(self, body: Mapping[str, str]) -> FetchResponse:
        """Exchange a code or a refresh token."""
        for number, grant in enumerate(self.grants):
            if body.get("code") == f"code-{number}" or body.get("refresh_token") in grant.spent:
                grant.alive = grant.alive and not grant.access  # a code, or a refresh token, is good once
            elif not grant.refresh or body.get("refresh_token") != grant.refresh:
                continue
            if not grant.alive:
                break
            grant.spent.add(grant.refresh)
            mark = next(self._numbers)
            grant.access, grant.refresh, grant.expires_at = f"at-{mark}", f"rt-{mark}", self._clock.now + LIFETIME
            return answer(200, {"access_token": grant.access, "refresh_token": grant.refresh})
        return answer(400, {"error": "invalid_grant"})


class Authorization:
    """Stands where `OAuthClient` stands: its protocol is tested elsewhere, here it is what may happen to it."""

    issuer, name, start_over = ALC, "ALC", "Connect again."

    def __init__(self, call: Call, clock: Clock) -> None:
        self._call, self._clock = call, clock

    def authorization_url(self, *, state: str, verifier: str) -> str:
        assert verifier
        return f"{self.issuer}/oauth/authorize?state={state}"

    def names_itself(self) -> bool:
        return True

    def exchange(self, code: str, verifier: str) -> Tokens:
        assert verifier
        return self._tokens({"code": code})

    def token_endpoint(self) -> str:
        return f"{self.issuer}/oauth/token"

    def refresh(self, refresh_token: str, token_endpoint: str) -> Tokens:
        assert token_endpoint == self.token_endpoint()
        return self._tokens({"refresh_token": refresh_token})

    def revoke(self, token: str, hint: str) -> None:
        assert hint
        if self._ask("/oauth/revoke", {"token": token}).status != 200:
            raise OAuthFailed("ALC did not revoke.")

    def _tokens(self, body: dict[str, str]) -> Tokens:
        reply = self._ask("/oauth/token", body)
        if reply.status == 400:
            raise OAuthDenied("ALC refused the tokens.")
        if reply.status != 200:
            raise OAuthFailed("ALC did not answer the token request as it should.")
        try:
            found = reply.json()
        except ValueError as error:
            raise OAuthFailed("ALC's answer to the token request could not be read.") from error
        return Tokens(found["access_token"], found["refresh_token"], self._clock.now + LIFETIME, "leads webhooks")

    def _ask(self, path: str, body: dict[str, str]) -> FetchResponse:
        try:
            return self._call("POST", f"{self.issuer}{path}", {}, body)
        except FetchError as error:
            raise OAuthFailed(error.message) from error
