"""`from "attio/server"`: what server functions, event handlers and webhook handlers may do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar

from alc_app.attio import kv as kv  # noqa: PLC0414 - handed on: `import {kv} from "attio/server"`
from alc_app.attio.connections import Connection, WebhookHandler
from alc_app.attio.host.context import current, outcome, settle
from alc_app.attio.http import FetchResponse
from alc_app.attio.manifest import ServerFunction
from alc_app.attio.users import CurrentUser

P = ParamSpec("P")
R = TypeVar("R")


def server_function(
    *, idempotency_key: Callable[..., str] | None = None, durable: bool = True
) -> Callable[[Callable[P, R]], ServerFunction[P, R]]:
    """Mark the function that a file like `send-to-alc.server.ts` exports by default; see `ServerFunction`."""
    return lambda function: ServerFunction(function, idempotency_key, durable)


def attio_api_token() -> str:
    """Return `ATTIO_API_TOKEN`, this installation's key to Attio's REST API."""
    return current().settings.attio_api_token


def get_current_user() -> CurrentUser | None:
    """Return the user who has triggered this; None for a webhook, a recurring job, or where nobody signs in."""
    user = current().current_user
    return CurrentUser(user.id) if user else None


def get_workspace_connection() -> Connection:
    """Return the workspace's connection with a fresh token.

    Raises: AttioNoWorkspaceConnectionError, AttioConnectionExpiredError. Left uncaught, the user is asked to connect.
    """
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
    """Make one HTTP request: no redirects, one deadline for the whole answer, and an answer of limited size.

    With a `connection`, send its token; if it is refused, refresh it and try once more. `per_second` limits requests to
    this origin across all processes. Raises: FetchMustWait, FetchNotSent, FetchAnswerLost, AttioConnectionExpiredError.
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
    """Create a URL at which `webhooks/<file_name>.py` answers. Until the connection is saved it answers 503.

    A connection has one handler for each file: called again, this returns the one that is there.

    `signed_by="attio"` makes a handler for Attio's own v2 webhooks, whose secret Attio makes. With a `connector` of the
    manifest the runtime subscribes as soon as the connection is saved, and keeps the subscription alive. Raises:
    LookupError if the manifest has no such file or connector.
    """
    runtime = current()
    details = (file_name, signed_by, connector, parameters)
    handler_id = runtime.sdk_step(
        "create_webhook_handler", lambda: runtime.subscriptions.create_handler(runtime.connection_id, *details)
    )
    handler: WebhookHandler = runtime.webhook_handlers.get(handler_id)  # not in the step: it has a secret
    return handler


def update_webhook_handler(handler_id: str, *, external_webhook_id: str, secret: str = "") -> None:
    """Store the id that the outside service gave the webhook, and its secret if the service made one."""
    update = current().webhook_handlers.set_external_id
    current().sdk_step("update_webhook_handler", lambda: update(handler_id, external_webhook_id, secret))


def get_webhook_handler(handler_id: str) -> WebhookHandler | None:
    """Return a handler of any connection; None if it is deleted or its connection is being removed."""
    handler: WebhookHandler | None = current().webhook_handlers.live(handler_id)
    return handler


def list_webhook_handlers() -> list[WebhookHandler]:
    """Return the handlers of the current connection that are not deleted."""
    runtime = current()
    handlers = runtime.webhook_handlers
    ids = runtime.sdk_step(
        "list_webhook_handlers", lambda: [row.id for row in handlers.of_connection(runtime.connection_id)]
    )
    return [handlers.get(handler_id) for handler_id in ids]


def knows_webhook_handler(handler_id: str) -> bool:
    """Return whether this handler exists and is not deleted, even if its connection is being added or removed."""
    return bool(current().webhook_handlers.is_known(handler_id))


def unsubscribe(connection: Connection, handler_id: str) -> None:
    """End the subscription of a handler that has a connector. Raises: what the connector raises."""
    end = current().subscriptions.unsubscribe
    settle(current().step("unsubscribe", lambda: outcome(lambda: end(connection, handler_id))))


def refresh_soon(handler_id: str) -> None:
    """Have the handler's connector refresh its subscription at once, or make it again if it was lost.

    Not a durable step: doing it twice is harmless.
    """
    current().subscriptions.refresh_soon(handler_id)


def rotate_secret_soon(handler_id: str) -> None:
    """Give a handler a new signing secret, and have a worker tell the outside service. The one so far stays valid.

    Not a durable step: doing it again while it is under way goes on with the same new secret.
    """
    current().webhook_handlers.rotate_secret(handler_id)


def delete_webhook_handler(handler_id: str) -> None:
    """Delete a handler: from now on its URL answers 410. Deleting it twice is fine."""
    delete = current().subscriptions.delete_handler
    current().sdk_step("delete_webhook_handler", lambda: delete(handler_id))


def post_callback(url: str, body: Mapping[str, Any], *, callback_id: str) -> None:
    """Call the `finish` function of a deferred step at its `finish_callback_url`.

    A second call with the same `callback_id` is ignored, as is a call to a step that has ended. Inside a transaction it
    is part of it. Ours: in Attio the outside service calls the URL by HTTP; here the app verifies what the service says
    and then calls.
    """
    current().workflow_runs.post_callback(url, callback_id, body)
