"""The driver of the naive side: it runs the tutorial's code in this process, where nothing is stored."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, ClassVar

from alc_app.attio.effects import Effect
from alc_app.attio.host.context import running
from alc_app.attio.manifest import ServerFunction
from alc_app.clients.graphql_loader import execute
from alc_app.labs.clients import Json, LabFailed
from alc_app.labs.driver import ACCOUNT, PHONE, Driver, Emit
from alc_app.labs.naive.events.connection_added import connection_added
from alc_app.labs.naive.events.connection_removed import connection_removed
from alc_app.labs.naive.runtime import NaiveRuntime
from alc_app.labs.naive.send_to_alc_record_action import on_trigger
from alc_app.labs.naive.send_to_alc_server import send_to_alc, send_to_alc_and_mark_pending
from alc_app.pages import SideName
from alc_app.runtime.context import AppContext
from alc_app.runtime.services import Services

PROCESS_TIMEOUT = 30.0
WEBHOOK_PATH = "/naive/hooks/"
NaiveRuntimes = dict[str, NaiveRuntime]
"""The runtime behind each naive webhook handler, by the handler's id, while a lab runs."""


class NaiveDriver(Driver):
    """Drives the tutorial's code, which has an ALC account of its own."""

    name: ClassVar[SideName] = "naive"

    def __init__(self, services: Services, emit: Emit, stopping: threading.Event, runtimes: NaiveRuntimes) -> None:
        """Add this side's runtime to `runtimes`, where the webhook route looks it up."""
        super().__init__(services, emit, stopping)
        self._runtimes = runtimes
        self._function: ServerFunction[..., Any] = send_to_alc

    def set_up(self) -> None:
        """Get tokens from ALC's control API, and register the webhook as the tutorial does."""
        tokens = self.alc.create_tokens(self.services.config.alc_client_id, ACCOUNT)
        self.add_cleanup(self.services.oauth.revoke, tokens["refresh_token"], "refresh_token")
        self.token = tokens["access_token"]
        webhooks_url = f"{self.services.config.base_url}{WEBHOOK_PATH}"
        self.runtime = NaiveRuntime(self.services.settings, self.token, webhooks_url=webhooks_url)
        self.add_cleanup(self._delete_webhooks)
        self._run(lambda: connection_added(self.runtime.workspace_connection()))
        self._runtimes |= dict.fromkeys(self.runtime.webhook_handlers, self.runtime)

    def enable_pending_write(self) -> None:
        """Use the variant of the server function that does Usage 9."""
        self._function = send_to_alc_and_mark_pending

    def create_person(self, name: str) -> str:
        """Create a person, and allow the naive runtime to write this record."""
        record_id = super().create_person(name)
        self.runtime.writable_records.add(record_id)
        return record_id

    def send(self, record_id: str) -> str:
        """Run the record action, perform its host effects, and return the last title and text that it showed."""
        action: Any = on_trigger(record_id)
        message, result, error = "", None, None
        while True:
            try:
                effect = action.throw(error) if error else action.send(result)
            except StopIteration:
                return message
            result = error = None
            if effect.by == "host":
                try:
                    result = self._perform(effect)
                except Exception as failed:
                    error = failed
            elif "title" in effect.data:
                message = " ".join(filter(None, (effect.data["title"], effect.data.get("text"))))

    def webhook_url(self) -> str:
        """Return the URL that the tutorial's code has registered at ALC."""
        return next(iter(self.runtime.webhook_handlers.values())).url

    def is_settled(self, record_id: str) -> bool:
        """Return True: the tutorial's code keeps no list of work that is left."""
        return True

    def has_ended(self, record_id: str) -> bool:
        """Return True: the tutorial's code waits for nothing."""
        return True

    def send_and_kill(self, record_id: str) -> str:
        """Run the server function in a process that kills itself between the two writes. Return ""."""
        job = {
            "settings": asdict(self.services.settings),
            "alc_token": self.token,
            "arguments": [record_id, "Lab", PHONE],
        }
        process = subprocess.run(
            [sys.executable, "-m", "alc_app.labs.naive"],
            input=json.dumps(job).encode(),
            stderr=subprocess.PIPE,
            timeout=PROCESS_TIMEOUT,
            check=False,
        )
        if process.returncode >= 0:
            raise LabFailed(f"The naive process was not killed, it ended: {process.stderr.decode()[-300:]}")
        self.report(f"ALC has the lead, and the process dies of signal {-process.returncode}.")
        return ""

    def connect(self) -> Json:
        """Return the webhook of the connection that `set_up` has made for this lab."""
        [handler] = self.runtime.webhook_handlers.values()
        return {"webhook_id": handler.external_webhook_id, "url": handler.url}

    def disconnect(self) -> None:
        """Fire the tutorial's event; its connection has nothing else to remove."""
        self._run(lambda: connection_removed(self.runtime.workspace_connection()))

    def _run(self, work: Callable[[], object]) -> object:
        runtime: Any = self.runtime  # implements only the part of Runtime that the tutorial's code uses
        with running(runtime):
            return work()

    def _perform(self, effect: Effect) -> Any:
        """Perform an effect that the server does for the browser: a GraphQL query or a server function."""
        if effect.name == "runQuery":
            with running(AppContext(self.services)):
                return execute(effect.data["query"], effect.data["variables"])["data"]
        return self._run(lambda: self._function.run(*effect.data["args"]))

    def _delete_webhooks(self) -> None:
        for webhook in self.alc.list_webhooks(self.token):
            if webhook["url"].startswith(f"{self.services.config.base_url}{WEBHOOK_PATH}"):
                self.alc.delete_webhook(self.token, webhook["webhook_id"])
                self._runtimes.pop(webhook["url"].rpartition("/")[2], None)
