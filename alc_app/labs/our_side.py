"""This app, from outside: the button is pressed over HTTP, and the worker does the work, as for everybody."""

from __future__ import annotations

import json
import os
import re
import time
from typing import Any, ClassVar

from sqlalchemy import ColumnElement
from sqlmodel import col, or_, select

from alc_app.attio.host.context import running
from alc_app.attio.host.errors import FetchError
from alc_app.labs.clients import Json, LabFailed
from alc_app.labs.side import ACCOUNT, PATIENCE, Side
from alc_app.leads.models import OPEN, Lead
from alc_app.pages import SideName
from alc_app.runtime.context import AppContext
from alc_app.runtime.exchanges.log import acting
from alc_app.runtime.oauth_client import Tokens
from alc_app.runtime.services import WORKSPACE, Services

BETWEEN_THE_WRITES = "_post.after"
"""ALC has answered, and nothing of that is remembered yet (runtime/failpoints.py)."""
TAKES_A_WHILE = 40.0


class OurSide(Side):
    """Our side. Its leads go through the workspace's own connection; one that is broken is the lab's own."""

    name: ClassVar[SideName] = "ours"
    _connection = ""

    def set_up(self) -> None:
        """The workspace is connected; only the key to look things up at ALC is needed."""
        self.token = self.services.connections.open(self.services.connections.usable_id(WORKSPACE)).value

    def send(self, record_id: str) -> str:
        """Press the button on the record's page, as a browser does."""
        base, said = self.services.config.base_url, ""
        try:
            page = self.http.request("GET", f"{base}/people/{record_id}", headers={"Accept": "text/html"})
            found = re.search(r'name="csrf-token" content="([^"]+)"', page.text)
            headers = {"X-CSRFToken": found.group(1) if found else ""}
            reply = self.http.request(
                "POST", f"{base}/people/{record_id}/actions/send-to-alc", headers=headers, json=None
            )
        except FetchError:
            return ""  # cut off
        if not reply.ok:
            raise LabFailed(f"Our page answered the click with {reply.status}.")
        for line in map(json.loads, filter(None, reply.text.split("\n"))):
            if "title" in line:
                said = " ".join(filter(None, (line["title"], line.get("text"))))
        return said

    def hook_url(self) -> str:
        """The address of the workspace's own handler."""
        live = self.services.connections.usable_id(WORKSPACE)
        handler = next(row for row in self.services.webhook_handlers.of(live) if row.file_name == "lead_processed")
        return self.services.webhook_handlers.url(handler.id, handler.signed_by)

    def follow_the_text(self) -> None:
        """It does."""

    def is_settled(self, record_id: str) -> bool:
        """Does the record say what our rows say, and is no send under way?"""
        return not self._is_there(record_id, or_(Lead.status == "sending", col(Lead.shown_version) < col(Lead.version)))

    def has_ended(self, record_id: str) -> bool:
        """Does the record say what became of each lead? One look, or a verdict could come between two."""
        unsettled = or_(col(Lead.status).in_(OPEN), col(Lead.shown_version) < col(Lead.version))
        return not self._is_there(record_id, unsettled)

    def send_and_be_killed(self, record_id: str) -> str:
        """Have the worker die at the place, and press the button; whoever watches over it starts it again."""
        order = self.services.config.kill_once
        if order is None:
            raise LabFailed("Processes are killed in development only.")
        self.undo(order.unlink, True)
        written = order.with_suffix(".new")
        written.write_text(f"{BETWEEN_THE_WRITES} {os.getpid()}")  # not this process: it has to tell the story
        written.replace(order)
        click = self.begin_to_click(record_id)
        struck = self.comes_true(lambda: not order.exists(), within=PATIENCE)
        order.unlink(missing_ok=True)
        if not struck:
            raise LabFailed("No worker came to be killed: it has to run in a process of its own, as in the demo.")
        self.say("ALC has the lead, and the worker dies of signal 9. The demo starts it again.")
        return click.result(TAKES_A_WHILE)

    def connect(self) -> Json:
        """A connection beside the workspace's, made by the very same code; nobody's leads go through it."""
        services = self.services
        granted = self.alc.new_tokens(services.config.alc_client_id, ACCOUNT)
        tokens = Tokens(
            granted["access_token"], granted["refresh_token"], time.time() + granted["expires_in"], granted["scope"]
        )
        self._connection = services.connections.add(ACCOUNT, tokens)
        self.undo(remove_connection, services, self._connection)
        with running(AppContext(services, connection_id=self._connection)), acting(services.exchanges, "Event Handler"):
            services.manifest.events.connection_added(services.connections.open(self._connection))
        services.connections.activate(self._connection)
        handler = next(row for row in services.webhook_handlers.of(self._connection) if row.external_webhook_id)
        return {
            "webhook_id": handler.external_webhook_id,
            "url": services.webhook_handlers.url(handler.id, handler.signed_by),
        }

    def _is_there(self, record_id: str, which: ColumnElement[bool]) -> bool:
        with self.services.database.reading() as session:
            return session.exec(select(Lead.id).where(Lead.record_id == record_id, which)).first() is not None

    def disconnect(self) -> None:
        """What the button on the install page does, with the removal that the tutorial has."""
        strict = False
        result = _end(self.services, "disconnect", self._connection, strict)
        if "error" in result:
            self.say(f"The clean-up fails, and is kept as a job: “{result['error']['message']}”")


def remove_connection(services: Services, connection_id: str) -> None:
    """Remove a connection of a lab, whatever has become of it."""
    if services.connections.row(connection_id).status != "removed":
        _end(services, "remove", connection_id)


def _end(services: Services, workflow: str, connection_id: str, *args: Any) -> dict[str, Any]:
    only_one_of = f"{workflow}:{connection_id}"
    run_id = services.engine.ask(workflow, connection_id, *args, queue="lifecycle", only_one_of=only_one_of)
    return services.engine.outcome(run_id, within=PATIENCE)
