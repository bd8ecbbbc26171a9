"""`from "attio/server"`: what server functions, event handlers and webhook handlers may do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar

from alc_app.attio import kv as kv  # noqa: PLC0414 - handed on: `import {kv} from "attio/server"`
from alc_app.attio.connections import Connection, WebhookHandler
from alc_app.attio.host.context import current
from alc_app.attio.http import FetchResponse
from alc_app.attio.manifest import ServerFunction

P = ParamSpec("P")
R = TypeVar("R")


def server_function(
    *, idempotency_key: Callable[..., str] | None = None, durable: bool = True
) -> Callable[[Callable[P, R]], ServerFunction[P, R]]:
    """Mark the function that a file like `send-to-alc.server.ts` exports by default."""
    return lambda function: ServerFunction(function, idempotency_key, durable)


def attio_api_token() -> str:
    """`ATTIO_API_TOKEN`: this installation's key to Attio's REST API."""
    return current().settings.attio_api_token


def get_workspace_connection() -> Connection:
    """The workspace's connection, with a fresh token. Raises: AttioNoWorkspaceConnectionError."""
    return current().workspace_connection()


def fetch(
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    json: Any = None,
    connection: Connection | None = None,
    per_second: int | None = None,
) -> FetchResponse:
    """Call the outside world: no redirects, a total deadline, a bounded answer.

    With a `connection` its token is sent, and refreshed once when it is refused. `per_second` paces this kind of call
    across all processes. Raises: FetchNotSent, FetchAnswerLost, AttioConnectionExpiredError.
    """
    return current().fetch(
        url, method=method, headers=headers or {}, json=json, connection=connection, per_second=per_second
    )


def create_webhook_handler(
    file_name: str,
    *,
    signed_by: str = "standard_webhooks",
    connector: str = "",
    parameters: Mapping[str, Any] | None = None,
) -> WebhookHandler:
    """Make an address at which `webhooks/<file_name>.py` answers. It waits (503) until the connection is saved.

    `signed_by="attio"` makes it one for Attio's own v2 webhooks, whose secret is Attio's to make. With a `connector` of
    the manifest the runtime subscribes it by itself as soon as the connection is saved, and keeps it subscribed.
    """
    return current().create_webhook_handler(file_name, signed_by, connector, parameters)


def update_webhook_handler(handler_id: str, *, external_webhook_id: str, secret: str = "") -> None:
    """Remember what the outside service calls this webhook, so that it can be removed there; and its secret, if the
    service has made one."""
    current().update_webhook_handler(handler_id, external_webhook_id, secret)


def get_webhook_handler(handler_id: str) -> WebhookHandler | None:
    """A handler, of whichever connection; None, when it or its connection is gone."""
    return current().get_webhook_handler(handler_id)


def list_webhook_handlers() -> list[WebhookHandler]:
    """The handlers of the connection at hand that have not been deleted."""
    return current().list_webhook_handlers()


def knows_webhook_handler(handler_id: str) -> bool:
    """Is there such a handler, of whichever connection, one that is coming or going included?"""
    return current().knows_webhook_handler(handler_id)


def unsubscribe(connection: Connection, handler_id: str) -> None:
    """Have the handler's connector end its subscription. Raises: what the connector raises."""
    current().unsubscribe(connection, handler_id)


def refresh_soon(handler_id: str) -> None:
    """Have the handler's connector refresh its subscription at once, or make it again if it was lost."""
    current().refresh_soon(handler_id)


def delete_webhook_handler(handler_id: str) -> None:
    """Delete a handler; deleting it twice is fine. Its address answers 410 from then on."""
    current().delete_webhook_handler(handler_id)


def post_callback(url: str, body: Mapping[str, Any], *, callback_id: str) -> None:
    """Call the `finish` of a deferred step at its `finish_callback_url`; the same `callback_id` twice is once.

    Within a transaction it is part of it. A step that has ended ignores it. Ours: in Attio the service calls the
    address by HTTP, and here the app has verified and understood what the service has said.
    """
    current().post_callback(url, callback_id, body)
