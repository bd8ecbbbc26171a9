"""The runtime of the naive code: each SDK function does its one call, without checks, retries or storage.

One guard is ours: it writes only to records that the lab has created, whatever record a webhook's body names.
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


class RecordNotWritable(Exception):
    """The naive code tried to write a record that no lab has created."""


class NaiveHandlers(dict[str, WebhookHandler]):
    """The webhook handlers by id, in memory: the part of the store that the tutorial's code uses."""

    def __init__(self, webhooks_url: str) -> None:
        """Start empty. Handlers get URLs that begin with `webhooks_url`."""
        super().__init__()
        self._webhooks_url = webhooks_url

    def create_handler(self, connection_id: str, file_name: str, *_: object) -> str:
        """Create a handler and return its id. TUTORIAL: it has no secret, and no job checks that ALC still has it."""
        del connection_id
        handler_id = secrets.token_urlsafe(24)
        self[handler_id] = WebhookHandler(handler_id, f"{self._webhooks_url}{handler_id}", file_name, None)
        return handler_id

    def set_external_id(self, handler_id: str, external_webhook_id: str, secret: str = "") -> None:
        """Set the id that the webhook has at ALC."""
        del secret
        self[handler_id] = replace(self[handler_id], external_webhook_id=external_webhook_id)

    def of_connection(self, connection_id: str) -> list[WebhookHandler]:
        """Return the handlers that have not been deleted."""
        del connection_id
        return list(self.values())

    def delete(self, handler_id: str) -> None:
        """Delete a handler, if it exists."""
        self.pop(handler_id, None)


class NaiveRuntime:
    """The part of `alc_app.attio.host.context.Runtime` that the tutorial's code uses. Nothing outlives the process."""

    connection_id = "naive"

    def __init__(self, settings: Settings, alc_token: str, *, webhooks_url: str = "") -> None:
        """Call ALC with `alc_token`. Handlers get URLs that begin with `webhooks_url`."""
        self.settings = settings
        self.writable_records: set[str] = set()
        self.webhook_handlers = self.subscriptions = NaiveHandlers(webhooks_url)
        self._alc_token, self._http = alc_token, Http()

    def sdk_step(self, name: str, work: Callable[[], Any]) -> Any:
        """Run `work` and return its result, which is not stored."""
        del name
        return work()

    def workspace_connection(self) -> Connection:
        """Return a connection with the access token, which is never refreshed."""
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
        """Send one request and return the response. Raises: RecordNotWritable."""
        del connection, per_second
        if method == "PATCH" and url.rpartition("/")[2] not in self.writable_records:
            raise RecordNotWritable(url)
        return self._http.request(method, url, headers=headers, json=json)
