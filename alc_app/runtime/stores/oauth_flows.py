"""Store of OAuth flows, from the click on Connect to the callback. Each is consumed once (O1-O6)."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import update
from sqlmodel import col, select

from alc_app.runtime.failpoints import failpoint
from alc_app.runtime.oauth_client import OAuthClient, new_verifier
from alc_app.runtime.storage.database import Database
from alc_app.runtime.storage.sealing import Sealer
from alc_app.runtime.storage.tables import OAuthFlow

LIFETIME = 600.0
"""Seconds from the click to the callback."""


class CallbackRefused(Exception):
    """The callback belongs to no open flow of this browser. The message is for the person."""


class ConsentDenied(Exception):
    """ALC sent an error: "denied" by the person, or "failed". The message names the notice of the install page."""


START_OVER = 'Open "Acme Lead Checker" and connect again.'


@dataclass(frozen=True)
class Grant:
    """The code and the PKCE verifier of an accepted callback, for the token request."""

    code: str
    verifier: str


class OAuthFlows:
    """The store of OAuth flows."""

    def __init__(
        self, database: Database, sealer: Sealer, client: OAuthClient, now: Callable[[], float] = time.time
    ) -> None:
        """Seal secrets with `sealer`; `client` builds the authorization URL."""
        self._database, self._sealer, self._client, self._now = database, sealer, client, now

    def begin(self, browser: str) -> str:
        """Start a flow for this browser; return the URL to send it to. Raises: OAuthFailed."""
        flow_id, state, verifier = uuid4().hex, secrets.token_urlsafe(32), new_verifier()
        url = self._client.authorization_url(state=state, verifier=verifier)
        with self._database.transaction() as session:
            session.add(
                OAuthFlow(
                    id=flow_id,
                    state_hash=_hash(state),
                    browser_hash=_hash(browser),
                    issuer=self._client.issuer,
                    verifier=self._sealer.seal(f"oauth_flow/{flow_id}/verifier", verifier),
                    expires_at=self._now() + LIFETIME,
                )
            )
        failpoint("flow_stored")
        return url

    def accept(self, query: Mapping[str, list[str]], browser: str) -> str:
        """Accept a callback, once; return the flow's id. Raises: CallbackRefused, ConsentDenied."""
        values = {name: query.get(name, []) for name in ("state", "code", "iss", "error")}
        if any(len(found) > 1 for found in values.values()):  # O6
            raise CallbackRefused(f"ALC sent us back with a parameter given twice. {START_OVER}")
        state, code, issuer, error = ("".join(values[name]) for name in ("state", "code", "iss", "error"))
        flow = self._consume(state, browser)
        if issuer != flow.issuer:  # RFC 9207, O4: before any token request
            raise CallbackRefused(f"This answer does not come from the ALC that was asked. {START_OVER}")
        if error:
            raise ConsentDenied("denied" if error == "access_denied" else "failed")
        if not code:
            raise CallbackRefused(f"ALC sent us back without a code. {START_OVER}")
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
        )

    def erase_secrets(self, flow_id: str) -> None:
        """Erase a flow's secrets. The row stays (jobs/retention.py), so that a replayed callback is recognized."""
        with self._database.transaction() as session:
            session.exec(update(OAuthFlow).where(col(OAuthFlow.id) == flow_id).values(code=None, verifier=""))

    def _consume(self, state: str, browser: str) -> OAuthFlow:
        """Consume the flow of this state, in one statement, so that only one of two callbacks succeeds (O3)."""
        ours = (col(OAuthFlow.state_hash) == _hash(state), col(OAuthFlow.browser_hash) == _hash(browser))
        usable = (*ours, col(OAuthFlow.used_at).is_(None), col(OAuthFlow.expires_at) > self._now())
        with self._database.transaction() as session:
            won = session.exec(update(OAuthFlow).where(*usable).values(used_at=self._now())).rowcount
            flow = session.exec(select(OAuthFlow).where(*ours)).first()
        if not won or flow is None:
            used = flow is not None and flow.used_at is not None
            what = "This sign-in was used already" if used else "This sign-in has expired or began in another browser"
            raise CallbackRefused(f"{what}, so nothing was changed. {START_OVER}")
        return flow


def _hash(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
