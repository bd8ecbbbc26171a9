"""Make and remove connections, and keep what Attio promises about the two events, across crashes.

`connection_added` runs before the connection is saved; if it raises, the connection is not saved. It runs again for an
active connection that lacks something. `connection_removed` runs before the connection is deleted. The queue
`lifecycle` runs one of these at a time in the whole installation, so that a connect and a disconnect never overlap.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from alc_app.attio.connections import Connection
from alc_app.attio.errors import AttioConnectionExpiredError
from alc_app.attio.host.backoff import backoff
from alc_app.attio.host.context import outcome, running, settle
from alc_app.runtime.context import DurableContext, StoredConnection
from alc_app.runtime.exchanges.log import log_calls_as
from alc_app.runtime.failpoints import failpoint
from alc_app.runtime.jobs.attempts import attempt
from alc_app.runtime.jobs.handler_maintenance import HandlerMaintenance
from alc_app.runtime.oauth_client import OAuthFailed
from alc_app.runtime.services import WORKSPACE, Services
from alc_app.runtime.storage.tables import ConnectionRow
from alc_app.runtime.stores.connections import REMOVAL_RETRY_AFTER
from alc_app.runtime.workflows.activations import WorkflowActivations

GIVE_UP_AFTER = 30 * 86_400.0
"""Seconds that we keep the tokens of a connection whose clean-up at ALC fails (C10)."""
HANDLER = "Event Handler"
FIRST_RETRY, LONGEST_RETRY = 5.0, 3600.0
log = logging.getLogger(__name__)


class Lifecycle:
    """The bodies of the durable runs. Everything with an effect is a step."""

    def __init__(self, services: Services) -> None:
        """Work on these services."""
        self._services, self._handlers = services, HandlerMaintenance(services)

    def connect(self, flow_id: str) -> dict[str, Any]:
        """Redeem the code, fire `connection_added`, save the connection (tutorial steps Installation 4-7).

        If any of it fails, undo all of it. Returns {"ok": the connection's id} or {"error": …}.
        """
        context = DurableContext(self._services)
        with log_calls_as(self._services.exchanges, "Attio UI"):
            redeemed = context.step("exchange_code", lambda: outcome(lambda: self._redeem(flow_id)))
        if "error" in redeemed:
            return dict(redeemed)
        connection_id: str = redeemed["ok"]
        added = attempt(lambda: self._run_added(connection_id))
        if "error" in added:
            context.step("refuse", lambda: self._refuse(connection_id, added["error"]["message"]))
            self.remove(connection_id)
            return added
        saved = context.step("save", lambda: outcome(lambda: self._save(connection_id)))
        if "error" in saved:
            return dict(saved)
        if saved["ok"]:
            self._hand_over(context)
            self.remove(saved["ok"])
        return {"ok": connection_id}

    def disconnect(self, connection_id: str, *, strict: bool) -> dict[str, Any]:
        """Remove a connection for a person.

        If `strict`, a failing `connection_removed` keeps the connection, as in Attio's reference (C12). What it had
        deleted by then is made again by `restore`; that is scheduled first, so that nothing is lost if this run ends
        in the middle. `strict` is the setting at the time of the click, so that a run that is continued takes the same
        branch.
        """
        if strict:
            context = DurableContext(self._services, connection_id)
            context.step("restore_later", lambda: self._restore_later(connection_id))
            result = attempt(lambda: self._run_removed(context, connection_id))
            if "error" in result:
                why = result["error"]["message"]
                context.step("keep_connection", lambda: self._keep_connection(connection_id, why))
                return result
        return self.remove(connection_id)

    def restore(self, connection_id: str) -> dict[str, Any]:
        """Make what an active connection must have and lacks, by `connection_added` and the triggers' `activate`.

        What fails is retried later.
        """
        context = DurableContext(self._services, connection_id)
        if not context.step("start_restoring", lambda: self._start_restoring(connection_id)):
            return {"ok": connection_id}
        added = attempt(lambda: self._run_added(connection_id))
        context.step("end_restoring", lambda: self._end_restoring(connection_id, added))
        return added

    def remove(self, connection_id: str) -> dict[str, Any]:
        """Close the webhook URLs at once, fire `connection_removed`, revoke and erase the tokens (Removal 1-3).

        What fails is retried later.
        """
        context = DurableContext(self._services, connection_id)
        if not context.step("start_removal", lambda: self._start_removal(connection_id)):
            return {"ok": connection_id}
        cleaned = attempt(lambda: self._clean_up(context, connection_id))
        if "error" in cleaned:
            why = cleaned["error"]["message"]
            context.step("retry_removal_later", lambda: self._retry_removal_later(connection_id, why))
            return cleaned
        context.step("erase", lambda: self._erase(connection_id))
        return {"ok": connection_id}

    def _redeem(self, flow_id: str) -> str:
        """Exchange the code for tokens, and store them. Returns the id of the new connection.

        A code works once: after a crash between the exchange and our commit, the person has to connect again.
        Raises: OAuthFailed.
        """
        if self._services.connections.exists(flow_id):
            return flow_id  # stored before a crash
        grant = self._services.oauth_flows.grant(flow_id)
        self._services.oauth_flows.erase_secrets(flow_id)
        if grant is None:
            raise OAuthFailed("The connection was interrupted. Please connect again.")
        tokens = self._services.oauth.exchange(grant.code, grant.verifier)
        failpoint("tokens_in_hand")
        return self._services.connections.add(WORKSPACE, tokens, flow_id, connected_by=grant.person_id)

    def _run_added(self, connection_id: str) -> None:
        context = DurableContext(self._services, connection_id)
        with running(context), self._event("connection_added"):
            read = partial(self._services.connections.with_fresh_token, connection_id)
            self._services.manifest.events.connection_added(StoredConnection(connection_id, read))

    def _hand_over(self, context: DurableContext) -> None:
        """Subscribe connectors and triggers for the new connection before the old one's webhooks are deleted.

        Else an event in between would reach neither. What fails is retried later by its own job.
        """
        due, activations = context.step("find_handover", self._find_handover), WorkflowActivations(self._services)
        for handler_id in due["subscriptions"]:
            attempt(partial(self._handlers.maintain_subscription, handler_id))
        with running(context), log_calls_as(self._services.exchanges, "Workflow"):
            for workflow_id in due["workflows"]:
                attempt(partial(activations.reconcile, workflow_id))

    def _find_handover(self) -> dict[str, list[str]]:
        due = WorkflowActivations(self._services).due()
        return {"subscriptions": list(self._services.subscriptions.due()), "workflows": due}

    def _clean_up(self, context: DurableContext, connection_id: str) -> None:
        self._run_removed(context, connection_id)
        with log_calls_as(self._services.exchanges, "Attio UI"):
            settle(context.step("revoke", lambda: outcome(lambda: self._services.connections.revoke(connection_id))))

    def _run_removed(self, context: DurableContext, connection_id: str) -> None:
        with running(context), self._event("connection_removed"):
            read = partial(self._connection_for_clean_up, connection_id)
            self._services.manifest.events.connection_removed(StoredConnection(connection_id, read))

    @contextmanager
    def _event(self, name: str) -> Iterator[None]:
        """Record in the log of exchanges that the app's handler of an event runs."""
        exchanges = self._services.exchanges
        with exchanges.call(HANDLER, f"Fires {name}", sender="Attio UI"), log_calls_as(exchanges, HANDLER):
            yield

    def _connection_for_clean_up(self, connection_id: str) -> Connection:
        """Return the connection, or the workspace's new one if ALC no longer accepts the old."""
        try:
            return self._services.connections.with_fresh_token(connection_id)
        except AttioConnectionExpiredError:
            return self._services.connections.usable(WORKSPACE)

    def _save(self, connection_id: str) -> str | None:
        replaced = self._services.connections.activate(connection_id)
        self._services.publish("connection", {"status": "active"})
        log.info("The connection %s is saved.", connection_id, extra={"connection_id": connection_id})
        return replaced

    def _refuse(self, connection_id: str, why: str) -> None:
        """Mark a connection that `connection_added` refused, so that it is removed even if we crash now."""
        with self._services.database.transaction() as session:
            row = session.get_one(ConnectionRow, connection_id)
            if row.status == "adding":  # else it was given up while this run lay idle
                row.status, row.why = "removing", why

    def _restore_later(self, connection_id: str) -> None:
        """Have the connection restored after a while, unless it is removed by then."""
        with self._services.database.transaction() as session:
            session.get_one(ConnectionRow, connection_id).due_at = self._services.now() + REMOVAL_RETRY_AFTER

    def _keep_connection(self, connection_id: str, why: str) -> None:
        """Record why a strict removal failed, and have the connection restored at once."""
        with self._services.database.transaction() as session:
            row = session.get_one(ConnectionRow, connection_id)
            row.why, row.due_at = why, self._services.now()
            self._services.publish("connection", {"status": "active"})

    def _start_restoring(self, connection_id: str) -> bool:
        """Prepare all registrations to be made again, and schedule the next try. Returns False if it is not active."""
        with self._services.database.transaction() as session:
            row = session.get_one(ConnectionRow, connection_id)
            if row.status != "active":
                return False
            row.due_at = self._services.now() + REMOVAL_RETRY_AFTER
            self._services.webhook_handlers.forget_external_ids(connection_id)
            self._services.subscriptions.refresh_all(connection_id)
            WorkflowActivations(self._services).activate_again(connection_id)
            return True

    def _end_restoring(self, connection_id: str, result: dict[str, Any]) -> None:
        """Store that the connection is complete, or schedule the next try."""
        with self._services.database.transaction() as session:
            row = session.get_one(ConnectionRow, connection_id)
            if row.status != "active":
                return
            if "ok" in result:
                row.tries, row.due_at = 0, None
                return
            row.tries += 1
            row.due_at = self._services.now() + backoff(row.tries, FIRST_RETRY, LONGEST_RETRY)
        log.warning("The connection %s is not complete yet: %s", connection_id, result["error"]["message"])

    def _start_removal(self, connection_id: str) -> bool:
        """Mark the connection as being removed. Returns False if it is removed already.

        From this commit on nothing is sent with it, and its webhook URLs answer 410.
        """
        with self._services.database.transaction() as session:
            row = session.get_one(ConnectionRow, connection_id)
            if row.status == "removed":
                return False
            row.status, row.due_at = "removing", self._services.now() + REMOVAL_RETRY_AFTER
            row.removing_since = row.removing_since or self._services.now()
            self._services.webhook_handlers.tombstone(connection_id)
            self._publish(row, "removing")
            return True

    def _retry_removal_later(self, connection_id: str, why: str) -> None:
        """Schedule the next try; after 30 days erase the tokens and leave a dead letter."""
        now = self._services.now()
        with self._services.database.transaction() as session:
            row = session.get_one(ConnectionRow, connection_id)
            if now - (row.removing_since or now) > GIVE_UP_AFTER:
                log.error("Giving up on the clean-up of connection %s at ALC: %s", connection_id, why)
                row.why = why
                self._services.connections.erase(connection_id, "given_up")
                self._services.publish("dead_letter", {"id": f"clean-up:{connection_id}"})
                return
            row.tries, row.why = row.tries + 1, why
            row.due_at = now + backoff(row.tries, FIRST_RETRY, LONGEST_RETRY)
            self._publish(row, "cleaning")

    def _erase(self, connection_id: str) -> None:
        self._services.connections.erase(connection_id)
        self._publish(self._services.connections.row(connection_id), "removed")
        log.info("The connection %s is removed.", connection_id, extra={"connection_id": connection_id})

    def _publish(self, row: ConnectionRow, status: str) -> None:
        """Publish the status to the open pages, unless the connection is one that a lab made for itself."""
        if row.workspace_id == WORKSPACE:
            self._services.publish("connection", {"status": status})
