"""ALC with its authorization server, and Attio, in virtual time: what they hold, and what they think of a token."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from alc_app.attio.host.errors import FetchError, FetchNotSent
from alc_app.attio.http import FetchResponse
from alc_app.runtime.oauth_client import OAuthDenied, OAuthFailed, Tokens
from tests.support.fakes.runtime import START, Outside, answer

LIFETIME = 3600.0
ALC, ATTIO = "https://alc.test", "https://attio.test"


@dataclass
class Grant:
    """One consent at ALC, and the tokens that came of it."""

    alive: bool = True
    access: str = ""
    expires_at: float = 0.0
    refresh: str = ""
    spent: set[str] = field(default_factory=set)


@dataclass
class Event:
    """One verdict for one webhook, that ALC sends until it gets a 2xx or a 410."""

    webhook_id: str
    message_id: str
    body: bytes
    answers: list[int] = field(default_factory=list)

    @property
    def waits(self) -> bool:
        """Will ALC send it again?"""
        return not {200, 410} & set(self.answers)


class Peers(Outside):
    """ALC with its authorization server, and Attio, behind one `call`. Either can be down."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self.down_until: dict[str, float] = {}
        """By origin: ALC, ATTIO."""
        self.gone: set[str] = set()
        """Records that are deleted."""
        self.grants: list[Grant] = []
        self.events: list[Event] = []
        self._numbers = iter(range(1, 10**9))

    def call(self, method: str, url: str, headers: Mapping[str, str], body: Any) -> FetchResponse:
        if any(url.startswith(origin) and self._clock.now < end for origin, end in self.down_until.items()):
            raise FetchNotSent("refused")
        return super().call(method, url, headers, body)

    def consent(self) -> str:
        """A person allows us; returns the code."""
        self.grants.append(Grant())
        return f"code-{len(self.grants) - 1}"

    def decide(self, lead: dict[str, str], status: str) -> None:
        """The agent has come to a verdict; every webhook is told."""
        at = datetime.fromtimestamp(self._clock.now, UTC).isoformat()
        lead |= {"status": status, "interest": "interested", "decided_at": at}
        told = {"lead_id": lead["id"], "record_id": lead["record_id"], "status": status, "occurred_at": at}
        body = json.dumps({"event": "lead.processed", "interest": "interested", **told}).encode()
        self.events += [Event(webhook, f"msg_{next(self._numbers)}", body) for webhook in self.heard("lead.processed")]

    def heard(self, event: str) -> list[str]:
        """The webhooks for an event."""
        return [webhook_id for webhook_id, webhook in self.webhooks.items() if webhook["event"] == event]

    def takes(self, authorization: str) -> bool:
        """Is this access token good now?"""
        value = authorization.removeprefix("Bearer ")
        return any(g.alive and g.access == value and g.expires_at > self._clock.now for g in self.grants)

    def _do(
        self, method: str, path: str, query: dict[str, str], headers: Mapping[str, str], body: Any
    ) -> FetchResponse:
        if path == "/oauth/token":
            return self._token(body)
        if path == "/oauth/revoke":
            for grant in self.grants:
                grant.alive = grant.alive and body["token"] not in {grant.access, grant.refresh, *grant.spent}
            return answer(200)
        if path.startswith("/api/") and not self.takes(headers["Authorization"]):
            return answer(401)
        if path.rpartition("/")[2] in self.gone:
            return answer(404, {"message": "Gone."})
        if (method, path) == ("POST", "/api/v1/webhooks"):
            return self._register(query, body)
        return super()._do(method, path, query, headers, body)

    def _register(self, query: dict[str, str], body: Any) -> FetchResponse:
        if any(webhook["name"] == body["name"] for webhook in self.webhooks.values()):
            return answer(409)
        return self._webhooks("POST", "", query, body)

    def _token(self, body: Mapping[str, str]) -> FetchResponse:
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

    issuer = ALC

    def __init__(self, peers: Peers, clock: Clock) -> None:
        self._peers, self._clock = peers, clock

    def authorization_url(self, *, state: str, verifier: str) -> str:
        assert verifier
        return f"{ALC}/oauth/authorize?state={state}"

    def exchange(self, code: str, verifier: str) -> Tokens:
        assert verifier
        return self._tokens({"code": code})

    def token_endpoint(self) -> str:
        return f"{ALC}/oauth/token"

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
            return self._peers.call("POST", f"{ALC}{path}", {}, body)
        except FetchError as error:
            raise OAuthFailed(error.message) from error


@dataclass
class Clock:
    """The time that all of them go by. It also stands where a module of ours has imported `time`."""

    now: float = START

    def monotonic(self) -> float:
        """For a deadline."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Whoever is waited for does nothing meanwhile, so there is no use in waking up often."""
        self.now += max(seconds, 5.0)


class Wire:
    """Stands where `Http` stands."""

    def __init__(self, peers: Peers) -> None:
        self._peers = peers

    def request(self, method: str, url: str, *, headers: Mapping[str, str], json: Any = None) -> FetchResponse:
        return self._peers.call(method, url, headers, json)
