"""The tutorial's code, run as plainly as it is written: in this process, and nothing remembers anything."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, ClassVar

from alc_app.attio import graphql
from alc_app.attio.effects import Effect
from alc_app.attio.host.context import running
from alc_app.attio.manifest import ServerFunction
from alc_app.clients.graphql_loader import RestLoader
from alc_app.labs.clients import Json, LabFailed
from alc_app.labs.naive.events.connection_added import connection_added
from alc_app.labs.naive.events.connection_removed import connection_removed
from alc_app.labs.naive.runtime import NaiveRuntime
from alc_app.labs.naive.send_to_alc_record_action import on_trigger
from alc_app.labs.naive.send_to_alc_server import send_to_alc, send_to_alc_as_told
from alc_app.labs.side import ACCOUNT, PHONE, Side, Tell
from alc_app.pages import SideName
from alc_app.runtime.context import AppContext
from alc_app.runtime.services import Services

RUN_WITHIN = 30.0
HOOKS = "/naive/hooks/"
Addresses = dict[str, NaiveRuntime]
"""Whom each address of a naive webhook belongs to, while a lab runs."""


class NaiveSide(Side):
    """The tutorial's side, with an account of its own at ALC."""

    name: ClassVar[SideName] = "naive"

    def __init__(self, services: Services, tell: Tell, stopping: threading.Event, addresses: Addresses) -> None:
        super().__init__(services, tell, stopping)
        self._addresses = addresses
        self._function: ServerFunction[..., Any] = send_to_alc

    def set_up(self) -> None:
        """Connect: a token from the control door, and the webhook as the tutorial registers it."""
        tokens = self.alc.new_tokens(self.services.config.alc_client_id, ACCOUNT)
        self.undo(self.services.oauth.revoke, tokens["refresh_token"], "refresh_token")
        self.token = tokens["access_token"]
        self.runtime = NaiveRuntime(
            self.services.settings, self.token, hooks_url=f"{self.services.config.base_url}{HOOKS}"
        )
        self.undo(self._forget_webhooks)
        self._running(lambda: connection_added(self.runtime.workspace_connection()))
        self._addresses |= dict.fromkeys(self.runtime.webhook_handlers, self.runtime)

    def follow_the_text(self) -> None:
        """From here on, do what the tutorial's text says and its code forgets (Usage 9)."""
        self._function = send_to_alc_as_told

    def add_person(self, name: str) -> str:
        """The fence of the naive runtime opens for this record alone."""
        record_id = super().add_person(name)
        self.runtime.records.add(record_id)
        return record_id

    def send(self, record_id: str) -> str:
        """Play the record action: its effects are not shown to anybody but the lab."""
        action: Any = on_trigger(record_id)
        said, answer, error = "", None, None
        while True:
            try:
                effect = action.throw(error) if error else action.send(answer)
            except StopIteration:
                return said
            answer = error = None
            if effect.by == "host":
                try:
                    answer = self._host(effect)
                except Exception as failed:
                    error = failed
            elif "title" in effect.data:
                said = " ".join(filter(None, (effect.data["title"], effect.data.get("text"))))

    def hook_url(self) -> str:
        """The address that the tutorial's code has registered."""
        return next(iter(self.runtime.webhook_handlers.values())).url

    def is_settled(self, record_id: str) -> bool:
        """It knows of nothing that is left to do."""
        return True

    def has_ended(self, record_id: str) -> bool:
        """It waits for nothing."""
        return True

    def send_and_be_killed(self, record_id: str) -> str:
        """The same server function in a process of its own, which dies between its two writes."""
        job = {
            "settings": asdict(self.services.settings),
            "alc_token": self.token,
            "arguments": [record_id, "Lab", PHONE],
        }
        died = subprocess.run(
            [sys.executable, "-m", "alc_app.labs.naive"],
            input=json.dumps(job).encode(),
            stderr=subprocess.PIPE,
            timeout=RUN_WITHIN,
            check=False,
        )
        if died.returncode >= 0:
            raise LabFailed(f"The naive process was not killed, it ended: {died.stderr.decode()[-300:]}")
        self.say(f"ALC has the lead, and the process dies of signal {-died.returncode}.")
        return ""

    def connect(self) -> Json:
        """Its connection is the lab's own already."""
        [handler] = self.runtime.webhook_handlers.values()
        return {"webhook_id": handler.external_webhook_id, "url": handler.url}

    def disconnect(self) -> None:
        """What Attio does: fire the event, and drop the connection."""
        self._running(lambda: connection_removed(self.runtime.workspace_connection()))

    def _running(self, work: Callable[[], object]) -> object:
        runtime: Any = self.runtime  # the tutorial's code asks for less than a whole runtime
        with running(runtime):
            return work()

    def _host(self, effect: Effect) -> Any:
        """What the browser may not do: the query, or the server function."""
        if effect.name == "runQuery":
            with running(AppContext(self.services)):
                return graphql.execute(effect.data["query"], effect.data["variables"], RestLoader())["data"]
        return self._running(lambda: self._function.run(*effect.data["args"]))

    def _forget_webhooks(self) -> None:
        for webhook in self.alc.webhooks(self.token):
            if webhook["url"].startswith(f"{self.services.config.base_url}{HOOKS}"):
                self.alc.delete_webhook(self.token, webhook["webhook_id"])
                self._addresses.pop(webhook["url"].rpartition("/")[2], None)
