"""What runs the naive code: everything that it asks of its runtime, done plainly and once, and nothing more.

The fence is ours: whatever body somebody sends it, it writes to no record but the lab's own.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from alc_app.attio import Connection, WebhookHandler
from alc_app.attio.host.context import Settings
from alc_app.attio.http import FetchResponse
from alc_app.runtime.http_client import Http


class OutsideTheLab(Exception):
    """A write to a record that no lab has made."""


class NaiveRuntime:
    """As much of `alc_app.attio.host.context.Runtime` as the tutorial's code needs. Nothing outlives the process."""

    def __init__(self, settings: Settings, alc_token: str, *, hooks_url: str = "") -> None:
        self.settings = settings
        self.records: set[str] = set()
        """The records that may be written."""
        self.handlers: dict[str, WebhookHandler] = {}
        self._alc_token, self._hooks_url, self._http = alc_token, hooks_url, Http()

    def workspace_connection(self) -> Connection:
        """The connection, with the token that it was given."""
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
        """One call, as it is."""
        del connection, per_second
        if method == "PATCH" and url.rpartition("/")[2] not in self.records:
            raise OutsideTheLab(url)
        return self._http.request(method, url, headers=headers, json=json)

    def create_webhook_handler(self, file_name: str, *_: object) -> WebhookHandler:
        """Make an address. TUTORIAL: it has no secret, and nobody looks after it."""
        handler_id = secrets.token_urlsafe(24)
        handler = WebhookHandler(handler_id, f"{self._hooks_url}{handler_id}", file_name, None)
        self.handlers[handler_id] = handler
        return handler

    def update_webhook_handler(self, handler_id: str, external_webhook_id: str, secret: str = "") -> None:
        """Remember what ALC calls it."""
        del secret
        self.handlers[handler_id] = replace(self.handlers[handler_id], external_webhook_id=external_webhook_id)

    def list_webhook_handlers(self) -> list[WebhookHandler]:
        """Those that have not been deleted."""
        return list(self.handlers.values())

    def delete_webhook_handler(self, handler_id: str) -> None:
        """Forget one."""
        self.handlers.pop(handler_id, None)
