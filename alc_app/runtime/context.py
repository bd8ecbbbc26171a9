"""The runtime that app code sees (attio/runtime.py): how each of its calls is carried out here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, ParamSpec, TypeVar

from alc_app.attio.connections import Connection, WebhookHandler
from alc_app.attio.errors import AttioConnectionExpiredError, AttioNoWorkspaceConnectionError
from alc_app.attio.host.context import outcome, settle
from alc_app.attio.http import FetchResponse
from alc_app.runtime.failpoints import failpoint
from alc_app.runtime.services import Services
from alc_app.runtime.stores.connections import RECONNECT

P = ParamSpec("P")
R = TypeVar("R")
TOO_MANY_REQUESTS = 429
LONGEST_PAUSE = 30.0
"""Seconds that everybody waits for a 429 at most: then somebody asks again."""


class AppContext:
    """App code outside of a durable run: in the web process, and in the upkeep's look for work. A step is just done."""

    def __init__(self, services: Services, run_id: str = "", connection_id: str | None = None) -> None:
        self._services = services
        self._connection_id = connection_id
        self.settings = services.settings
        self.run_id = run_id
        self.resumed = False

    def now(self) -> float:
        """Seconds since 1970."""
        return self._services.now()

    def step(self, name: str, work: Callable[[], Any]) -> Any:
        """Do the work, now."""
        del name
        return work()

    def transaction(self) -> AbstractContextManager[Any]:
        """A transaction on the database of the app."""
        return self._services.database.transaction()

    def reading(self) -> AbstractContextManager[Any]:
        """A look at the database of the app, which waits for no writer."""
        return self._services.database.reading()

    def publish(self, kind: str, data: Mapping[str, Any]) -> None:
        """Tell the open pages."""
        self._services.publish(kind, data)

    def workspace_connection(self) -> Connection:
        """The connection that calls may use, with a fresh token. Raises: AttioNoWorkspaceConnectionError …"""
        usable = self._services.connections.usable_id
        connection_id = settle(
            self.step("get_workspace_connection", lambda: outcome(lambda: usable(self.settings.workspace_id)))
        )
        return self._services.connections.open(connection_id)

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
        """One call to the outside; a refused token is refreshed once and the call made once more (O13)."""
        origin = _origin(url)
        if connection is not None:
            return self._paced(origin, per_second, lambda: self._authorized(connection, method, url, headers, json))
        request = partial(self._services.http.request, method, url, headers=headers, json=json)
        return self._with_our_key(origin, lambda: self._paced(origin, per_second, request))

    def create_webhook_handler(
        self,
        file_name: str,
        signed_by: str = "standard_webhooks",
        connector: str = "",
        parameters: Mapping[str, Any] | None = None,
    ) -> WebhookHandler:
        """Make a handler of the connection at hand, perhaps one that a connector looks after."""
        self._services.manifest.webhook(file_name)  # a misspelt name fails here, and says which there are
        if connector:
            self._services.manifest.connector(connector)
        create = self._sdk("create_webhook_handler", self._services.subscriptions.create_handler)
        return self._services.webhook_handlers.get(
            self.step(
                "create_webhook_handler",
                lambda: create(self._connection, file_name, signed_by, connector, parameters),
            )
        )

    def update_webhook_handler(self, handler_id: str, external_webhook_id: str, secret: str = "") -> None:
        """Remember what the outside service calls it, and the secret that it has made, if it was the one to make it."""
        update = self._sdk("update_webhook_handler", self._services.webhook_handlers.set_external_id)
        self.step("update_webhook_handler", lambda: update(handler_id, external_webhook_id, secret))

    def get_webhook_handler(self, handler_id: str) -> WebhookHandler | None:
        """A handler of whichever connection, unless that is being removed."""
        row = self._services.webhook_handlers.row(handler_id)
        return None if row is None or row.gone_at or row.deleted_at else self._services.webhook_handlers.get(handler_id)

    def list_webhook_handlers(self) -> list[WebhookHandler]:
        """The handlers of the connection at hand that the outside service may still know."""
        handlers = self._services.webhook_handlers
        of = self._sdk("list_webhook_handlers", handlers.of)
        ids = self.step("list_webhook_handlers", lambda: [row.id for row in of(self._connection)])
        return [handlers.get(handler_id) for handler_id in ids]

    def knows_webhook_handler(self, handler_id: str) -> bool:
        """Is there such a handler, of any connection, that has not been deleted?"""
        row = self._services.webhook_handlers.row(handler_id)
        return row is not None and row.deleted_at is None

    def unsubscribe(self, connection: Connection, handler_id: str) -> None:
        """Have its connector end the subscription of a handler."""
        end = self._services.subscriptions.end
        settle(self.step("unsubscribe", lambda: outcome(lambda: end(connection, handler_id))))

    def refresh_soon(self, handler_id: str) -> None:
        """Have its connector look after it at once. Not a step: twice is once."""
        self._services.subscriptions.refresh_soon(handler_id)

    def delete_webhook_handler(self, handler_id: str) -> None:
        """Delete it; its address answers 410."""
        delete = self._sdk("delete_webhook_handler", self._services.webhook_handlers.delete)
        self.step("delete_webhook_handler", lambda: delete(handler_id))

    def workspace_settings(self) -> Mapping[str, Any]:
        """What people have set. Not a step, as the next: it is asked for what holds now."""
        return self._services.workspace_settings.all()

    def set_workspace_setting(self, key: str, value: Any) -> None:
        """Set it; None gives it back to its default."""
        self._services.workspace_settings.set(key, value)

    def kv_get(self, keys: Sequence[str]) -> Mapping[str, Any]:
        """The values of those keys that have one."""
        return self._services.key_values.get(keys)

    def kv_set(self, key: str, value: Any, ttl_in_seconds: float | None) -> None:
        """Keep a value."""
        self._services.key_values.set(key, value, ttl_in_seconds)

    def kv_delete(self, key: str) -> None:
        """Forget a key."""
        self._services.key_values.delete(key)

    def post_callback(self, url: str, callback_id: str, body: Mapping[str, Any]) -> None:
        """Tell a deferred step of a workflow."""
        self._services.workflow_runs.post_callback(url, callback_id, body)

    def _sdk(self, name: str, work: Callable[P, R]) -> Callable[P, R]:
        """A call of the server SDK, noted as one."""

        def noted(*args: P.args, **kwargs: P.kwargs) -> R:
            with self._services.exchanges.call("Attio Server SDK", f"{name}()"):
                return work(*args, **kwargs)

        return noted

    @property
    def _connection(self) -> str:
        """The connection that is being added or removed, or else the workspace's."""
        connection_id = self._connection_id or self._services.connections.usable_id(self.settings.workspace_id)
        if not connection_id:
            raise AttioNoWorkspaceConnectionError("Acme Lead Checker is not connected.")
        return connection_id

    def _paced(self, origin: str, per_second: int | None, call: Callable[[], FetchResponse]) -> FetchResponse:
        """One call in its turn; a 429 moves everybody's next turn."""
        if per_second:
            self._services.rate_limiter.wait_for_slot(origin, per_second)
        response = call()
        if per_second and response.status == TOO_MANY_REQUESTS:
            self._services.rate_limiter.push(origin, min(response.retry_after() or 1.0, LONGEST_PAUSE))
        return response

    def _with_our_key(self, origin: str, call: Callable[[], FetchResponse]) -> FetchResponse:
        """A call with a key of the installation's own: whoever looks at a page may find out that it is refused."""
        del origin
        return call()

    def _authorized(
        self, connection: Connection, method: str, url: str, headers: Mapping[str, str], json: Any
    ) -> FetchResponse:
        connections, http = self._services.connections, self._services.http
        response = http.request(method, url, headers=_bearer(connection, headers), json=json)
        if response.status != 401:
            return response
        fresh = connections.refresh(connection.id, connections.version_of(connection))
        response = http.request(method, url, headers=_bearer(fresh, headers), json=json)
        if response.status == 401:
            connections.needs_reconnect(connection.id, RECONNECT)
            raise AttioConnectionExpiredError(RECONNECT)
        return response


class DurableContext(AppContext):
    """App code inside a durable run on the worker: each step is remembered, and not done again after a crash."""

    def __init__(self, services: Services, connection_id: str | None = None) -> None:
        super().__init__(services, services.engine.run_id(), connection_id)

    def step(self, name: str, work: Callable[[], Any]) -> Any:
        """Do the work once in the life of this run."""

        done = False

        def once() -> Any:
            nonlocal done
            failpoint(f"{name}.before")
            result, done = work(), True
            failpoint(f"{name}.after")
            return result

        result = self._services.engine.step(name, once)
        self.resumed = not done
        return result

    def _with_our_key(self, origin: str, call: Callable[[], FetchResponse]) -> FetchResponse:
        """None is made, while the other side refuses the key (C5)."""
        return self._services.circuit_breaker.call(origin, call)


class ReachedFirstEffect(BaseException):
    """A webhook handler has read its request and wants to do something: it will be run durably, later.

    Not an `Exception`, so that no handler swallows it.
    """


class IntakeContext(AppContext):
    """A webhook handler at the door, in the web process: it may look at the request, and no further."""

    def step(self, name: str, work: Callable[[], Any]) -> Any:
        """Stop here."""
        del work
        raise ReachedFirstEffect(name)


def _bearer(connection: Connection, headers: Mapping[str, str]) -> dict[str, str]:
    return {**headers, "Authorization": f"Bearer {connection.value}"}


def _origin(url: str) -> str:
    return "/".join(url.split("/", 3)[:3])
