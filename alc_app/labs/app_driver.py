"""The driver of the app's side: it presses the button over HTTP, and the worker does the work, as for any user."""

from __future__ import annotations

import json
import os
import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

import requests
from sqlmodel import col, or_, select, update

from alc_app.attio.host.context import running
from alc_app.labs.clients import Json, LabFailed
from alc_app.labs.driver import ACCOUNT, Driver, Emit
from alc_app.leads.models import OPEN, Lead, RecordSync
from alc_app.pages import SideName
from alc_app.runtime.context import AppContext
from alc_app.runtime.exchanges.log import log_calls_as
from alc_app.runtime.http_client import new_session
from alc_app.runtime.oauth_client import Tokens
from alc_app.runtime.services import WORKSPACE, Services

AFTER_THE_POST = "_post.after"
"""The failpoint after ALC has answered the POST and before the step's result is stored (runtime/failpoints.py)."""
DELIVERY_TAKEN, LOOKS_FOR_WORK = "delivery_claimed", "relay_looks"
KILL_TIMEOUT = 15.0
RESTART_TIMEOUT = 40.0
RUN_TIMEOUT = 15.0


class AppDriver(Driver):
    """Drives this app through the workspace's connection; a lab that breaks a connection makes one of its own."""

    name: ClassVar[SideName] = "ours"
    _connection = ""

    def __init__(self, services: Services, emit: Emit, stopping: threading.Event) -> None:
        """Log as the whole app does."""
        super().__init__(services, emit, stopping)
        self.exchanges = services.exchanges

    def set_up(self) -> None:
        """Read the access token of the workspace's connection."""
        self.token = self.services.connections.usable(WORKSPACE).value

    def send(self, record_id: str) -> str:
        """Press the button on the record's page as a browser does. Return the last message, or "" if cut off."""
        person, message = f"{self.services.config.base_url}/people/{record_id}", ""
        with new_session() as browser:  # it keeps the cookie that the page's CSRF token belongs to
            try:
                page = browser.get(person, headers={"Accept": "text/html"})
                found = re.search(r'name="csrf-token" content="([^"]+)"', page.text)
                token = found.group(1) if found else ""
                reply = browser.post(f"{person}/actions/send-to-alc", headers={"X-CSRFToken": token})
            except requests.RequestException:
                return ""
        if not reply.ok:
            raise LabFailed(f"Our page answered the click with {reply.status_code}.")
        for line in map(json.loads, filter(None, reply.text.split("\n"))):
            if "title" in line:
                message = ". ".join(filter(None, (line["title"], line.get("text"))))
        return message

    def webhook_url(self) -> str:
        """Return the URL of the workspace's own webhook handler."""
        live = self.services.connections.usable_id(WORKSPACE)
        handler = next(
            row for row in self.services.webhook_handlers.of_connection(live) if row.file_name == "lead_processed"
        )
        return self.services.webhook_handlers.url(handler.id, handler.signed_by)

    def enable_pending_write(self) -> None:
        """Do nothing: the app always marks the record as "Pending"."""

    def is_settled(self, record_id: str) -> bool:
        """Return whether the record shows what our rows say, and no send is under way."""
        return not self._is_behind(record_id, ("sending",))

    def bring_retries_forward(self, record_id: str) -> None:
        """Make the record's unresolved sends and writes due."""
        now = self.services.now()
        with self.services.database.transaction() as session:
            for row, waits in (
                (Lead, col(Lead.status) == "sending"),
                (RecordSync, col(RecordSync.due_at).is_not(None)),
            ):
                session.exec(update(row).where(col(row.record_id) == record_id, waits).values(due_at=now))

    def has_ended(self, record_id: str) -> bool:
        """Return whether every lead has ended and the record shows it."""
        return not self._is_behind(record_id, OPEN)

    def send_and_kill(self, record_id: str) -> str:
        """Make the worker kill itself at the failpoint, press the button, and wait for the restarted worker."""
        with self._killed_at(AFTER_THE_POST):
            click = self.click_async(record_id)
        self.report("ALC has the lead, and the worker dies of signal 9. The demo starts it again.")
        return click.result(RESTART_TIMEOUT)

    def decide_and_kill(self, lead: Json) -> None:
        """Make the worker kill itself when it takes the stored delivery."""
        with self._killed_at(DELIVERY_TAKEN):
            self.decide(lead)
        self.report(
            "The app has stored and answered the result, and the worker dies of signal 9. The demo starts it again."
        )

    def kill(self) -> None:
        """Make the worker kill itself when it next looks for work."""
        with self._killed_at(LOOKS_FOR_WORK):
            pass
        self.report("The worker dies of signal 9. The demo starts it again.")

    @contextmanager
    def _killed_at(self, failpoint: str) -> Iterator[None]:
        """Order the kill, and wait after the block until the worker has died. Raises: LabFailed."""
        order = self.services.config.kill_once
        if order is None:
            raise LabFailed("Labs kill processes in development only.")
        self.add_cleanup(order.unlink, True)
        draft = order.with_suffix(".new")
        # The pid is the one that must not die: this process.
        draft.write_text(f"{failpoint} {os.getpid()}", encoding="ascii")
        draft.replace(order)
        yield
        killed = self.poll(lambda: not order.exists(), timeout=KILL_TIMEOUT)
        order.unlink(missing_ok=True)
        if not killed:
            raise LabFailed("There is no worker to kill. The worker must run in its own process, as in the demo.")

    def connect(self) -> Json:
        """Make a second connection, beside the workspace's, with the same event handler; no lead goes through it."""
        services = self.services
        granted = self.alc.create_tokens(services.config.alc_client_id, ACCOUNT)
        tokens = Tokens(
            granted["access_token"], granted["refresh_token"], time.time() + granted["expires_in"], granted["scope"]
        )
        self._connection = services.connections.add(ACCOUNT, tokens)
        self.add_cleanup(remove_connection, services, self._connection)
        with (
            running(AppContext(services, connection_id=self._connection)),
            log_calls_as(services.exchanges, "Event Handler"),
        ):
            services.manifest.events.connection_added(services.connections.with_fresh_token(self._connection))
        services.connections.activate(self._connection)
        handler = next(
            row for row in services.webhook_handlers.of_connection(self._connection) if row.external_webhook_id
        )
        return {
            "webhook_id": handler.external_webhook_id,
            "url": services.webhook_handlers.url(handler.id, handler.signed_by),
        }

    def disconnect(self) -> None:
        """Do what the install page's button does, with the tutorial's kind of removal, which is not strict."""
        strict = False
        result = _end(self.services, "disconnect", self._connection, strict)
        if "error" in result:
            self.report(f"The clean-up fails. The app stores it as a job: “{result['error']['message']}”")

    def _is_behind(self, record_id: str, statuses: Sequence[str]) -> bool:
        """Return whether a lead has one of these statuses, or the record does not show what it should.

        One query, or a verdict could arrive between two.
        """
        unsettled = or_(col(Lead.status).in_(statuses), col(RecordSync.shown_version) < col(RecordSync.version))
        both = select(Lead.id).join(RecordSync, col(RecordSync.record_id) == col(Lead.record_id))
        with self.services.database.reading() as session:
            return session.exec(both.where(Lead.record_id == record_id, unsettled)).first() is not None


def remove_connection(services: Services, connection_id: str) -> None:
    """Remove a connection of a lab, unless it is removed already."""
    if services.connections.row(connection_id).status != "removed":
        _end(services, "remove", connection_id)


def _end(services: Services, workflow: str, connection_id: str, *args: Any) -> dict[str, Any]:
    deduplication_id = f"{workflow}:{connection_id}"
    run_id = services.engine.enqueue(
        workflow, connection_id, *args, queue="lifecycle", deduplication_id=deduplication_id
    )
    return services.engine.wait_for_outcome(run_id, within=RUN_TIMEOUT)
