"""The tutorial's code, ported literally (alc_app/labs/naive/), as an integration that a storm can use."""

from __future__ import annotations

from typing import Any

from flask import Flask

from alc_app.attio import Connection
from alc_app.attio.host.context import Settings, running
from alc_app.labs.naive.events.connection_added import connection_added
from alc_app.labs.naive.events.connection_removed import connection_removed
from alc_app.labs.naive.runtime import NaiveRuntime
from alc_app.labs.naive.send_to_alc_server import send_to_alc
from alc_app.labs.naive_webhooks import WEBHOOK_PATH, NaiveHook, NaiveHooks, blueprint
from alc_app.mock_attio.testing import Attio
from alc_app.runtime.exchanges.log import ExchangeLog
from mock_alc.testing.alc import Alc

PHONE = "+442071838750"


class AttioRuntime(NaiveRuntime):
    """As Attio's servers do it, the connection has a fresh access token each time."""

    def __init__(self, alc: Alc, attio: Attio, webhooks_url: str) -> None:
        """Use these servers."""
        super().__init__(Settings(alc.url, attio.url, attio.token(), "", "", ""), "", webhooks_url=webhooks_url)
        self._alc = alc

    def workspace_connection(self) -> Connection:
        """Return a connection that works."""
        return Connection("naive", self._alc.token())


class NaiveApp:
    """Serves the tutorial's handlers, and calls its functions as Attio's servers would."""

    def __init__(self, alc: Alc, attio: Attio) -> None:
        """Connect it."""
        attio.seed()  # with the attributes that the app writes
        self._attio = attio
        hooks: NaiveHooks = {}
        web = Flask(__name__)
        web.register_blueprint(blueprint(hooks))
        self._runtime: Any = AttioRuntime(alc, attio, alc.serve(web) + WEBHOOK_PATH)
        self._hooks = hooks
        self.connect()

    def as_integration(self) -> dict[str, Any]:
        """Return the arguments of `Storm`."""
        return {name: getattr(self, name) for name in ("click", "status", "person", "connect", "disconnect")}

    def person(self) -> str:
        """Make a person in the CRM."""
        record_id = str(self._attio.person("Ada Lovelace", phone=PHONE)["id"]["record_id"])
        self._runtime.writable_records.add(record_id)
        return record_id

    def status(self, record_id: str) -> str | None:
        """Read what the CRM shows."""
        values = self._attio.record({"id": {"object_id": "people", "record_id": record_id}})["values"]["alc_status"]
        return values[0]["value"] if values else None

    def click(self, record_id: str) -> None:
        """Call the server function. Raises: RuntimeError, on which the record action says "Please try again."."""
        with running(self._runtime):
            send_to_alc.run(record_id, "Ada Lovelace", PHONE)

    def connect(self) -> None:
        """Fire the tutorial's event, and serve its handlers."""
        with running(self._runtime):
            connection_added(self._runtime.workspace_connection())
        self._hooks |= dict.fromkeys(self._runtime.webhook_handlers, NaiveHook(self._runtime, ExchangeLog(None)))

    def disconnect(self) -> None:
        """Fire the tutorial's event, which logs its errors."""
        with running(self._runtime):
            connection_removed(self._runtime.workspace_connection())
