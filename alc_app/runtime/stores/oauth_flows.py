"""Store of OAuth flows, from a click on Connect, or a sign-in, to the callback. Each is consumed once (O1-O6)."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import uuid4

from sqlalchemy import update
from sqlmodel import col, select

from alc_app.runtime.failpoints import failpoint
from alc_app.runtime.oauth_client import new_verifier
from alc_app.runtime.storage.database import Database
from alc_app.runtime.storage.sealing import Sealer
from alc_app.runtime.storage.tables import OAuthFlow

LIFETIME = 600.0
"""Seconds from the click to the callback."""


class CallbackRefused(Exception):
    """The callback belongs to no open flow of this browser. The message is for the person."""

    def __init__(self, what: str, advice: str) -> None:
        """Take what is wrong and what to do, each as a sentence."""
        super().__init__(f"{what} {advice}")
        self.what, self.advice = what, advice


class ConsentDenied(Exception):
    """The server sent an error: "denied" by the person, or "failed". The message names the notice to show."""

    def __init__(self, notice: str, return_to: str = "") -> None:
        """Take the notice, and the page that the flow was begun for."""
        super().__init__(notice)
        self.return_to = return_to


class Client(Protocol):
    """Our client at an authorization server: that of ALC, or the one where people sign in."""

    @property
    def issuer(self) -> str:
        """The server's URL."""

    @property
    def name(self) -> str:
        """What people call the server."""

    @property
    def start_over(self) -> str:
        """What to do after a callback was refused, as a sentence."""

    def authorization_url(self, *, state: str, verifier: str) -> str:
        """Return the URL to send the browser to. Raises: OAuthFailed."""

    def names_itself(self) -> bool:
        """Tell whether each callback must have an `iss`. Raises: OAuthFailed."""


@dataclass(frozen=True)
class Grant:
    """An accepted callback: code and PKCE verifier for the token request, and what was kept when the flow began."""

    code: str
    verifier: str
    person_id: str | None
    return_to: str


class OAuthFlows:
    """The store of OAuth flows."""

    def __init__(
        self,
        database: Database,
        sealer: Sealer,
        client: Client,
        now: Callable[[], float] = time.time,
        purpose: Literal["connect", "sign_in"] = "connect",
    ) -> None:
        """Seal secrets with `sealer`; `client` builds the authorization URL. Other purposes' flows are not seen."""
        self._database, self._sealer, self._client, self._now = database, sealer, client, now
        self._purpose = purpose

    def begin(self, browser: str, person_id: str | None = None, return_to: str = "") -> str:
        """Start a flow for this browser and person; return the URL to send it to. Raises: OAuthFailed."""
        flow_id, state, verifier = uuid4().hex, secrets.token_urlsafe(32), new_verifier()
        url = self._client.authorization_url(state=state, verifier=verifier)
        with self._database.transaction() as session:
            session.add(
                OAuthFlow(
                    id=flow_id,
                    state_hash=_hash(state),
                    browser_hash=_hash(browser),
                    purpose=self._purpose,
                    person_id=person_id,
                    return_to=return_to,
                    issuer=self._client.issuer,
                    verifier=self._sealer.seal(f"oauth_flow/{flow_id}/verifier", verifier),
                    expires_at=self._now() + LIFETIME,
                )
            )
        failpoint("flow_stored")
        return url

    def accept(self, query: Mapping[str, list[str]], browser: str, person_id: str | None = None) -> str:
        """Accept a callback, once; return the flow's id. Raises: CallbackRefused, ConsentDenied, OAuthFailed."""
        values = {name: query.get(name, []) for name in ("state", "code", "iss", "error")}
        if any(len(found) > 1 for found in values.values()):  # O6
            raise self._refusal(f"{self._client.name} sent a parameter twice.")
        state, code, issuer, error = ("".join(values[name]) for name in ("state", "code", "iss", "error"))
        flow = self._consume(state, browser, person_id)
        if issuer != flow.issuer and (issuer or self._client.names_itself()):  # RFC 9207, O4: before any token request
            raise self._refusal(f"{self._client.name} did not send this answer.")
        if error:
            raise ConsentDenied("denied" if error == "access_denied" else "failed", flow.return_to)
        if not code:
            raise self._refusal(f"{self._client.name} sent no code.")
        with self._database.transaction() as session:
            sealed = self._sealer.seal(f"oauth_flow/{flow.id}/code", code)
            session.exec(update(OAuthFlow).where(col(OAuthFlow.id) == flow.id).values(code=sealed))
        return flow.id

    def grant(self, flow_id: str) -> Grant | None:
        """Return the code and the verifier of an accepted flow, or None if they are erased already."""
        with self._database.reading() as session:
            flow = session.get_one(OAuthFlow, flow_id)
        if flow.code is None:
            return None
        return Grant(
            code=self._sealer.unseal(f"oauth_flow/{flow_id}/code", flow.code),
            verifier=self._sealer.unseal(f"oauth_flow/{flow_id}/verifier", flow.verifier),
            person_id=flow.person_id,
            return_to=flow.return_to,
        )

    def return_to(self, flow_id: str, browser: Collection[str]) -> str | None:
        """Return the page that a flow was begun for, empty for none; None if none of the browser's secrets began it."""
        with self._database.reading() as session:
            flow = session.get(OAuthFlow, flow_id)
        if flow is None or flow.purpose != self._purpose or flow.browser_hash not in map(_hash, browser):
            return None
        return flow.return_to

    def erase_secrets(self, flow_id: str) -> None:
        """Erase a flow's secrets. The row stays (jobs/retention.py), so that a replayed callback is recognized."""
        with self._database.transaction() as session:
            session.exec(update(OAuthFlow).where(col(OAuthFlow.id) == flow_id).values(code=None, verifier=""))

    def _consume(self, state: str, browser: str, person_id: str | None) -> OAuthFlow:
        """Consume the flow of this state, in one statement, so that only one of two callbacks succeeds (O3, O22)."""
        ours = (
            col(OAuthFlow.state_hash) == _hash(state),
            col(OAuthFlow.browser_hash) == _hash(browser),
            col(OAuthFlow.purpose) == self._purpose,
            col(OAuthFlow.person_id).is_(None) if person_id is None else col(OAuthFlow.person_id) == person_id,
        )
        usable = (*ours, col(OAuthFlow.used_at).is_(None), col(OAuthFlow.expires_at) > self._now())
        with self._database.transaction() as session:
            won = session.exec(update(OAuthFlow).where(*usable).values(used_at=self._now())).rowcount
            flow = session.exec(select(OAuthFlow).where(*ours)).first()
        if not won or flow is None:
            used = flow is not None and flow.used_at is not None
            what = "was already used" if used else "has expired, or began in another browser or with another person"
            raise self._refusal(f"This sign-in {what}, so nothing was changed.")
        return flow

    def _refusal(self, what: str) -> CallbackRefused:
        return CallbackRefused(what, self._client.start_over)


def _hash(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
