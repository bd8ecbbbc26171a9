"""What runs the naive code: everything that it asks of its runtime, done plainly and once, and nothing more.

The fence is ours: whatever body somebody sends it, it writes to no record but the lab's own.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from alc_app.attio import Connection, WebhookHandler
from alc_app.attio.host.context import Settings
from alc_app.attio.http import FetchResponse
from alc_app.runtime.http_client import Http


class OutsideTheLab(Exception):
    """A write to a record that no lab has made."""


class NaiveHandlers(dict[str, WebhookHandler]):
    """The webhook handlers, by id: as much of the store as the tutorial's code needs."""

    def __init__(self, hooks_url: str) -> None:
        super().__init__()
        self._hooks_url = hooks_url

    def create_handler(self, connection_id: str, file_name: str, *_: object) -> str:
        """Make an address and return its id. TUTORIAL: it has no secret, and nothing checks that ALC calls it."""
        del connection_id
        handler_id = secrets.token_urlsafe(24)
        self[handler_id] = WebhookHandler(handler_id, f"{self._hooks_url}{handler_id}", file_name, None)
        return handler_id

    def set_external_id(self, handler_id: str, external_webhook_id: str, secret: str = "") -> None:
        """Store the id that ALC gave the webhook."""
        del secret
        self[handler_id] = replace(self[handler_id], external_webhook_id=external_webhook_id)

    def of(self, connection_id: str) -> list[WebhookHandler]:
        """Return the handlers that are not deleted."""
        del connection_id
        return list(self.values())

    def delete(self, handler_id: str) -> None:
        """Delete a handler."""
        self.pop(handler_id, None)


class NaiveRuntime:
    """As much of `alc_app.attio.host.context.Runtime` as the tutorial's code needs. Nothing outlives the process."""

    connection_id = "naive"

    def __init__(self, settings: Settings, alc_token: str, *, hooks_url: str = "") -> None:
        self.settings = settings
        self.records: set[str] = set()
        """The records that may be written."""
        self.webhook_handlers = self.subscriptions = NaiveHandlers(hooks_url)
        self._alc_token, self._http = alc_token, Http()

    def sdk_step(self, name: str, work: Callable[[], Any]) -> Any:
        """Run `work`; nothing is stored."""
        del name
        return work()

    def workspace_connection(self) -> Connection:
        """Return the connection, with the token that it was given."""
        return Connection("naive", self._alc_token)

    def fetch(
        self,
        url: str,
        *,
        method: str,
        headers: Mapping[str, str],
        json: Any,
        connection: Connection | None,
        per_second: int | None,
    ) -> FetchResponse:
        """Make one request, without any protection but one: it writes to the lab's own record only."""
        del connection, per_second
        if method == "PATCH" and url.rpartition("/")[2] not in self.records:
            raise OutsideTheLab(url)
        return self._http.request(method, url, headers=headers, json=json)
