"""The driver of the naive side: it runs the tutorial's code in this process, where nothing is stored."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import Any, ClassVar

from alc_app.attio.effects import Effect
from alc_app.attio.host.context import running
from alc_app.attio.manifest import ServerFunction
from alc_app.clients.graphql_loader import execute
from alc_app.labs.clients import Json, LabFailed
from alc_app.labs.drawings import Drawings
from alc_app.labs.driver import ACCOUNT, Driver, Emit
from alc_app.labs.naive.events.connection_added import connection_added
from alc_app.labs.naive.events.connection_removed import connection_removed
from alc_app.labs.naive.runtime import NaiveRuntime
from alc_app.labs.naive.send_to_alc_record_action import on_trigger
from alc_app.labs.naive.send_to_alc_server import send_to_alc, send_to_alc_and_mark_pending
from alc_app.labs.naive_webhooks import WEBHOOK_PATH, NaiveHook, NaiveHooks
from alc_app.pages import SideName
from alc_app.runtime.context import AppContext
from alc_app.runtime.exchanges.log import log_calls_as
from alc_app.runtime.exchanges.record_actions import ACTION, UI, function_call_label, log_click, log_effect
from alc_app.runtime.services import Services

PROCESS_TIMEOUT = 30.0
HANDLER, FUNCTION = "Event Handler", "Server Function"
SEND = "POST /api/v1/leads"


class Killed(BaseException):
    """The process that ran the server function was killed. No code of the action sees it."""


class NaiveDriver(Driver):
    """Drives the tutorial's code, which has an ALC account of its own."""

    name: ClassVar[SideName] = "naive"
    _is_disconnected = False

    def __init__(
        self, services: Services, emit: Emit, stopping: threading.Event, hooks: NaiveHooks, drawings: Drawings
    ) -> None:
        """Serve this side's webhook handler in `hooks`. Its messages are drawn, and not stored."""
        super().__init__(services, emit, stopping)
        self.exchanges = services.exchanges.feed(lambda message: drawings.add("naive", message))
        self._hooks, self._kill_next = hooks, False
        self._function: ServerFunction[..., Any] = send_to_alc

    def set_up(self) -> None:
        """Get tokens from ALC's control API, and register the webhook as the tutorial does."""
        tokens = self.alc.create_tokens(self.services.config.alc_client_id, ACCOUNT)
        self.add_cleanup(self.services.oauth.revoke, tokens["refresh_token"], "refresh_token")
        self.token = tokens["access_token"]
        webhooks_url = f"{self.services.config.base_url}{WEBHOOK_PATH}"
        self.runtime = NaiveRuntime(self.services.settings, self.token, webhooks_url=webhooks_url)
        self.add_cleanup(self._delete_webhooks)
        self._add_connection()

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
        log_click(self.exchanges, "Send to ALC", [record_id], action)
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
                continue
            log_effect(self.exchanges, effect, action)
            if "title" in effect.data:
                message = ". ".join(filter(None, (effect.data["title"], effect.data.get("text"))))

    def webhook_url(self) -> str:
        """Return the URL that the tutorial's code has registered at ALC."""
        return next(iter(self.runtime.webhook_handlers.values())).url

    def is_settled(self, record_id: str) -> bool:
        """Return True: the tutorial's code keeps no list of work that is left."""
        return True

    def bring_retries_forward(self, record_id: str) -> None:
        """Do nothing: the tutorial's code tries nothing again."""

    def has_ended(self, record_id: str) -> bool:
        """Return True: the tutorial's code waits for nothing."""
        return True

    def send_and_kill(self, record_id: str) -> str:
        """Send, with the server function in a process that kills itself between the two writes. Return ""."""
        self._kill_next = True
        with suppress(Killed):
            self.send(record_id)
        return ""

    def _run_killed(self, arguments: Sequence[Any]) -> None:
        """Run the server function in a process that kills itself. Raises: Killed, LabFailed."""
        job = {"settings": asdict(self.services.settings), "alc_token": self.token, "arguments": arguments}
        with self.exchanges.call("ALC", SEND) as answer:  # the process makes this call
            process = subprocess.run(
                [sys.executable, "-m", "alc_app.labs.naive"],
                input=json.dumps(job).encode(),
                stderr=subprocess.PIPE,
                timeout=PROCESS_TIMEOUT,
                check=False,
            )
            answer |= {"label": "The process is killed", "failed": True}
        if process.returncode >= 0:
            raise LabFailed(f"The naive process ended before the kill: {process.stderr.decode()[-300:]}")
        self.report(f"ALC has the lead, and the process dies of signal {-process.returncode}.")
        raise Killed

    def decide_and_kill(self, lead: Json) -> None:
        """Let ALC decide. The tutorial's code answers when it has done everything, so a kill finds nothing to stop."""
        self.decide(lead)
        self.report("Nothing runs after the answer, so a kill changes nothing.")

    def kill(self) -> None:
        """Do nothing: the tutorial's code runs only while it is called, and keeps nothing."""
        self.report("Nothing runs between two calls, so a kill changes nothing.")

    def connect(self) -> Json:
        """Return the webhook of the connection that `set_up` has made for this lab; after `disconnect`, make one."""
        if self._is_disconnected:
            with self._event("connection_added"):
                self._add_connection()
        handler = list(self.runtime.webhook_handlers.values())[-1]
        return {"webhook_id": handler.external_webhook_id, "url": handler.url}

    def disconnect(self) -> None:
        """Fire the tutorial's event; its connection has nothing else to remove."""
        self._is_disconnected = True
        with self._event("connection_removed"):
            self._run(lambda: connection_removed(self.runtime.workspace_connection()))

    @contextmanager
    def _event(self, name: str) -> Iterator[None]:
        """Draw that an event handler runs, with its calls."""
        with self.exchanges.call(HANDLER, f"Fires {name}", sender=UI), log_calls_as(self.exchanges, HANDLER):
            yield

    def _add_connection(self) -> None:
        self._run(lambda: connection_added(self.runtime.workspace_connection()))
        self._is_disconnected = False
        self._hooks |= dict.fromkeys(self.runtime.webhook_handlers, NaiveHook(self.runtime, self.exchanges))

    def _run(self, work: Callable[[], Any]) -> Any:
        runtime: Any = self.runtime  # implements only the part of Runtime that the tutorial's code uses
        with running(runtime):
            return work()

    def _perform(self, effect: Effect) -> Any:
        """Perform an effect that the server does for the browser: a GraphQL query or a server function."""
        if effect.name == "runQuery":
            asked = self.exchanges.call("GraphQL", "run_query()", sender=ACTION, arguments=dict(effect.data))
            with asked as answer, log_calls_as(self.exchanges, "GraphQL"), running(AppContext(self.services)):
                answer["returns"] = found = execute(effect.data["query"], effect.data["variables"])["data"]
                return found
        arguments, label = effect.data["args"], function_call_label([effect.data])
        asked = self.exchanges.call(FUNCTION, label, sender=ACTION, arguments=arguments)
        with asked as answer, log_calls_as(self.exchanges, FUNCTION):
            if self._kill_next:
                self._kill_next = False
                self._run_killed(arguments)
            answer["returns"] = found = self._run(lambda: self._function.run(*arguments))
            return found

    def _delete_webhooks(self) -> None:
        for webhook in self.alc.list_webhooks(self.token):
            if webhook["url"].startswith(f"{self.services.config.base_url}{WEBHOOK_PATH}"):
                self.alc.delete_webhook(self.token, webhook["webhook_id"])
                self._hooks.pop(webhook["url"].rpartition("/")[2], None)
