"""The runtime that is running the app's code right now.

App code is written as if Attio were simply there (`get_workspace_connection()`, `fetch()`). The worker, the web process
or a test sets the one context variable of this file before it calls app code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, Protocol, TypeVar, get_type_hints

from pydantic import TypeAdapter

from alc_app.attio.connections import Connection
from alc_app.attio.host.errors import SerializableError
from alc_app.attio.http import FetchResponse
from alc_app.attio.users import User

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Settings:
    """What the API clients need: the addresses of ALC and Attio, and our key to Attio."""

    alc_url: str
    attio_url: str
    attio_api_token: str
    workspace_id: str
    hooks_url: str
    """The prefix of the URL of every webhook handler of this installation."""
    events_url: str
    """The same for the handlers that Attio itself calls."""
    subscription_seconds: int = 604_800
    """The lifetime to ask for, where subscriptions expire."""
    send_new_people: bool = False
    """Send everybody who is added to the CRM? The default, until a person has set it."""
    strict_removal: bool = False
    """Keep a connection when `connection_removed` fails? The default, until a person has set it."""


class Runtime(Protocol):
    """What Attio's servers give to an app while its code runs; the functions of the SDK call it.

    The stores are `Any`, because the SDK imports nothing of ours. A new function of the SDK is one function there and
    one in the store.
    """

    settings: Settings
    run_id: str
    """Names the durable run; after a crash the same run continues under the same name."""
    webhook_handlers: Any
    """`runtime/stores/webhook_handlers.py`, for `attio/server.py`."""
    subscriptions: Any
    """`runtime/stores/subscriptions.py`, for `attio/server.py`."""
    workflow_runs: Any
    """`runtime/stores/workflow_runs.py`, for `attio/server.py`."""
    kv: Any
    """`runtime/stores/key_values.py`, for `attio/kv.py` and `attio/host/claims.py`."""
    workspace_settings: Any
    """`runtime/stores/workspace_settings.py`, for `attio/settings.py`."""

    @property
    def connection_id(self) -> str:
        """The connection that is being added or removed, else that of the workspace. Raises: AttioError."""
        ...

    @property
    def current_user(self) -> User | None:
        """The user on whose behalf the code runs; None if it is nobody's, or if nobody has to sign in."""
        ...

    def now(self) -> float:
        """Return the time in seconds since 1970."""
        ...

    def shared_now(self) -> float:
        """Return the time by the database's clock, which is the same for all machines. For leases."""
        ...

    def step(self, name: str, work: Callable[[], Any]) -> Any:
        """Run `work` as a durable step, and return its JSON result; see `step` below."""
        ...

    def repeatable(self, name: str, work: Callable[[], Any]) -> Any:
        """Run `work` as a step that is not stored; see `repeatable` below."""
        ...

    def sdk_step(self, name: str, work: Callable[[], Any]) -> Any:
        """Do the same, and log it as a call of the server SDK."""
        ...

    def transaction(self) -> AbstractContextManager[Any]:
        """Return a transaction on the app's database, as a context manager that yields the session."""
        ...

    def reading(self) -> AbstractContextManager[Any]:
        """Return a read-only session on the app's database, which waits for no writer."""
        ...

    def read(self, statement: Any, parameters: Mapping[str, Any]) -> Sequence[Any]:
        """Return the rows of one statement. Costs a quarter of a session, which is for objects and for locks."""
        ...

    def change(self, statement: Any, parameters: Mapping[str, Any]) -> Sequence[Any]:
        """Change rows by one statement, in the current transaction or in its own. Returns the rows of its RETURNING."""
        ...

    def publish(self, kind: str, data: Mapping[str, Any]) -> None:
        """Send an event to the open pages, when the transaction commits."""
        ...

    def workspace_connection(self) -> Connection:
        """Return the workspace's connection with a fresh token. Raises: AttioError."""
        ...

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
        """Make one HTTP request; see `fetch` of `attio/server.py`."""
        ...


_runtime: ContextVar[Runtime] = ContextVar("runtime")


def current() -> Runtime:
    """Return the runtime that is running this code. Raises: RuntimeError outside of one."""
    try:
        return _runtime.get()
    except LookupError:
        raise RuntimeError("App code runs inside a runtime: see alc_app/attio/host/context.py, `running`.") from None


@contextmanager
def running(runtime: Runtime) -> Iterator[None]:
    """Run app code inside `runtime`."""
    token = _runtime.set(runtime)
    try:
        yield
    finally:
        _runtime.reset(token)


def step(function: Callable[P, R]) -> Callable[P, R]:
    """Make a function a durable step: its outcome is stored, and a run that continues after a crash reuses it.

    The outcome, a value or a `SerializableError`, is stored as JSON that others may read, so a step must not return
    secrets. The step's name is the function's `__qualname__`.
    """
    shape: TypeAdapter[R] | None = None

    @wraps(function)
    def durable(*args: P.args, **kwargs: P.kwargs) -> R:
        nonlocal shape
        if shape is None:  # late: an annotation may name what is defined further down the file
            shape = TypeAdapter(get_type_hints(function)["return"])

        def work() -> dict[str, Any]:
            return outcome(lambda: shape.dump_python(function(*args, **kwargs), mode="json"))

        return shape.validate_python(settle(current().step(function.__qualname__, work)))

    return durable


def repeatable(function: Callable[P, R]) -> Callable[P, R]:
    """Make a function a step whose outcome is not stored: after a crash its run does it again.

    For what changes nothing more when it is done twice. To store an outcome costs as much as a transaction of our own.
    No durable step of the run may depend on what it returns, because the second time it may return something else.
    """

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        result: R = current().repeatable(function.__qualname__, lambda: function(*args, **kwargs))
        return result

    return run


def outcome(work: Callable[[], Any]) -> dict[str, Any]:
    """Run `work` and return its outcome as JSON: `{"ok": value}`, or `{"error": …}` for a SerializableError."""
    try:
        return {"ok": work()}
    except SerializableError as error:
        return {"error": error.to_json()}


def settle(result: dict[str, Any]) -> Any:
    """Return the value of an `outcome`, or raise its error."""
    if "error" in result:
        raise SerializableError.from_json(result["error"])
    return result["ok"]
