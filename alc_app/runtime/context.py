"""The context in which app code runs: carries out what the SDK asks of its `Runtime` (attio/host/context.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from sqlalchemy import Executable, Row

from alc_app.attio.connections import Connection
from alc_app.attio.errors import AttioConnectionExpiredError
from alc_app.attio.host.context import outcome, settle
from alc_app.attio.http import FetchResponse
from alc_app.attio.users import User
from alc_app.runtime.failpoints import failpoint
from alc_app.runtime.services import Services
from alc_app.runtime.sign_in.people import current_person
from alc_app.runtime.stores.connections import RECONNECT

PAUSES = {429: 1.0, 503: 0.0}
"""Answers that may ask for a pause, and its seconds if there is no `Retry-After`."""


class StoredConnection(Connection):
    """A connection whose token is read at each use, and not before.

    A use is inside of a step, so an error of reading it is part of the step's outcome. So a run that continues after a
    crash takes the same steps, although the token may be another one by then, or none.
    """

    def __init__(self, connection_id: str, read: Callable[[], Connection]) -> None:
        """Return the connection with this id; `read` returns it with a fresh token. Raises: AttioError."""
        super().__init__(connection_id, "")
        object.__setattr__(self, "read", read)

    def __getattribute__(self, name: str) -> Any:
        """Read the token anew at each use."""
        return super().__getattribute__("read")().value if name == "value" else super().__getattribute__(name)


class AppContext:
    """App code outside of a durable run: in the web process, and when jobs look for work. A step is simply run."""

    def __init__(self, services: Services, run_id: str = "", connection_id: str | None = None) -> None:
        """Take the stores from `services`. `connection_id` is a connection that is being added or removed."""
        self._services = services
        self._connection_id = connection_id
        self.settings, self.run_id = services.settings, run_id
        self.webhook_handlers, self.subscriptions = services.webhook_handlers, services.subscriptions
        self.kv, self.workspace_settings = services.key_values, services.workspace_settings
        self.workflow_runs = services.workflow_runs

    @property
    def current_user(self) -> User | None:
        """The person whose click this is, in the web process as on the worker."""
        person = current_person()
        return User(person.id, person.email, person.name) if person else None

    def now(self) -> float:
        """Return the time in seconds since 1970."""
        return self._services.now()

    def shared_now(self) -> float:
        """Return the time by the database's clock, which is the same for all machines."""
        return self._services.database.read_clock()

    def step(self, name: str, work: Callable[[], Any]) -> Any:
        """Run `work` now."""
        del name
        return work()

    def repeatable(self, name: str, work: Callable[[], Any]) -> Any:
        """Run `work` now."""
        del name
        return work()

    def sdk_step(self, name: str, work: Callable[[], Any]) -> Any:
        """Run `work` as the step `name`, logged as a call of the server SDK."""

        def logged() -> Any:
            with self._services.exchanges.call("Attio Server SDK", f"{name}()"):
                return work()

        return self.step(name, logged)

    def transaction(self) -> AbstractContextManager[Any]:
        """Return a transaction on the app's database."""
        return self._services.database.transaction()

    def reading(self) -> AbstractContextManager[Any]:
        """Return a read-only session on the app's database, which waits for no writer."""
        return self._services.database.reading()

    def read(self, statement: Executable, parameters: Mapping[str, Any]) -> Sequence[Row[Any]]:
        """Return the rows of one statement on the app's database."""
        return self._services.database.fetch(statement, parameters)

    def change(self, statement: Executable, parameters: Mapping[str, Any]) -> Sequence[Row[Any]]:
        """Change rows of the app's database by one statement. Returns the rows of its RETURNING."""
        return self._services.database.change(statement, parameters)

    def publish(self, kind: str, data: Mapping[str, Any]) -> None:
        """Send an event to the open pages, when the transaction commits."""
        self._services.publish(kind, data)

    def workspace_connection(self) -> Connection:
        """Return the connection that requests may use, after its token was refreshed if need be. Raises: AttioError."""
        connections = self._services.connections
        usable = partial(connections.usable, self.settings.workspace_id)
        connection_id = settle(self.step("get_workspace_connection", lambda: outcome(lambda: usable().id)))
        return StoredConnection(connection_id, lambda: connections.with_fresh_token(connection_id))

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
        """Make one HTTP request. If the token is refused, refresh it and try once more (O13)."""
        origin = _origin(url)
        if connection is not None:
            return self._paced(origin, per_second, lambda: self._authorized(connection, method, url, headers, json))
        request = partial(self._services.http.request, method, url, headers=headers, json=json)
        return self._with_our_key(origin, lambda: self._paced(origin, per_second, request))

    @property
    def connection_id(self) -> str:
        """The connection that is being added or removed, else that of the workspace. Raises: AttioError."""
        return self._connection_id or self._services.connections.usable_id(self.settings.workspace_id)

    def _paced(self, origin: str, per_second: int | None, call: Callable[[], FetchResponse]) -> FetchResponse:
        """Make one request within the rate limit; a `Retry-After` delays the next request of every process.

        Requests without a rate, such as reads from Attio, wait only for a `Retry-After` to one of them.
        """
        call_limit, name = self._services.call_limit, origin if per_second else f"{origin} without a rate"
        with call_limit.call(name, per_second):
            response = call()
        if response.status in PAUSES:
            asked = response.retry_after()
            call_limit.pause(name, PAUSES[response.status] if asked is None else asked)
        return response

    def _with_our_key(self, origin: str, call: Callable[[], FetchResponse]) -> FetchResponse:
        """Make a request with the key of the installation. Outside of durable runs nothing stops it."""
        del origin
        return call()

    def _authorized(
        self, connection: Connection, method: str, url: str, headers: Mapping[str, str], json: Any
    ) -> FetchResponse:
        connections, http = self._services.connections, self._services.http
        if isinstance(connection, StoredConnection):
            connection = connection.read()  # the token of this request, not of a later one
        response = http.request(method, url, headers=_bearer(connection, headers), json=json)
        if response.status != 401:
            return response
        fresh = connections.refresh(connection.id, connections.token_version_of(connection))
        response = http.request(method, url, headers=_bearer(fresh, headers), json=json)
        if response.status == 401:
            connections.mark_needs_reconnect(connection.id, RECONNECT)
            raise AttioConnectionExpiredError(RECONNECT)
        return response


class DurableContext(AppContext):
    """App code inside a durable run on the worker: the outcome of each step is stored, and reused after a crash."""

    def __init__(self, services: Services, connection_id: str | None = None, run_id: str = "") -> None:
        """Without a `run_id`, take that of the engine's run: call it inside of one."""
        super().__init__(services, run_id or services.engine.run_id(), connection_id)

    def step(self, name: str, work: Callable[[], Any]) -> Any:
        """Run `work`, unless this run has stored its outcome already."""
        return self._services.engine.step(name, lambda: self.repeatable(name, work))

    def repeatable(self, name: str, work: Callable[[], Any]) -> Any:
        """Run `work`, again if the run continues after a crash."""
        failpoint(f"{name}.before")
        result = work()
        failpoint(f"{name}.after")
        return result

    def _with_our_key(self, origin: str, call: Callable[[], FetchResponse]) -> FetchResponse:
        """Make no request while the circuit breaker is open, because the other side refuses the key (C5)."""
        return self._services.circuit_breaker.call(origin, call)


class ReachedFirstEffect(BaseException):
    """Raised when a webhook handler has read its request and reaches its first effect; the worker runs it later.

    It is not an `Exception`, so that no handler catches it by accident.
    """


class IntakeContext(AppContext):
    """A webhook handler in the web process: it may read and check the request, and note something in a transaction."""

    has_noted = False

    def transaction(self) -> AbstractContextManager[Any]:
        """Return a transaction on the app's database, and remember that the handler has noted something."""
        self.has_noted = True
        return super().transaction()

    def change(self, statement: Executable, parameters: Mapping[str, Any]) -> Sequence[Row[Any]]:
        """Change rows by one statement, and remember that the handler has noted something."""
        self.has_noted = True
        return super().change(statement, parameters)

    def step(self, name: str, work: Callable[[], Any]) -> Any:
        """Raise ReachedFirstEffect: everything from here on is done by the worker."""
        del work
        raise ReachedFirstEffect(name)

    repeatable = step


def _bearer(connection: Connection, headers: Mapping[str, str]) -> dict[str, str]:
    return {**headers, "Authorization": f"Bearer {connection.value}"}


def _origin(url: str) -> str:
    return "/".join(url.split("/", 3)[:3])
