"""A connection comes and goes: Attio's promises about its two events, kept across crashes.

*Added* runs before the connection is saved, and raising means that it is not. *Removed* runs before it is deleted. Both
run one at a time for the whole installation (queue `lifecycle`), so that a connect and a disconnect never cross.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from dbos import error as engine_error

from alc_app.attio.connections import Connection
from alc_app.attio.errors import AttioConnectionExpiredError
from alc_app.attio.host.backoff import backoff
from alc_app.attio.host.context import outcome, running, settle
from alc_app.attio.host.errors import ServerFunctionError
from alc_app.runtime.context import DurableContext
from alc_app.runtime.exchanges.log import log_calls_as
from alc_app.runtime.failpoints import failpoint
from alc_app.runtime.oauth_client import OAuthFailed
from alc_app.runtime.services import WORKSPACE, Services
from alc_app.runtime.storage.tables import ConnectionRow
from alc_app.runtime.stores.connections import REMOVAL_RETRY_AFTER

GIVE_UP_AFTER = 30 * 86_400.0
"""Seconds that we keep the tokens of a connection that ALC does not let us clean up (C10)."""
HANDLER = "Event Handler"
FIRST_RETRY, LONGEST_RETRY = 5.0, 3600.0
log = logging.getLogger(__name__)


class Lifecycle:
    """The bodies of the two durable runs. Every line that touches the world is a step."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def connect(self, flow_id: str) -> dict[str, Any]:
        """Redeem the grant, let the app prepare, save the connection; or undo all of it. Installation 4-7."""
        slot = DurableContext(self._services)
        with log_calls_as(self._services.exchanges, "Attio UI"):
            redeemed = slot.step("exchange_code", lambda: outcome(lambda: self._redeem(flow_id)))
        if "error" in redeemed:
            return dict(redeemed)
        connection_id: str = redeemed["ok"]
        added = _attempt(lambda: self._run_added(connection_id))
        if "error" in added:
            slot.step("refuse", lambda: self._refuse(connection_id, added["error"]["message"]))
            self.remove(connection_id)
            return added
        replaced = slot.step("save", lambda: self._save(connection_id))
        if replaced:
            self.remove(replaced)
        return {"ok": connection_id}

    def disconnect(self, connection_id: str, *, strict: bool) -> dict[str, Any]:
        """A person wants it gone. Strict, as in Attio's reference: a failure of the app's handler keeps it (C12).

        It is what held at the click, so a run that is continued takes the same way.
        """
        if strict:
            slot = DurableContext(self._services, connection_id)
            told = _attempt(lambda: self._run_removed(slot, connection_id))
            if "error" in told:
                slot.step("keep", lambda: self._keep(connection_id, told["error"]["message"]))
                return told
        return self.remove(connection_id)

    def remove(self, connection_id: str) -> dict[str, Any]:
        """Stop at once, let the app clean up, revoke, erase; what fails is tried again later. Removal 1-3."""
        slot = DurableContext(self._services, connection_id)
        if not slot.step("stop", lambda: self._stop(connection_id)):
            return {"ok": connection_id}
        cleaned = _attempt(lambda: self._clean_up(slot, connection_id))
        if "error" in cleaned:
            slot.step("try_later", lambda: self._try_later(connection_id, cleaned["error"]["message"]))
            return cleaned
        slot.step("erase", lambda: self._erase(connection_id))
        return {"ok": connection_id}

    def keep_subscription(self, handler_id: str) -> dict[str, Any]:
        """Have a connector subscribe, or refresh; in this queue, so that a disconnect never crosses it.

        One step, because what has to be done is found out within: a crash makes all of it be done anew.
        """
        row = self._services.webhook_handlers.row(handler_id)
        slot = DurableContext(self._services, row.connection_id if row else None)
        keep, key = self._services.subscriptions.subscribe_or_refresh, self._services.connections.with_fresh_token
        with running(slot), log_calls_as(self._services.exchanges, "Upkeep"):
            slot.step("keep_subscription", lambda: keep(handler_id, key))
        return {"ok": handler_id}

    def _redeem(self, flow_id: str) -> str:
        """Tokens for the code. A code is good once: after a crash before our commit the person starts over."""
        if self._services.connections.exists(flow_id):
            return flow_id  # the crash came after the commit
        grant = self._services.oauth_flows.grant(flow_id)
        self._services.oauth_flows.erase_secrets(flow_id)
        if grant is None:
            raise OAuthFailed("The connection was interrupted. Please connect again.")
        tokens = self._services.oauth.exchange(grant.code, grant.verifier)
        failpoint("tokens_in_hand")
        return self._services.connections.add(WORKSPACE, tokens, flow_id)

    def _run_added(self, connection_id: str) -> None:
        slot = DurableContext(self._services, connection_id)
        with running(slot), self._event("connection_added"):
            self._services.manifest.events.connection_added(self._services.connections.with_fresh_token(connection_id))

    def _clean_up(self, slot: DurableContext, connection_id: str) -> None:
        self._run_removed(slot, connection_id)
        with log_calls_as(self._services.exchanges, "Attio UI"):
            settle(slot.step("revoke", lambda: outcome(lambda: self._services.connections.revoke(connection_id))))

    def _run_removed(self, slot: DurableContext, connection_id: str) -> None:
        with running(slot), self._event("connection_removed"):
            self._services.manifest.events.connection_removed(self._key_to_clean_up(connection_id))

    @contextmanager
    def _event(self, name: str) -> Iterator[None]:
        """The app's handler of an event is at work."""
        exchanges = self._services.exchanges
        with exchanges.call(HANDLER, f"Fires {name}", sender="Attio UI"), log_calls_as(exchanges, HANDLER):
            yield

    def _key_to_clean_up(self, connection_id: str) -> Connection:
        """The connection itself; or the workspace's new one, when ALC no longer accepts the old."""
        try:
            return self._services.connections.with_fresh_token(connection_id)
        except AttioConnectionExpiredError:
            return self._services.connections.with_fresh_token(self._services.connections.usable_id(WORKSPACE))

    def _save(self, connection_id: str) -> str | None:
        replaced = self._services.connections.activate(connection_id)
        self._services.publish("connection", {"status": "active"})
        log.info("The connection %s is saved.", connection_id, extra={"connection_id": connection_id})
        return replaced

    def _refuse(self, connection_id: str, why: str) -> None:
        with self._services.database.transaction() as session:
            row = session.get_one(ConnectionRow, connection_id)
            row.status, row.why = "removing", why

    def _keep(self, connection_id: str, why: str) -> None:
        with self._services.database.transaction() as session:
            session.get_one(ConnectionRow, connection_id).why = why
            self._services.publish("connection", {"status": "active"})

    def _stop(self, connection_id: str) -> bool:
        """Sends end and addresses answer 410, from this commit on; False when it is removed already."""
        with self._services.database.transaction() as session:
            row = session.get_one(ConnectionRow, connection_id)
            if row.status == "removed":
                return False
            row.status, row.due_at = "removing", self._services.now() + REMOVAL_RETRY_AFTER
            row.removing_since = row.removing_since or self._services.now()
            self._services.webhook_handlers.tombstone(connection_id)
            self._tell(row, "removing")
            return True

    def _try_later(self, connection_id: str, why: str) -> None:
        now = self._services.now()
        with self._services.database.transaction() as session:
            row = session.get_one(ConnectionRow, connection_id)
            if now - (row.removing_since or now) > GIVE_UP_AFTER:
                log.error("Giving up on cleaning up connection %s at ALC: %s", connection_id, why)
                row.why = why
                self._services.connections.erase(connection_id, "given_up")
                self._services.publish("dead_letter", {"id": f"clean-up:{connection_id}"})
                return
            row.tries, row.why = row.tries + 1, why
            row.due_at = now + backoff(row.tries, FIRST_RETRY, LONGEST_RETRY)
            self._tell(row, "cleaning")

    def _erase(self, connection_id: str) -> None:
        self._services.connections.erase(connection_id)
        self._tell(self._services.connections.row(connection_id), "removed")
        log.info("The connection %s is removed.", connection_id, extra={"connection_id": connection_id})

    def _tell(self, row: ConnectionRow, status: str) -> None:
        """Tell the open pages, if the connection is the workspace's: a lab breaks one of its own."""
        if row.workspace_id == WORKSPACE:
            self._services.publish("connection", {"status": status})


def _attempt(work: Callable[[], Any]) -> dict[str, Any]:
    """The outcome of the app's own code, in which anything may go wrong."""
    try:
        return outcome(work)
    except engine_error.DBOSException:
        raise  # the engine's own affairs
    except Exception:
        log.exception("An event handler failed.")
        return {
            "error": ServerFunctionError("Something unexpected happened. The log of the worker says what.").to_json()
        }
